"""Runs `inside MODULE FUNCTION [ARGUMENT …]` with Django set up for the servers that its environment names.

Modules that import the project's apps can only be imported here.
"""

import sys
from importlib import import_module

import django


def main() -> None:
    module, function, *arguments = sys.argv[1:]
    django.setup()
    getattr(import_module(f"benchmarks.{module}"), function)(*arguments)


if __name__ == "__main__":
    main()

"""Programs of the system that some tests need."""

from __future__ import annotations

import os
import shutil

import pytest


def program(name: str) -> str:
    """Where it is. Where it is missing the tests that need it say so loudly, and with CI set they fail."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin")
    if found:
        return found
    message = f"{name.upper()} IS MISSING: what it does is NOT tested here (Debian has a package)."
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)

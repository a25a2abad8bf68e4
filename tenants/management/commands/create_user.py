"""`manage.py create_user EMAIL`: add a person who can sign in."""

from __future__ import annotations

import getpass
import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.errors import Refused
from tenants.actions import create_user


class Command(BaseCommand):
    help = "Add a person. The password is asked for, or is the first line of standard input."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email", help="the address to sign in with")
        parser.add_argument("--name", default="", help="what colleagues call the person")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            made = create_user(options["email"], _password(), name=options["name"])
        except Refused as refused:
            raise CommandError(refused.message) from None
        self.stdout.write(f"{made.email} can sign in.")


def _password() -> str:
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    first, second = getpass.getpass("Password: "), getpass.getpass("The same again: ")
    if first != second:
        message = "The two passwords differ. Nobody was added."
        raise CommandError(message)
    return first

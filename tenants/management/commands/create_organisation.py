"""`manage.py create_organisation NAME`: add an organisation."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.errors import Refused
from tenants.actions import create_tenant
from tenants.models import User


class Command(BaseCommand):
    help = "Add an organisation, with its schema in the database."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("name", help="what people call it, such as “Example Ltd”")
        parser.add_argument("--slug", default="", help="its name in addresses; else made from its name")
        parser.add_argument("--owner", default="", help="e-mail address of the person who will own it")

    def handle(self, *_args: Any, **options: Any) -> None:
        owner = _person(options["owner"]) if options["owner"] else None
        try:
            made = create_tenant(options["name"], options["slug"], owner=owner)
        except Refused as refused:
            raise CommandError(refused.message) from None
        self.stdout.write(f"Made the organisation {made.slug}. Its admin is at /o/{made.slug}/admin/.")


def _person(email: str) -> User:
    found = User.objects.filter(email=email.lower()).first()
    if found is None:
        message = f"Nobody signs in as {email}: make that person first, by create_user."
        raise CommandError(message)
    return found

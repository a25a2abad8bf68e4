"""All between an empty database and a first visitor, in one process: each costs a second to start."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Migrate, then fill a new installation with its first content. Does nothing where all is done."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate_all")
        call_command("seed")

"""All between an empty database and a first visitor, in one process: each costs a second to start."""

from __future__ import annotations

from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand

from outbox.drain import drain_lanes
from outbox.registry import Lane


class Command(BaseCommand):
    help = "Migrate, fill a new installation with its first content, publish what is due."

    def handle(self, *args: Any, **options: Any) -> None:
        call_command("migrate_all")
        call_command("seed")
        # So that whoever opens a page at once finds it, before a worker has come up.
        drain_lanes(Lane.PUBLISH)

"""`manage.py publish_all`: the store, made anew from the database."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from publishing.repair import rebuild_all, versions
from publishing.storage import store


class Command(BaseCommand):
    help = "Have every page and the map of hosts published anew, whatever the store holds of them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--forget",
            action="store_true",
            help="Empty the store first: after restoring an older backup, whose versions it would refuse.",
        )

    def handle(self, *_args: Any, forget: bool, **_options: Any) -> None:
        if forget:
            store().forget_all()
        elif newer := [page_id for page_id, version in versions().items() if _is_newer(page_id, version)]:
            message = (
                f"The store has newer versions than the database of: {', '.join(newer)}. Was an older backup "
                "restored? Stop all edges, empty their STORE_DIR, and give --forget."
            )
            raise CommandError(message)
        pages = rebuild_all()
        self.stdout.write(f"Asked for {len(pages)} pages. The worker, or the ticker, publishes them now.")


def _is_newer(page_id: str, version: int) -> bool:
    stored = store().manifest(page_id)
    return stored is not None and stored.version > version

"""`manage.py fold_emergency PAGE`: the database is back; bring what was written by hand into the history."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from common.errors import Refused
from publishing.emergency.fold import fold
from publishing.emergency.pages import page_named


class Command(BaseCommand):
    help = "Bring emergency notices into a page's history, and tell those who have not been told."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("page", help="its id, address name or host")
        parser.add_argument(
            "--from",
            dest="own",
            type=Path,
            help="the folder beside the kit, where the stores' copies are lost",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["own"] is not None and not (options["own"] / "emergency").is_dir():
            message = f"{options['own']} is not the folder that emergency.py keeps beside its kit."
            raise CommandError(message)
        try:
            with page_named(options["page"]) as page:
                added = fold(page, options["own"])
        except Refused as refused:
            raise CommandError(refused.message) from None
        if added:
            self.stdout.write(
                f"{added} updates are in the history of {page.name}. The notice is off the page."
            )
        else:
            self.stdout.write(f"There is nothing to bring into the history of {page.name}.")

"""`manage.py emergency_kit PAGE > kit.json`: what `emergency.py` needs to speak on a page."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from copies.target import TargetError
from publishing.emergency.kit import kit_of
from publishing.emergency.pages import page_named


class Command(BaseCommand):
    help = "Write the kit with which emergency.py speaks on a page while its database is gone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("page", help="its id, address name or host")
        parser.add_argument("--out", type=Path, help="a file, readable by you alone; else standard output")
        parser.add_argument("--store-dir", action="append", default=[], help="as the laptop sees it")
        parser.add_argument("--redis-url", action="append", default=[], help="as the laptop reaches it")

    def handle(self, *_args: Any, **options: Any) -> None:
        with page_named(options["page"]) as page:
            try:
                kit = kit_of(page, options["store_dir"], options["redis_url"])
            except TargetError as error:
                raise CommandError(str(error)) from None
        text = json.dumps(kit, indent=2, ensure_ascii=False) + "\n"
        if options["out"] is None:
            self.stdout.write(text, ending="")
            return
        options["out"].touch(mode=0o600)
        options["out"].chmod(0o600)
        options["out"].write_text(text, encoding="utf-8")
        self.stdout.write(f"{options['out']} speaks for {kit['page']['url']}. Keep it off these machines.")

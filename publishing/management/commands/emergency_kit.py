"""`manage.py emergency_kit PAGE > kit.json`: what `emergency.py` needs to speak on a page."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from pages.links import page_url
from pages.models import StatusPage
from publishing.emergency.keys import key_of
from publishing.emergency.pages import page_named

_NOTE = (
    "Keep this file as you keep a password (chmod 600), off the servers it is about. "
    "python3 emergency.py --kit THIS_FILE status"
)


class Command(BaseCommand):
    help = "Write the kit with which emergency.py speaks on a page while its database is gone."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("page", help="its id, address name or host")
        parser.add_argument("--out", type=Path, help="a file, readable by you alone; else standard output")
        parser.add_argument("--store-dir", action="append", default=[], help="as the laptop sees it")
        parser.add_argument("--redis-url", action="append", default=[], help="as the laptop reaches it")

    def handle(self, *_args: Any, **options: Any) -> None:
        with page_named(options["page"]) as page:
            kit = _kit(page, options["store_dir"], options["redis_url"])
        text = json.dumps(kit, indent=2, ensure_ascii=False) + "\n"
        if options["out"] is None:
            self.stdout.write(text, ending="")
            return
        options["out"].touch(mode=0o600)
        options["out"].chmod(0o600)
        options["out"].write_text(text, encoding="utf-8")
        self.stdout.write(f"{options['out']} speaks for {kit['page']['url']}. Keep it off these machines.")


def _kit(page: StatusPage, directories: list[str], redis_urls: list[str]) -> dict[str, Any]:
    if not directories and not redis_urls:
        directories = [str(Path(settings.STORE_DIR).absolute())]
        redis_urls = [settings.STORE_REDIS_URL] if settings.STORE_REDIS_URL else []
    return {
        "note": _NOTE,
        "page": {"id": page.pk, "name": page.name, "url": page_url(page)},
        "key": key_of(page.pk).hex(),
        "stores": [
            *({"kind": "directory", "at": one} for one in directories),
            *({"kind": "redis", "at": one} for one in redis_urls),
        ],
        "allow_nets": list(settings.EGRESS_ALLOW_NETS),
    }

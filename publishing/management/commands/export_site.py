"""`manage.py export_site PAGE DIR`: a page as files, once."""

from __future__ import annotations

import time
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Q
from django.utils import timezone

from copies.copying import Copying, Newer
from copies.target import TargetError
from copies.targets.directory import Directory
from publishing.storage import store
from store import Manifest, StoreError
from tenants.models import Domain

_AN_HOUR = 3600.0


class Command(BaseCommand):
    help = "Write a published page into a folder, for any server of files. Again: what has changed since."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("page", help="its host, address name or id")
        parser.add_argument("dir", type=Path, help="a folder that is empty, missing, or an earlier export")

    def handle(self, *_args: Any, **options: Any) -> None:
        manifest, folder = self._published(options["page"]), options["dir"].absolute()
        self.stdout.write(f"Version {manifest.version} has {len(manifest.entries)} documents.")
        until = time.monotonic() + _AN_HOUR
        copying = Copying(Directory(folder), manifest, store().body, until, self._tell)
        try:
            sent = copying.run(timezone.now())
        except Newer as error:
            message = f"{folder} was left as it is. {error}"
            raise CommandError(message) from None
        except (TargetError, StoreError) as error:
            message = f"{folder}: {error}"
            raise CommandError(message) from None
        size = sum(entry.size for entry in manifest.entries.values())
        self.stdout.write(f"{folder} is complete: {sent} files written, {size / 1e6:.1f} MB in all.")
        self.stdout.write("How to serve it: docs/operating.md, “Copies elsewhere”.")

    def _published(self, name: str) -> Manifest:
        known = Q(host=name.lower()) | Q(host=f"{name.lower()}.{settings.PAGES_DOMAIN}") | Q(page_id=name)
        page_id = Domain.objects.filter(known).values_list("page_id", flat=True).first()
        if page_id is None:
            message = f"There is no page “{name}”. Give its host, its address name or its id."
            raise CommandError(message)
        store().pull(page_id)
        manifest = store().manifest(page_id)
        if manifest is None:
            message = f"The page “{name}” is not published. Launch it, or run `manage.py republish`."
            raise CommandError(message)
        return manifest

    def _tell(self, done: int, number: int) -> None:
        self.stdout.write(f"{done} of {number} files …")

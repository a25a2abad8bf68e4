"""`manage.py import_statuspage SOURCE --tenant T`: bring a Statuspage page over."""

from __future__ import annotations

import re
import shutil
from argparse import ArgumentParser
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, OutputWrapper

from common.errors import Refused
from common.tenancy import in_tenant
from importing.actions import Summary, check_target, import_page
from importing.documents import Source
from importing.folder import read_folder
from importing.remote import read_url, site
from pages.links import page_url
from tenants.models import Tenant

BAR = 30
MOST_WEEKS = 5200


class Command(BaseCommand):
    help = "Bring a Statuspage page over, with its whole history. Run again, it brings only what is new."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("source", help="the page's URL, or a folder with its /api/v2 documents")
        parser.add_argument("--tenant", required=True, help="address name of the organisation")
        parser.add_argument("--slug", default="", help="address name of the page; else made from its name")
        parser.add_argument("--shift-weeks", type=int, default=0, help="move every time by so many weeks")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            self._import(**{name: options[name] for name in ("source", "tenant", "slug", "shift_weeks")})
        except Refused as refused:
            advice = " Name another with --slug." if refused.field == "slug" else ""
            raise CommandError(refused.message + advice) from None
        except KeyboardInterrupt:
            message = "Interrupted. Nothing was changed; the same command goes on where this one was."
            raise CommandError(message, returncode=130) from None

    def _import(self, *, source: str, tenant: str, slug: str, shift_weeks: int) -> None:
        if abs(shift_weeks) > MOST_WEEKS:
            message = f"--shift-weeks is at most {MOST_WEEKS}."
            raise CommandError(message)
        owner = Tenant.objects.filter(slug=tenant).first()
        if owner is None:
            message = f"There is no organisation “{tenant}”."
            raise CommandError(message)

        def check(newest: Source) -> None:
            with in_tenant(owner.pk):
                check_target(newest, slug)

        read, kept = self._read(source, check)
        with in_tenant(owner.pk):
            summary = import_page(read, slug=slug, shift_weeks=shift_weeks)
        if kept is not None:
            shutil.rmtree(kept, ignore_errors=True)
        self._tell(summary)

    def _read(self, source: str, check: Callable[[Source], None]) -> tuple[Source, Path | None]:
        """The source, and the folder of what was fetched, to be removed once it is stored."""
        if "://" not in source:
            return read_folder(Path(source)), None
        bar = Bar(self.stderr)
        kept = Path(settings.BASE_DIR) / "var" / "import" / re.sub(r"[^a-z0-9.]+", "-", site(source))
        try:
            return read_url(source, kept, progress=bar.show, waiting=bar.say, check=check), kept
        finally:
            bar.close()

    def _tell(self, summary: Summary) -> None:
        word = (
            "is now"
            if summary.created
            else "has been brought up to date"
            if summary.changed
            else "was and is"
        )
        self.stdout.write(f"{summary.page.name} {word} at {page_url(summary.page)}/")
        self.stdout.write(f"{'':22}{'added':>9}{'changed':>9}{'as it was':>11}")
        for kind, count in summary.counts.items():
            self.stdout.write(f"{kind:22}{count.added:>9,}{count.changed:>9,}{count.same:>11,}")
        for note in summary.notes:
            self.stdout.write(f"- {note}")


class Bar:
    """Progress on a terminal as one line that is drawn over; elsewhere a line for each thing that begins."""

    def __init__(self, out: OutputWrapper) -> None:
        self.out = out
        self.what = ""
        self.drawn = out.isatty()

    def show(self, what: str, done: int, total: int) -> None:
        if self.drawn:
            filled = BAR * done // total if total else 0
            rest = f"[{'#' * filled}{'.' * (BAR - filled)}] {done}/{total}" if total else str(done)
            self._write(f"\r\x1b[K{what}: {rest}", ending="")
        elif what != self.what:
            self._write(f"Reading {what} …")
        self.what = what

    def say(self, sentence: str) -> None:
        self._write(f"\r\x1b[K{sentence}" if self.drawn else sentence)

    def close(self) -> None:
        if self.drawn and self.what:
            self._write("")

    def _write(self, text: str, ending: str = "\n") -> None:
        self.out.write(text, style_func=str, ending=ending)
        self.out.flush()

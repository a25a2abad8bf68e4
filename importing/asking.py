"""An import that a person asks for: a row that the outbox carries out. No request waits for other servers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from common.egress import check_url
from common.errors import Refused
from common.tenancy import current_tenant_id
from events.actor import Actor, ActorKind
from importing.actions import Summary, check_target, import_page
from importing.fetch import Patience
from importing.models import SILENCE, PageImport, Phase
from importing.remote import read_url, site
from outbox.queue import put
from outbox.registry import Claimed, Later
from pages.models import StatusPage
from tenants.actions import check_slug
from tenants.models import Tenant

# Brings a page over; the key is the PageImport's id.
IMPORT_PAGE = "import_page"
_SHOWN_EVERY = 1.0
_LATER = timedelta(seconds=30)
# A thread that others wait for is held up less than the operator's own terminal.
_PATIENCE = Patience(attempts=5, silence=10, document=60, longest_pause=300)


def ask_for_import(actor: Actor, url: str, slug: str = "", into: StatusPage | None = None) -> PageImport:
    """Let the page at `url` come over to the current tenant, one at a time: to the page `into`, or as
    `import_page` has it. Raises Refused for the field."""
    now = timezone.now()
    url, slug = _address(url), check_slug(slug) if slug else ""
    with transaction.atomic():
        # Whoever asks at the same moment waits here, and then sees what was asked for.
        Tenant.objects.select_for_update(no_key=True).get(pk=current_tenant_id())
        if PageImport.objects.under_way(now).exists():
            message = _("Another page is being imported. Please wait until it is there.")
            raise Refused(message)
        into_id = into.pk if into else ""
        asked = PageImport.objects.create(
            url=url,
            slug=slug,
            into_id=into_id,
            user_id=actor.id,
            language=translation.get_language() or "",
            created_at=now,
        )
        put(IMPORT_PAGE, current_tenant_id(), [asked.pk])
    return asked


def carry_out(item: Claimed) -> None:
    """What the outbox calls: read, store, and write down how it ended."""
    asked = PageImport.objects.filter(pk=item.key, ended_at=None).first()
    if asked is None:
        return
    if not _take(asked):
        raise Later(_LATER)
    with translation.override(asked.language or settings.LANGUAGE_CODE):
        _carry_out(asked)


def _carry_out(asked: PageImport) -> None:
    """How it ended is written down in the language that is active: that of whoever asked and reads it."""
    try:
        summary = _bring(asked)
    except Refused as refusal:
        _end(asked, failure=refusal.message)
    except Exception:
        _end(asked, failure=_("Something went wrong here. Nothing was saved; please try again."))
        raise
    else:
        _end(asked, page_id=summary.page.pk)


def _address(typed: str) -> str:
    """Scheme and host of what was typed, with or without https://."""
    typed = typed.strip()
    try:
        return check_url(site(typed if "://" in typed else f"https://{typed}"), "url")
    except Refused as refusal:
        raise Refused(refusal.message, "url") from refusal


def _take(asked: PageImport) -> bool:
    """False while another process is at it."""
    now = timezone.now()
    silent = Q(seen_at=None) | Q(seen_at__lt=now - SILENCE)
    return bool(PageImport.objects.filter(silent, pk=asked.pk, ended_at=None).update(seen_at=now))


def _bring(asked: PageImport) -> Summary:
    shown, into = _Shown(asked), _into(asked)
    with TemporaryDirectory(prefix="statuspage-import-") as kept:
        source = read_url(
            asked.url,
            Path(kept),
            progress=shown.show,
            check=lambda newest: check_target(newest, asked.slug, into),
            patience=_PATIENCE,
            guarded=True,
        )
    shown.show(Phase.STORING, 0, 0)
    actor = Actor(ActorKind.USER, asked.user_id)
    return import_page(source, slug=asked.slug, actor=actor, published=False, into=into)


def _into(asked: PageImport) -> StatusPage | None:
    """The page that it is to come to. Raises Refused where that is gone."""
    if not asked.into_id:
        return None
    page: StatusPage | None = StatusPage.objects.present().filter(pk=asked.into_id).first()
    if page is None:
        raise Refused(_("This page has been deleted meanwhile."))
    return page


def _end(asked: PageImport, **outcome: str) -> None:
    PageImport.objects.filter(pk=asked.pk).update(**outcome, ended_at=timezone.now())


@dataclass(slots=True)
class _Shown:
    """Writes down how far it is: at once for what is new, else once a second."""

    asked: PageImport
    phase: str = ""
    again_at: float = 0

    def show(self, phase: str, done: int, total: int) -> None:
        if phase == self.phase and time.monotonic() < self.again_at:
            return
        self.phase, self.again_at = phase, time.monotonic() + _SHOWN_EVERY
        row = PageImport.objects.filter(pk=self.asked.pk)
        row.update(phase=phase, done=done, total=total, seen_at=timezone.now())

"""Every version of a page, copied to the places that its team named: whenever it was stored, and every few
minutes to say in the copy that it is current."""

from __future__ import annotations

import time
from datetime import datetime, timedelta

import structlog
from django.db import connection
from django.db.models import F, QuerySet
from django.utils import timezone

from copies.asking import ask_anew, ask_for_copies
from copies.copying import Copying, Newer, OutOfTime, Overtaken
from copies.models import CopyTarget
from copies.target import TargetError
from copies.targets import KINDS
from outbox.queue import backoff
from outbox.registry import Claimed, Later
from publishing.isolation import exclusive
from publishing.storage import store
from store import PUBLIC, Manifest, StoreError

log = structlog.get_logger(__name__)

# How often a copy is told that it is current.
CONFIRM_EVERY = timedelta(minutes=5)
# Seconds after which a copying stops, to go on later, and the longest that one file may take beside.
BUDGET = 45.0
LEASE = timedelta(seconds=120)
_AT_ONCE = timedelta(0)
_SOON = timedelta(seconds=1)
# After every rendering that there can be of one version.
_LAST_RELEASE = 2**31


def copy_to_target(item: Claimed) -> None:
    """Handle a row whose key is a copy target. It stays for as long as the target does: always raises Later
    but where that is gone. `<target> anew` is a row of its own: it has every file sent again, and goes."""
    target_id, _, anew = item.key.partition(" ")
    target = CopyTarget.objects.select_related("page").filter(pk=target_id).first()
    if target is None:
        return
    now = timezone.now()
    rest = target.rests_until(now)
    if rest is not None:
        raise Later(rest - now)
    with exclusive(f"copy {target.pk}"):
        pause = _copy(target, now, anew=bool(anew))
    if anew and pause == CONFIRM_EVERY:
        ask_for_copies(target.page_id)
        return
    raise Later(pause)


def _copy(target: CopyTarget, now: datetime, *, anew: bool) -> timedelta:
    """Bring one target up to date, or have it doubted, and note how that went; until when it may wait."""
    manifest = _newest(target)
    if manifest is None:
        return CONFIRM_EVERY
    current = manifest.version >= target.page.version
    try:
        place = KINDS[target.kind].open_target(target)
        copying = Copying(place, manifest, store().body, time.monotonic() + BUDGET)
        if anew:
            copying.doubt()
        else:
            _copied(target, manifest, copying.run(now if current else None), now, current=current)
    except OutOfTime:
        return _AT_ONCE
    except Overtaken:
        # Whoever lost its lock has lost the connection that held it.
        connection.close()
        ask_anew(target.pk)
        return _AT_ONCE
    except Newer as error:
        # Another worker may know a version that has not come here yet.
        return _failed(target, error, now) if current else _SOON
    except (TargetError, StoreError) as error:
        return _failed(target, error, now)
    return CONFIRM_EVERY


def _newest(target: CopyTarget) -> Manifest | None:
    """What is to be there; for a page that was taken away, nothing. None where the store knows no answer."""
    page = target.page
    store().pull(page.pk)
    if store().is_removed(page.pk):
        return Manifest(page.pk, PUBLIC, page.version, _LAST_RELEASE, timezone.now().isoformat(), {})
    return store().manifest(page.pk)


def _copied(target: CopyTarget, manifest: Manifest, sent: int, now: datetime, *, current: bool) -> None:
    values = {"version": manifest.version, "failures": 0, "last_error": "", "next_try_at": None}
    if sent or manifest.version != target.version:
        values["copied_at"] = timezone.now()
        log.info("copies.copied", copy=target.pk, version=manifest.version, files=sent)
    if current:
        values["confirmed_at"] = now
    _of_these_settings(target).update(**values)


def _failed(target: CopyTarget, error: Exception, now: datetime) -> timedelta:
    pause = backoff(target.failures + 1)
    log.warning("copies.failed", copy=target.pk, failures=target.failures + 1, error=str(error))
    _of_these_settings(target).update(
        failures=F("failures") + 1, last_error=str(error)[:300], failed_at=now, next_try_at=now + pause
    )
    return pause


def _of_these_settings(target: CopyTarget) -> QuerySet[CopyTarget]:
    """The row, unless it names another place by now."""
    return CopyTarget.objects.filter(pk=target.pk, updated_at=target.updated_at)

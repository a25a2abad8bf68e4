"""Bringing notices that were written by hand into a page's history, once the database is back."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path

from events.actor import SYSTEM
from incidents.actions.emergency import Written, WrittenIncident, fold_incident
from pages.models import StatusPage
from publishing.emergency.keys import key_of
from publishing.storage import store
from store import Store, StoreError
from store.emergency import Log, Notice, unseal

TOLD = "told"


def fold(page: StatusPage, own: Path | None = None) -> int:
    """Add to the history what the store has, and what lies in `own`, the folder beside a kit. Then take the
    notice off the page. How many updates were added.

    Safe to be called again at any point: an update is added once, and who has been told is not told again.
    """
    stores = [store(), *([Store(own, None)] if own is not None else [])]
    added, folded, log = 0, None, _newest(page.pk, stores)
    # Somebody may go on writing meanwhile.
    while log is not None and log.notices and log != folded:
        told = _told(page, stores)
        added += sum(fold_incident(page, SYSTEM, _written(one, told)) for one in log.notices)
        folded, log = log, _newest(page.pk, stores)
    if log is not None and log.notices:
        _take_off(page, log)
    return added


def waiting() -> list[str]:
    """Ids of pages of which the store has notices that are not in their history yet. Asks no database."""
    notices = store().notices
    pages = notices.on_disk().keys() | notices.shared().keys()
    logs = {page_id: _newest(page_id, [store()]) for page_id in pages}
    return sorted(page_id for page_id, log in logs.items() if log is not None and log.notices)


def _newest(page_id: str, stores: Iterable[Store]) -> Log | None:
    logs = (_read(page_id, raw) for one in stores for raw in one.notices.of_page(page_id))
    return max((log for log in logs if log is not None), key=lambda log: log.serial, default=None)


def _read(page_id: str, raw: bytes) -> Log | None:
    try:
        return Log.from_bytes(raw, key_of(page_id), page_id)
    except StoreError:
        return None


def _told(page: StatusPage, stores: Iterable[Store]) -> dict[str, set[str]]:
    """Ids of subscribers by the update that they have had, out of every copy that is ours."""
    told: dict[str, set[str]] = {}
    for raw in (raw for one in stores for raw in one.notices.told(page.pk)):
        try:
            found = json.loads(unseal(key_of(page.pk), TOLD, raw))
        except (StoreError, ValueError):
            continue
        for update, names in found.items():
            told.setdefault(update, set()).update(names)
    return told


def _written(notice: Notice, told: dict[str, set[str]]) -> WrittenIncident:
    updates = [Written(one.id, one.status, one.at, one.text) for one in notice.updates]
    return WrittenIncident(
        notice.id, notice.name, notice.impact, updates, told.get(notice.newest.id, frozenset())
    )


def _take_off(page: StatusPage, log: Log) -> None:
    """An empty log that is newer than every other: an edge that was away cannot bring the notice back."""
    serial = max(log.serial + 1, int(time.time()))
    store().notices.put(page.pk, Log(page.pk, serial, ()).to_bytes(key_of(page.pk)))

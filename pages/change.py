"""The one way in which anything that a visitor can see is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from psycopg.errors import LockNotAvailable

from common.errors import Busy, Refused
from common.tenancy import current_tenant_id
from events.actor import Actor
from events.log import Fact, append
from events.models import Event
from outbox.nudge import nudge
from outbox.queue import put
from outbox.registry import Lane
from pages.models import StatusPage

PUBLISH = "publish"
NOTIFY = "notify"


@dataclass(frozen=True, slots=True)
class Committed:
    """A version that this request or task has committed."""

    tenant_id: str
    page_id: str
    version: int


# What the current request committed; publishing's middleware waits for it. None where nobody waits.
committed: ContextVar[list[Committed] | None] = ContextVar("committed", default=None)
_condition: ContextVar[Callable[[], None] | None] = ContextVar("condition", default=None)
_rehearsing: ContextVar[bool] = ContextVar("rehearsing", default=False)


@dataclass(slots=True)
class Change:
    """One change of one page while its transaction is open. Steps take it as their first argument."""

    page: StatusPage
    actor: Actor
    now: datetime
    version: int
    notify: bool
    notify_at: datetime | None = None
    facts: list[Fact] = field(default_factory=list)

    def record(
        self, name: str, object_type: str, object_id: str, state: dict[str, Any], *, notify: bool = False
    ) -> None:
        """Say what happened: the object's whole new state. `notify` tells subscribers, if the change may."""
        self.facts.append(Fact(name, object_type, object_id, state, notify and self.notify))


@contextmanager
def page_change(
    page: StatusPage,
    actor: Actor,
    *,
    notify: bool = True,
    notify_at: datetime | None = None,
    now: datetime | None = None,
) -> Iterator[Change]:
    """Change a page: lock it, give the change the next version, and on success ask for its publishing.

    One durable transaction, so nesting raises RuntimeError. A change that records nothing takes no version.
    `notify=False` tells no subscriber, whatever the steps say; `notify_at` holds messages back until then.
    Raises Busy when somebody else keeps the page locked for 3 s, and Refused when it is deleted.
    """
    with transaction.atomic(durable=not _rehearsing.get()):
        locked = _lock(page)
        check_condition()
        # Time runs forward from version to version, even where a clock does not.
        at = max(now or timezone.now(), locked.version_at)
        change = Change(locked, actor, at, locked.version + 1, notify, notify_at)
        yield change
        if change.facts:
            _commit(change)
    page.version, page.version_at = locked.version, locked.version_at


@contextmanager
def only_if(check: Callable[[], None]) -> Iterator[None]:
    """Changes inside call `check` once what they change is locked; what it raises is raised, and nothing
    changed."""
    token = _condition.set(check)
    try:
        yield
    finally:
        _condition.reset(token)


def check_condition() -> None:
    """For verbs that open no change of the page: right after they have locked their row."""
    if (check := _condition.get()) is not None:
        check()


@contextmanager
def rehearsal(page: StatusPage) -> Iterator[StatusPage]:
    """Let verbs change the page that is yielded, look at what follows, and take it all back.

    The page is locked meanwhile, so what is looked at should take no longer than a change.
    """
    with transaction.atomic():
        token = _rehearsing.set(True)
        try:
            yield StatusPage.objects.get(pk=page.pk)
        finally:
            _rehearsing.reset(token)
        transaction.set_rollback(True)


@contextmanager
def create_change(page: StatusPage, actor: Actor) -> Iterator[Change]:
    """The change that adds a page: its first version. The caller's transaction has just inserted the row."""
    change = Change(page, actor, page.created_at, 1, notify=False)
    yield change
    _commit(change)


def _lock(page: StatusPage) -> StatusPage:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '3s'")
        # FOR NO KEY UPDATE: rows that refer to the page can still be inserted meanwhile.
        return StatusPage.objects.present().select_for_update(no_key=True).get(pk=page.pk)
    except StatusPage.DoesNotExist as error:
        message = _("This page has been deleted.")
        raise Refused(message) from error
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        message = _("Somebody else is changing this page at the moment. Nothing was saved: please try again.")
        raise Busy(message) from error


def _commit(change: Change) -> None:
    page = change.page
    page.version = change.version
    page.version_at = change.now
    page.updated_at = page.version_at
    page.save(update_fields=["version", "version_at", "updated_at", "indicator", "open_impact"])
    events = append(
        change.facts,
        actor=change.actor,
        at=page.version_at,
        page_id=page.pk,
        version=page.version,
        indicator=page.indicator,
    )
    _ask(change, events)


def _ask(change: Change, events: list[Event]) -> None:
    tenant_id, page = current_tenant_id(), change.page
    lanes = {Lane.PUBLISH}
    put(PUBLISH, tenant_id, [page.pk])
    told = [str(event.pk) for event in events if event.notify]
    if told:
        put(NOTIFY, tenant_id, told, due_at=change.notify_at)
        lanes.add(Lane.NOTIFY)
    # Nobody can see a page that is not launched, so nobody waits for it.
    shown = page.published and page.deleted_at is None
    done = Committed(tenant_id, page.pk, page.version) if shown else None
    transaction.on_commit(lambda: _after(done, lanes), robust=True)


def _after(done: Committed | None, lanes: set[Lane]) -> None:
    waiting = committed.get()
    if done is not None and waiting is not None:
        waiting.append(done)
    nudge(sorted(lanes))


def record(
    actor: Actor,
    name: str,
    object_type: str,
    object_id: str,
    state: dict[str, Any],
    *,
    page_id: str | None = None,
) -> Event:
    """Note a change that no visitor sees: an event without a version, in the caller's transaction.

    Facts name people and subscribers by id, never by address.
    """
    if not connection.in_atomic_block:
        message = "record() belongs in the transaction of the change it notes."
        raise RuntimeError(message)
    fact = Fact(name, object_type, object_id, state)
    return append([fact], actor=actor, at=timezone.now(), page_id=page_id)[0]

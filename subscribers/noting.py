"""How the verbs on subscribers note what they did, and ask for what follows from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _
from psycopg.errors import LockNotAvailable

from common.errors import Busy, Refused
from common.tenancy import current_tenant_id
from events.actor import Actor
from events.models import Event
from outbox.nudge import nudge
from outbox.queue import put
from outbox.registry import Lane
from pages.change import NOTIFY, record
from pages.models import StatusPage
from subscribers.facts import facts
from subscribers.models import Subscriber

WITHDRAW = "withdraw"
_SHARE = "SELECT version FROM pages_statuspage WHERE id = %s AND deleted_at IS NULL FOR SHARE"


class Noted:
    """The open transaction of one verb."""

    def __init__(self, page: StatusPage, actor: Actor) -> None:
        self.page = page
        self.actor = actor
        self.tenant_id = current_tenant_id()

    def event(self, name: str, subscriber: Subscriber, *, tell: bool = False, **more: Any) -> Event:
        """Record what happened; `tell` has it made into a message to the subscriber."""
        said = facts(self.page, subscriber) | more
        event = record(self.actor, name, "subscriber", subscriber.pk, said, page_id=self.page.pk)
        if tell:
            self.tell(event)
        return event

    def tell(self, event: Event) -> None:
        put(NOTIFY, self.tenant_id, [str(event.pk)])

    def withdraw(self, subscriber: Subscriber) -> None:
        put(WITHDRAW, self.tenant_id, [subscriber.pk])


@contextmanager
def noted_on(page: StatusPage, actor: Actor) -> Iterator[Noted]:
    with transaction.atomic(durable=True):
        yield Noted(page, actor)
        transaction.on_commit(lambda: nudge([Lane.NOTIFY]), robust=True)


def hold(page: StatusPage) -> int:
    """The page's version, with the page locked against changes until commit.

    Whoever expands a later event sees the rows of this transaction, and what came before it is committed and
    can be told in the message that confirms. Raises Busy, and Refused for a page that is gone.
    """
    with connection.cursor() as cursor:
        try:
            cursor.execute("SET LOCAL lock_timeout = '2s'")
            cursor.execute(_SHARE, [page.pk])
        except OperationalError as error:
            if not isinstance(error.__cause__, LockNotAvailable):
                raise
            raise Busy(_busy()) from error
        found = cursor.fetchone()
    if found is None:
        message = _("This page has been deleted.")
        raise Refused(message)
    return int(found[0])


def _busy() -> str:
    return _("The page is being changed at this moment. Nothing is lost: please try again in a few seconds.")

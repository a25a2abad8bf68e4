"""Held messages: published, and taken back in time, or told sooner or later."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from common.errors import Refused
from common.tenancy import current_tenant_id, in_tenant
from events.models import Event
from notifications.holding import held, hold, tell_now, undo
from notifications.models import Notification
from outbox.drain import drain
from outbox.models import OutboxItem
from outbox.queue import put
from pages.change import NOTIFY
from pages.models import StatusPage
from tenants.models import Tenant
from tests.mailing import ACTOR, Add, deliver, opened
from tests.sink import Sink


@pytest.fixture
def event(page: StatusPage) -> int:
    """Of an incident whose messages are held for a minute."""
    opened(page, notify_at=timezone.now() + timedelta(minutes=1))
    return Event.objects.get(name="incident.created", page_id=page.pk).pk


def test_what_is_held_is_seen_by_its_page_alone(page: StatusPage, event: int, globex: Tenant) -> None:
    now = timezone.now()
    opened(page, name="Not held")
    drain([NOTIFY])
    (one,) = held(page, now)
    assert (one.event.pk, one.until > now) == (event, True)
    with in_tenant(globex.pk):
        assert held(StatusPage.objects.get(), now) == []


def test_undone_nobody_is_told_and_the_page_still_says_it(
    page: StatusPage, subscribed: Add, mail: Sink
) -> None:
    subscribed("ada")
    opened(page, notify_at=timezone.now() + timedelta(minutes=1))
    (one,) = held(page, timezone.now())
    event = one.event.pk
    undo(page, ACTOR, event)
    with time_machine.travel(timezone.now() + timedelta(hours=1)):
        deliver()
    assert mail.recipients == []
    assert page.incidents.get().name == "API is slow"
    assert Event.objects.get(name="notification.undone").facts == {"event": event}


def test_it_goes_when_its_time_has_come_or_sooner_or_later(
    page: StatusPage, subscribed: Add, mail: Sink
) -> None:
    subscribed("ada")
    now = timezone.now()
    for name in ("in time", "sooner", "later"):
        opened(page, name=name, notify_at=now + timedelta(minutes=1))
    _first, second, third = (one.event.pk for one in held(page, now))
    tell_now(page, ACTOR, second)
    hold(page, ACTOR, third, now + timedelta(minutes=5))
    told = []
    for minutes in (0, 2, 6):
        with time_machine.travel(now + timedelta(minutes=minutes, seconds=1)):
            deliver()
        told.append([one["Subject"].partition(": ")[2] for one in mail.mail("ada@example.org")])
    assert told == [["sooner"], ["sooner", "in time"], ["sooner", "in time", "later"]]


def test_what_has_begun_cannot_be_undone(page: StatusPage, event: int) -> None:
    tell_now(page, ACTOR, event)
    drain([NOTIFY])
    # As between two steps of a long expansion.
    put(NOTIFY, current_tenant_id(), [str(event)], due_at=timezone.now() + timedelta(seconds=9))
    assert held(page, timezone.now()) == []
    for verb in (undo, tell_now):
        with pytest.raises(Refused, match="too late"):
            verb(page, ACTOR, event)
    assert Notification.objects.filter(event_id=event).exists()
    assert OutboxItem.objects.filter(topic=NOTIFY, key=str(event)).exists()


def test_nobody_undoes_what_is_of_another_page(page: StatusPage, event: int, globex: Tenant) -> None:
    with in_tenant(globex.pk), pytest.raises(Refused, match="no such change"):
        undo(StatusPage.objects.get(), ACTOR, event)
    assert len(held(page, timezone.now())) == 1

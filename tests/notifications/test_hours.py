"""Nobody is woken who does not want to be, and nothing that waited is lost."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from components.models import Component
from incidents.actions.incident import resolve
from notifications.models import Delivery
from pages.models import StatusPage
from subscribers.actions import Who, subscribe
from tests.api.undoing import undone
from tests.mailing import ACTOR, Add, deliver, opened
from tests.sink import Sink

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT: dict[str, Any] = {"quiet_from": time(22), "quiet_until": time(7), "time_zone": "Europe/Berlin"}
NOON: dict[str, Any] = {"quiet_from": time(12), "quiet_until": time(14), "time_zone": "Europe/Berlin"}


def at(local: str) -> datetime:
    return datetime.fromisoformat(f"2027-{local}").replace(tzinfo=BERLIN)


DUE: list[tuple[dict[str, Any], str, str]] = [
    (NIGHT, "01-10T23:30", "01-11T07:00"),
    (NIGHT, "01-10T06:59", "01-10T07:00"),
    (NIGHT, "01-10T07:00", "01-10T07:00"),
    (NIGHT, "01-10T21:59", "01-10T21:59"),
    (NIGHT, "01-10T22:00", "01-11T07:00"),
    (NOON, "01-10T12:00", "01-10T14:00"),
    (NOON, "01-10T14:00", "01-10T14:00"),
    (NOON, "01-10T02:00", "01-10T02:00"),
    # The night in which clocks go forward.
    (NIGHT, "03-27T23:00", "03-28T07:00"),
    (NIGHT | {"time_zone": "Asia/Tokyo"}, "01-10T12:00", "01-10T12:00"),
    (NIGHT | {"time_zone": "Asia/Tokyo"}, "01-10T15:00", "01-10T23:00"),
    ({"digest_at": time(8), "time_zone": "Europe/Berlin"}, "01-10T07:59", "01-10T08:00"),
    ({"digest_at": time(8), "time_zone": "Europe/Berlin"}, "01-10T08:00", "01-11T08:00"),
    (NIGHT | {"digest_at": time(9)}, "01-10T23:30", "01-11T09:00"),
    ({}, "01-10T23:30", "01-10T23:30"),
]


def test_a_message_is_due_when_its_recipient_wants_it(page: StatusPage, subscribed: Add, mail: Sink) -> None:
    for row in DUE:
        wish, happens, due = row
        before = len(mail.mail("ada@example.org"))
        with undone(), time_machine.travel(at(happens), tick=False):
            subscribed("ada", **wish)
            opened(page)
            deliver()
            assert Delivery.objects.get().next_attempt_at == at(due), row
        assert len(mail.mail("ada@example.org")) - before == (happens == due), row


@pytest.mark.parametrize(("breaks", "waits"), [(True, False), (False, True)])
def test_what_is_critical_breaks_the_quiet_where_that_is_wanted(
    breaks: bool, waits: bool, page: StatusPage, component: Component, subscribed: Add, mail: Sink
) -> None:
    with time_machine.travel(at("01-10T23:30"), tick=False):
        subscribed("ada", **NIGHT, critical_breaks_quiet=breaks)
        opened(page, component)
        deliver()
    assert (mail.mail("ada@example.org") == []) is waits


def test_in_the_morning_one_mail_says_where_everything_stands(
    page: StatusPage, component: Component, subscribed: Add, mail: Sink
) -> None:
    with time_machine.travel(at("01-10T23:30"), tick=False) as clock:
        subscribed("ada", **NIGHT)
        incident = opened(page, name="API is slow")
        opened(page, name="Mail is late")
        clock.shift(timedelta(hours=1))
        resolve(page, incident, ACTOR)
        deliver()
        assert mail.mail("ada@example.org") == []
        clock.move_to(at("01-11T07:00"))
        deliver()
    (sent,) = mail.mail("ada@example.org")
    text = str(sent.get_body(("plain",)).get_content())
    assert "Mail is late" in text
    assert "Resolved" in text
    assert "Investigating: API is slow" not in text
    with time_machine.travel(at("01-11T08:00"), tick=False):
        deliver()
    assert len(mail.mail("ada@example.org")) == 1


def test_confirming_does_not_wait(page: StatusPage, mail: Sink, subscribed: Add) -> None:
    from_night = at("01-10T23:30").astimezone(UTC)
    with time_machine.travel(from_night, tick=False):
        subscribed("ada", **NIGHT)
        # An active subscriber who asks again is answered at once.
        from_form(page)
        deliver()
    assert len(mail.mail("ada@example.org")) == 1


def from_form(page: StatusPage) -> None:
    subscribe(page, Who("ada@example.org"), ACTOR)

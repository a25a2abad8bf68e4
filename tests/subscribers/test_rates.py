"""A form that is abused shows itself by how few confirm."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from events.models import Event
from outbox.drain import drain_lanes
from outbox.registry import Lane
from pages.models import StatusPage
from subscribers.actions import Who, confirm, subscribe
from subscribers.models import Subscriber
from subscribers.rates import confirm_rate
from subscribers.troubles import Trouble
from tests.mailing import ACTOR, Add, unanswered


def asked(page: StatusPage, number: int, confirmed: int) -> None:
    unanswered(page, number, timezone.now())
    for row in Subscriber.objects.order_by("pk")[:confirmed]:
        confirm(page, row, ACTOR)


@pytest.mark.parametrize(
    ("number", "confirmed", "warned"), [(50, 9, True), (50, 10, False), (49, 0, False), (60, 0, True)]
)
def test_a_team_is_warned_once_where_few_confirm(
    number: int, confirmed: int, warned: bool, page: StatusPage
) -> None:
    begun = timezone.now()
    with time_machine.travel(begun, tick=True):
        asked(page, number, confirmed)
        assert not confirm_rate(page, timezone.now()).is_low
    for minutes in (70, 90):
        with time_machine.travel(begun + timedelta(minutes=minutes), tick=True):
            # Whoever comes only now has had no time to confirm, and does not count.
            subscribe(page, Who(f"late{minutes}@example.org"), ACTOR)
            drain_lanes(Lane.NOTIFY, seconds=5)
    events = list(Event.objects.filter(name=Trouble.FEW_CONFIRM))
    assert len(events) == warned
    assert not warned or events[0].facts["trouble"]["confirmed"] == confirmed


def test_whom_the_team_added_says_nothing_about_the_form(page: StatusPage, subscribed: Add) -> None:
    asked(page, 60, 0)
    for one in range(60):
        subscribed(f"q{one}")
    rate = confirm_rate(page, timezone.now() + timedelta(hours=2))
    assert (rate.asked, rate.confirmed, rate.is_low) == (60, 0, True)

"""What a new subscriber is told of the present."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from components.models import Component
from incidents.actions.incident import open_incident
from incidents.actions.maintenance import schedule_maintenance
from incidents.actions.series import create_series
from incidents.steps import Words
from pages.models import StatusPage
from subscribers.actions import Who, add_confirmed
from subscribers.facts import open_now
from tests.conftest import ACTOR


def test_what_is_planned_comes_last_soonest_first_and_once_a_series(
    page: StatusPage, component: Component
) -> None:
    now = timezone.now()
    plan: dict[str, Any] = {"components": [component.pk], "notify": False}
    for days in (9, 2):
        begin = now + timedelta(days=days)
        end = begin + timedelta(hours=1)
        schedule_maintenance(
            page, ACTOR, name=f"In {days} days", scheduled_for=begin, scheduled_until=end, **plan
        )
    schedule_maintenance(
        page, ACTOR, name="Begun", scheduled_for=now, scheduled_until=now + timedelta(hours=1), **plan
    )
    create_series(
        page,
        ACTOR,
        name="Every day",
        rule="FREQ=DAILY",
        local_start=(now + timedelta(days=3)).replace(tzinfo=None, hour=4),
        duration=timedelta(minutes=30),
        **plan,
    )
    open_incident(page, ACTOR, Words("investigating"), name="Slow")
    reader = add_confirmed(page, Who("reader@example.com"), ACTOR, "Asked by phone.")

    told = open_now(page, reader)
    assert [one["name"] for one in told] == ["Slow", "Begun", "In 2 days", "Every day", "In 9 days"]
    assert told[0]["begins"] is None
    assert datetime.fromisoformat(told[2]["begins"]) == now + timedelta(days=2)

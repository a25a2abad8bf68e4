"""Days that are over are counted once: what is kept of them is what counting anew gives."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random

import pytest

from components.models import Component
from components.uptime import Gap
from pages.models import StatusPage
from publishing.building import histories
from publishing.building.histories import Cause, Histories, Row
from publishing.snapshot import IncidentRef

TODAY = datetime(2026, 3, 30, tzinfo=UTC)
FIRST, LAST = (TODAY - timedelta(days=29)).date(), TODAY.date()
STATUSES = ("operational", "operational", "degraded_performance", "partial_outage", "major_outage")


def history(random: Random) -> list[Row]:
    """Mostly calm by today, as most components are."""
    ends = random.choice([timedelta(days=-1), timedelta(0), timedelta(hours=2)])
    times = sorted(
        TODAY + ends - timedelta(minutes=random.randrange(50_000)) for _ in range(random.randrange(6))
    )
    rows = [Row(at, random.choice(STATUSES), "incident", f"inc{random.randrange(3)}") for at in times]
    source = random.choice(["incident", "incident", "incident", "correction"])
    return [*rows, Row(TODAY + ends, random.choice(STATUSES[:3]), source, "inc0")]


def gaps(random: Random) -> list[Gap]:
    begun = TODAY - timedelta(hours=random.randrange(-20, 300))
    return [Gap(begun, begun + timedelta(hours=random.randrange(1, 30)))] if random.random() < 0.25 else []


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York"])
def test_what_is_kept_of_days_equals_what_is_counted_anew(zone: str) -> None:
    random, used = Random(zone), 0
    page = StatusPage(time_zone=zone, minimum_outage=timedelta(minutes=5))
    causes = {"inc0": Cause(IncidentRef("inc0", "Slow")), "inc1": Cause(deleted=True)}
    component = Component(id="c" * 12, page=page, created_at=TODAY - timedelta(days=90))
    for _ in range(80):
        found = Histories(page, {component.pk: history(random)}, gaps(random), causes)
        histories.kept.clear()
        for _ in range(3):
            # Any time of the day in any order, and midnight itself.
            now = TODAY + random.choice(
                [timedelta(0), timedelta(seconds=random.randrange(86_400), microseconds=7)]
            )
            for explained in (False, True):
                made = found.uptime(component, FIRST, LAST, now, explained=explained)
                assert made == found._counted(component, FIRST, LAST, now, explained=explained)
        used += len(histories.kept) > 0
    assert used > 10

"""Uptime by the API."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from components.actions import correct_history, create_component, create_group
from pages.models import StatusPage
from tests.api.conftest import Machine
from tests.conftest import ACTOR

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def down(page: StatusPage) -> dict[str, str]:
    """A component that was down for a day of ten, and a group of it and another."""
    with time_machine.travel(NOW):
        first, second = (
            create_component(page, ACTOR, name=name, start_date=datetime(2026, 11, 1).date())  # noqa: DTZ001
            for name in ("A", "B")
        )
        begun = datetime(2026, 11, 4, 23, tzinfo=UTC)
        correct_history(
            page,
            first,
            ACTOR,
            begun=begun,
            ended=begun + timedelta(days=1),
            status="major_outage",
            reason="Late",
        )
        group = create_group(page, ACTOR, name="G", components=[first.pk, second.pk])
    return {"component": f"/components/{first.pk}/uptime", "group": f"/component-groups/{group.pk}/uptime"}


def test_the_time_that_was_down_counts(api: Machine, down: dict[str, str]) -> None:
    with time_machine.travel(NOW):
        one = api.get(f"{down['component']}?start=2026-11-01&end=2026-11-10").json
        both = api.get(f"{down['group']}?start=2026-11-01&end=2026-11-10&skip_related_events=true").json
    assert (one["uptime_percentage"], one["major_outage"], one["partial_outage"]) == (90.0, 86400, 0)
    assert (one["range_start"], one["warnings"], one["related_events"]) == ("2026-10-31T23:00:00Z", [], [])
    assert (both["uptime_percentage"], both["major_outage"]) == (95.0, 86400)
    assert "related_events" not in both


@pytest.mark.parametrize(
    ("query", "first", "last", "warnings"),
    [
        ("", "2026-10-31", "2026-11-19", 0),
        ("start=2026-11&end=2026-11", "2026-10-31", "2026-11-19", 1),
        ("start=2026&end=2026", "2026-05-19", "2026-11-19", 2),
        ("start=2026-11-05&end=2026-11-05", "2026-11-04", "2026-11-04", 0),
        ("start=2030-01-01&end=2030-02", "2029-12-31", "2029-12-31", 1),
    ],
)
def test_a_range_is_said_in_parts(
    api: Machine, down: dict[str, str], query: str, first: str, last: str, warnings: int
) -> None:
    """Days of Berlin begin an hour or two before those of UTC."""
    with time_machine.travel(NOW):
        found = api.get(f"{down['component']}?{query}").json
    assert (found["range_start"][:10], found["range_end"][:10]) == (first, last)
    assert len(found["warnings"]) == warnings


@pytest.mark.parametrize(
    "wrong",
    [
        "start=soon",
        "end=2026-13",
        "start=2026-02-30",
        "end=0000",
        "start=2026-1",
        "start=2026-11-10&end=2026-11-01",
    ],
)
def test_a_range_that_is_none_is_refused(api: Machine, down: dict[str, str], wrong: str) -> None:
    with time_machine.travel(NOW):
        assert api.get(f"{down['component']}?{wrong}").status == 422
        assert api.get(f"{down['group']}?{wrong}").status == 422

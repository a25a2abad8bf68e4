"""No verb lets in what a row cannot hold, or what a page could not be built of."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from common.errors import Refused
from components.actions import correct_history, create_component, create_group, set_status, update_component
from components.models import Component
from events.models import Event
from incidents.actions.announcement import create_announcement
from incidents.actions.incident import backfill_incident, edit_incident, open_incident, post_update
from incidents.actions.maintenance import backfill_maintenance, schedule_maintenance
from incidents.actions.series import create_series, edit_series, move_occurrence
from incidents.actions.template import create_template
from incidents.steps import Words
from pages.actions import create_page, update_page
from pages.models import StatusPage
from tests.conftest import ACTOR

NOW = timezone.now()
DAY = timedelta(days=1)
YESTERDAY, TOMORROW = NOW - DAY, NOW + DAY
FAR = [datetime(year, 6, 1, tzinfo=UTC) for year in (1, 26, 1999, 2101, 9999)]
NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001


def opened(page: StatusPage) -> Any:
    return open_incident(page, ACTOR, Words("investigating", "Hm."), name="Slow")


def a_series(page: StatusPage, **how: Any) -> Any:
    usual = {"name": "S", "rule": "FREQ=DAILY", "local_start": NAIVE, "duration": timedelta(hours=1)}
    return create_series(page, ACTOR, **(usual | how))


def refuses(field: str | None, verb: Callable[[], object]) -> None:
    """It says so, names the field, and changes nothing."""
    before = Event.objects.count()
    with pytest.raises(Refused) as refusal:
        verb()
    assert refusal.value.field == field
    assert refusal.value.message.encode()
    assert Event.objects.count() == before


@pytest.mark.parametrize("at", [*FAR, NAIVE], ids=str)
def test_a_time_far_off_or_without_a_zone_is_refused_everywhere(
    page: StatusPage, component: Component, at: datetime
) -> None:
    incident, series = opened(page), a_series(page)
    span = {"scheduled_for": NOW, "scheduled_until": TOMORROW}
    past = {"scheduled_for": YESTERDAY - DAY, "scheduled_until": YESTERDAY}
    words = Words("identified", display_at=at)
    done = {"name": "N", "body": "B"}

    refuses("started_at", lambda: open_incident(page, ACTOR, Words("identified"), name="N", started_at=at))
    refuses("display_at", lambda: post_update(page, incident, ACTOR, words))
    for name in ("started_at", "detected_at", "impact_started_at", "mitigated_at", "next_update_by"):
        refuses(name, lambda name=name: edit_incident(page, incident, ACTOR, **{name: at}))  # type: ignore[misc]
    refuses("started_at", lambda: backfill_incident(page, ACTOR, **done, started_at=at, resolved_at=NOW))
    refuses(
        "resolved_at", lambda: backfill_incident(page, ACTOR, **done, started_at=YESTERDAY, resolved_at=at)
    )
    for name in span:
        refuses(name, lambda name=name: schedule_maintenance(page, ACTOR, name="N", **(span | {name: at})))  # type: ignore[misc]
        refuses(name, lambda name=name: backfill_maintenance(page, ACTOR, name="N", **(past | {name: at})))  # type: ignore[misc]
    refuses("scheduled_for", lambda: move_occurrence(page, series, ACTOR, NOW.date(), scheduled_for=at))
    for name in ("begins_at", "ends_at"):
        refuses(name, lambda name=name: create_announcement(page, ACTOR, title="T", **{name: at}))  # type: ignore[misc]
    for times in ({"begun": at, "ended": NOW}, {"begun": YESTERDAY, "ended": at}):
        wrong = next(name for name, value in times.items() if value is at)
        told = {"status": "operational", "reason": "R", **times}
        refuses(wrong, lambda told=told: correct_history(page, component, ACTOR, **told))  # type: ignore[misc]


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b", "a\x1bb"], ids=ascii)
def test_text_that_cannot_be_shown_is_refused_everywhere(
    page: StatusPage, component: Component, text: str
) -> None:
    words = Words("investigating", text)
    refuses("body", lambda: open_incident(page, ACTOR, words, name="N"))
    refuses("name", lambda: open_incident(page, ACTOR, Words("investigating"), name=text))
    refuses("status", lambda: open_incident(page, ACTOR, Words(text), name="N"))
    refuses("components", lambda: set_status(page, {text: "operational"}, ACTOR))
    refuses("status", lambda: set_status(page, {component.pk: text}, ACTOR))
    refuses("name", lambda: create_component(page, ACTOR, name=text))
    refuses("about", lambda: update_page(page, ACTOR, about=text))
    refuses("time_zone", lambda: update_page(page, ACTOR, time_zone=text))
    refuses("name", lambda: create_page(ACTOR, name=text, slug="other"))
    refuses("slug", lambda: create_page(ACTOR, name="N", slug=text))
    refuses("impact_override", lambda: a_series(page, impact_override=text))
    refuses("title", lambda: create_announcement(page, ACTOR, title=text))
    refuses("body", lambda: create_template(page, ACTOR, name="N", title="T", body=text))


def test_line_ends_of_every_kind_and_tabs_are_text(page: StatusPage) -> None:
    update_page(page, ACTOR, about="a\r\n\tb\nc\rd")

    assert StatusPage.objects.get(pk=page.pk).about == "a\r\n\tb\nc\rd"


def test_a_name_of_blanks_is_none(page: StatusPage, component: Component) -> None:
    refuses("name", lambda: open_incident(page, ACTOR, Words("investigating"), name=" \t "))
    refuses("name", lambda: update_component(page, component, ACTOR, name="  "))
    refuses("name", lambda: create_group(page, ACTOR, name="\u2003"))
    refuses("name", lambda: update_page(page, ACTOR, name=" "))


WRONG_OF_PAGES = {
    "minimum_outage": [timedelta(seconds=-1), timedelta.max, "soon"],
    "major_weight": [float("nan"), float("inf"), 2, "much"],
    "support_url": [
        "javascript:alert(1)",
        "data:text/html,x",
        "//example.com",
        "https://a b",
        "ftp://a.example",
    ],
    "company_url": ["javascript:alert(1)", "ftp://a.example"],
    "uptime_days": [-5, 10**9, None, "many"],
    "time_zone": [None, 5, ["UTC"], "../etc/passwd", ""],
    "language": ["xx", ["en"]],
    "version": [7],
    "indicator": ["none"],
}


@pytest.mark.parametrize(
    ("field", "value"), [(one, value) for one in WRONG_OF_PAGES for value in WRONG_OF_PAGES[one]]
)
def test_a_page_takes_no_value_that_it_cannot_have(page: StatusPage, field: str, value: Any) -> None:
    refuses(field, lambda: update_page(page, ACTOR, **{field: value}))
    refuses(field, lambda: create_page(ACTOR, name="N", slug="other", **{field: value}))


@pytest.mark.parametrize(
    "link", ["https://a.example/x?y", "http://a.example", "mailto:a@b.example", "tel:+4930", ""]
)
def test_a_page_links_to_people_in_four_ways(page: StatusPage, link: str) -> None:
    update_page(page, ACTOR, support_url=link)

    assert StatusPage.objects.get(pk=page.pk).support_url == link


def test_values_of_the_wrong_kind_are_refused(page: StatusPage, component: Component) -> None:
    span = {"name": "N", "scheduled_for": TOMORROW, "scheduled_until": TOMORROW + DAY}
    for reminders in (["a"], [-1], [0], [10**6], "no list", 5, [1, 2, 3, 4, 5, 6], [None]):
        refuses("reminders", lambda: schedule_maintenance(page, ACTOR, **span, reminders=reminders))  # noqa: B023
        refuses("reminders", lambda: a_series(page, reminders=reminders))  # noqa: B023
    schedule_maintenance(page, ACTOR, **span, reminders=[1, 2, 3, 4, 5])
    series = a_series(page)
    for duration in (timedelta.max, timedelta(days=-1), timedelta(0), "x", None):
        refuses("duration", lambda: a_series(page, duration=duration))  # noqa: B023
        refuses("duration", lambda: edit_series(page, series, ACTOR, duration=duration))  # noqa: B023
    refuses("local_start", lambda: a_series(page, local_start="2026-01-01"))
    refuses("local_start", lambda: a_series(page, local_start=datetime(26, 1, 1)))  # noqa: DTZ001
    refuses("status", lambda: set_status(page, {component.pk: ["x"]}, ACTOR))  # type: ignore[dict-item]
    refuses("start_date", lambda: update_component(page, component, ACTOR, start_date=date(1, 1, 1)))
    refuses("position", lambda: update_component(page, component, ACTOR, position=-1))


def test_fields_that_are_not_a_verbs_own_are_refused_when_something_is_added(page: StatusPage) -> None:
    words, over = Words("investigating"), {"started_at": YESTERDAY, "resolved_at": NOW - timedelta(hours=1)}
    for field, value in {
        "shortlink": "x",
        "backfilled": True,
        "monitoring_at": NOW,
        "id": "x",
        "page": page,
    }.items():
        more = {field: value}
        if field != "page":
            refuses(field, lambda: open_incident(page, ACTOR, words, name="N", **more))  # noqa: B023
            refuses(field, lambda: backfill_incident(page, ACTOR, name="N", body="B", **over, **more))  # noqa: B023
            refuses(field, lambda: create_group(page, ACTOR, name="N", **more))  # noqa: B023
            refuses(field, lambda: create_component(page, ACTOR, name="N", **more))  # noqa: B023
    refuses("resolved_at", lambda: open_incident(page, ACTOR, words, name="N", resolved_at=NOW))
    refuses("version", lambda: create_page(ACTOR, name="N", slug="other", version=9))

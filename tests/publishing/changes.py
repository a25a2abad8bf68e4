"""Whatever can happen to a page, by name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.utils import timezone

from components.actions import (
    arrange,
    correct_history,
    create_component,
    create_group,
    delete_component,
    set_status,
    update_component,
)
from components.models import Component
from incidents.actions.announcement import create_announcement
from incidents.actions.incident import (
    backfill_incident,
    delete_incident,
    edit_incident,
    edit_update,
    open_incident,
    post_update,
    resolve,
)
from incidents.actions.maintenance import (
    cancel_maintenance,
    complete_maintenance,
    edit_maintenance,
    schedule_maintenance,
    start_maintenance,
)
from incidents.actions.postmortem import publish_postmortem, revert_postmortem, write_postmortem
from incidents.actions.series import create_series
from incidents.models import Incident, IncidentUpdate
from incidents.steps import Words
from pages.actions import pass_time, update_page
from pages.models import StatusPage
from tests.conftest import ACTOR


def component_of(page: StatusPage) -> Component:
    return page.components.present().first() or create_component(page, ACTOR, name="API")


def an_incident(page: StatusPage) -> Incident:
    found = page.incidents.incidents().unresolved().first()
    if found:
        return found
    words = Words("investigating", "Looking.", components={component_of(page).pk: "major_outage"})
    return open_incident(page, ACTOR, words, name="Slow")


def past(page: StatusPage, days: int) -> Incident:
    ended = timezone.now() - timedelta(days=days)
    return backfill_incident(
        page,
        ACTOR,
        name=f"{days} days ago",
        started_at=ended - timedelta(hours=3),
        resolved_at=ended,
        body="It was DNS.",
        components={component_of(page).pk: "partial_outage"},
    )


def any_update(page: StatusPage) -> IncidentUpdate:
    return an_incident(page).updates.first()


def correct(page: StatusPage) -> None:
    now = timezone.now()
    correct_history(
        page,
        component_of(page),
        ACTOR,
        begun=now - timedelta(days=40),
        ended=now - timedelta(days=39),
        status="major_outage",
        reason="The monitors were down.",
    )


def scheduled(page: StatusPage, days: int = 1) -> Incident:
    begin = timezone.now() + timedelta(days=days)
    return schedule_maintenance(
        page,
        ACTOR,
        name="New machines",
        scheduled_for=begin,
        scheduled_until=begin + timedelta(hours=1),
        components=[component_of(page).pk],
    )


def completed(page: StatusPage) -> None:
    incident = scheduled(page)
    start_maintenance(page, incident, ACTOR)
    complete_maintenance(page, incident, ACTOR)


def explained(page: StatusPage) -> Incident:
    incident = past(page, 50)
    write_postmortem(page, incident, ACTOR, "It was DNS, **again**.")
    publish_postmortem(page, incident, ACTOR)
    return incident


def concern(page: StatusPage) -> None:
    """An incident that names a component and says nothing of its status."""
    words = Words("investigating", "Looking.", components={component_of(page).pk: None})
    open_incident(page, ACTOR, words, name="Perhaps")


CHANGES: dict[str, Callable[[StatusPage], object]] = {
    "open": an_incident,
    "concern": concern,
    "update": lambda page: post_update(page, an_incident(page), ACTOR, Words("identified", "Found it.")),
    "resolve": lambda page: resolve(page, an_incident(page), ACTOR),
    "reopen": lambda page: post_update(page, past(page, 3), ACTOR, Words("investigating", "Again.")),
    "backfill near": lambda page: past(page, 2),
    "backfill far": lambda page: past(page, 200),
    "edit text": lambda page: edit_update(page, any_update(page), ACTOR, body="Said *better*."),
    "rename": lambda page: edit_incident(page, past(page, 70), ACTOR, name="Another name"),
    "move": lambda page: edit_incident(
        page, past(page, 35), ACTOR, started_at=timezone.now() - timedelta(days=130)
    ),
    "move later": lambda page: edit_incident(
        page,
        past(page, 130),
        ACTOR,
        resolved_at=timezone.now(),
        started_at=timezone.now() - timedelta(days=2),
    ),
    "schedule": scheduled,
    "schedule far": lambda page: scheduled(page, days=80),
    "move maintenance": lambda page: edit_maintenance(
        page,
        scheduled(page, days=80),
        ACTOR,
        scheduled_for=timezone.now() + timedelta(days=2),
        scheduled_until=timezone.now() + timedelta(days=3),
    ),
    "start": lambda page: start_maintenance(page, scheduled(page), ACTOR),
    "complete": completed,
    "cancel": lambda page: cancel_maintenance(page, scheduled(page), ACTOR),
    "series": lambda page: create_series(
        page,
        ACTOR,
        name="Weekly",
        rule="FREQ=WEEKLY",
        local_start=datetime(2026, 1, 6, 4, 0),  # noqa: DTZ001 wall-clock time
        duration=timedelta(hours=1),
        components=[component_of(page).pk],
    ),
    "announce": lambda page: create_announcement(page, ACTOR, title="Hello", body="*There*"),
    "postmortem": explained,
    "revert postmortem": lambda page: revert_postmortem(page, explained(page), ACTOR),
    "delete": lambda page: delete_incident(page, past(page, 90), ACTOR),
    "delete open": lambda page: delete_incident(page, an_incident(page), ACTOR),
    "set status": lambda page: set_status(page, {component_of(page).pk: "degraded_performance"}, ACTOR),
    "correct": correct,
    "new component": lambda page: create_component(page, ACTOR, name="Web"),
    "rename component": lambda page: update_component(page, component_of(page), ACTOR, name="The API"),
    "restrict component": lambda page: update_component(page, component_of(page), ACTOR, restricted=True),
    "delete component": lambda page: delete_component(page, component_of(page), ACTOR),
    "group": lambda page: create_group(page, ACTOR, name="All", components=[component_of(page).pk]),
    "arrange": lambda page: arrange(page, [(None, [component_of(page).pk])], ACTOR),
    "brand": lambda page: update_page(page, ACTOR, accent="#123456", footer="*Hello*"),
    "language": lambda page: update_page(page, ACTOR, language="de"),
    "policy": lambda page: update_page(page, ACTOR, partial_weight=0.5),
    "close page": lambda page: update_page(page, ACTOR, page_type="team"),
    "open page": lambda page: update_page(page, ACTOR, page_type="public"),
    "time": pass_time,
}

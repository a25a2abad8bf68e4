"""What is foretold of an incident or an update is what the verb tells, whatever there was before."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from common.errors import Refused
from components.actions import create_component, delete_component, set_status
from components.choices import Source
from components.models import Component
from components.status import Speaker, say
from events.models import Event
from incidents.actions.incident import open_incident, post_update, resolve
from incidents.actions.maintenance import schedule_maintenance
from incidents.actions.postmortem import publish_postmortem, write_postmortem
from incidents.foretelling import foretell_incident, foretell_maintenance, foretell_update
from incidents.models import Incident
from incidents.steps import Words
from pages.change import page_change, rehearsal
from pages.models import StatusPage
from tests.conftest import ACTOR
from tests.incidents.conftest import HOUR, NOON, Clock

pytestmark = pytest.mark.usefixtures("clock")
NOW = NOON + 3 * HOUR


@pytest.fixture
def parts(page: StatusPage, clock: Clock) -> dict[str, Component]:
    clock.shift(timedelta(minutes=1))
    found = {name: create_component(page, ACTOR, name=name) for name in ("api", "web", "mail", "gone")}
    return found | {"inner": create_component(page, ACTOR, name="inner", restricted=True)}


def said(parts: dict[str, Component], **statuses: str | None) -> dict[str, str | None]:
    return {parts[name].pk: status for name, status in statuses.items()}


@pytest.fixture
def incidents(page: StatusPage, parts: dict[str, Component], clock: Clock) -> list[Incident]:
    """About components of which others speak as well, one of them gone; over; and over with a postmortem."""
    first = said(parts, api="degraded_performance", web="partial_outage", gone="major_outage", inner=None)
    large = open_incident(page, ACTOR, Words("investigating", components=first), name="Large")
    clock.shift(timedelta(minutes=1))
    open_incident(page, ACTOR, Words("identified", components=said(parts, web="major_outage")), name="Other")
    set_status(page, {parts["mail"].pk: "degraded_performance"}, ACTOR)
    with page_change(page, ACTOR) as change:
        say(change, Speaker(Source.MONITOR, "m"), {parts["api"].pk: "major_outage"})
    delete_component(page, parts["gone"], ACTOR)
    over = open_incident(page, ACTOR, Words("investigating"), name="Over", impact_override="major")
    told = open_incident(page, ACTOR, Words("monitoring", components=said(parts, mail=None)), name="Told")
    for incident in (over, told):
        clock.shift(timedelta(minutes=1))
        resolve(page, incident, ACTOR)
    write_postmortem(page, told, ACTOR, "Because.")
    publish_postmortem(page, told, ACTOR)
    clock.move_to(NOW)
    return [Incident.objects.get(pk=one.pk) for one in (large, over, told)]


def plain(name: str, facts: dict[str, Any], known: str = "") -> dict[str, Any]:
    """Without ids that are only just given, and without what no message says: the page's indicator, and when
    the incident's row was written last."""
    new = set() if known else {"id", "url"}
    incident = {key: value for key, value in facts["incident"].items() if key not in {"updated_at", *new}}
    if incident["window"]:
        incident["window"] = {**incident["window"], "incident_id": ""}
    update = {key: value for key, value in facts["update"].items() if key not in {"id", "incident_id"}}
    update["affected"] = sorted(update["affected"], key=lambda one: one["id"])
    return {"name": name, "page": facts["page"] | {"indicator": ""}, "incident": incident, "update": update}


def newest(known: str = "") -> dict[str, Any]:
    event = Event.objects.filter(object_type="incident", notify=True).latest("id")
    return plain(event.name, event.facts or {}, known)


def rehearsed(page: StatusPage, incident: Incident, words: Words, **how: Any) -> dict[str, Any]:
    try:
        with rehearsal(page) as stage:
            post_update(stage, incident, ACTOR, words, **how)
            return newest(incident.pk)
    except Refused as refusal:
        return {"refused": refusal.message}


def foretold(page: StatusPage, incident: Incident, words: Words, **how: Any) -> dict[str, Any]:
    try:
        told = foretell_update(page, incident, words, now=NOW, **how)
    except Refused as refusal:
        return {"refused": refusal.message}
    return plain(told.name, told.facts, incident.pk)


def test_an_update_is_foretold_as_it_is_told(
    page: StatusPage, parts: dict[str, Component], incidents: list[Incident]
) -> None:
    named = [
        {},
        said(parts, api="major_outage", mail=None),
        said(
            parts, api="operational", web="degraded_performance", inner="major_outage", mail="partial_outage"
        ),
    ]
    # Whether they go back to operational is asked where it is over alone.
    ways = [("investigating", True), ("monitoring", True), ("resolved", True), ("resolved", False)]
    for incident, (status, back), components in product(incidents, [*ways, ("postmortem", True)], named):
        words = Words(status, "**Hm**" if components else "", "Disks", components=components)
        how = {"to_operational": back, "next_update_by": NOW + HOUR if back else None}
        case = (incident.name, status, components, back)
        assert foretold(page, incident, words, **how) == rehearsed(page, incident, words, **how), case
    assert [one.status for one in incidents] == ["investigating", "resolved", "postmortem"]


def test_a_first_word_is_foretold_as_it_is_told(
    page: StatusPage, parts: dict[str, Component], incidents: list[Incident]
) -> None:
    named = [{}, said(parts, api="degraded_performance", inner="major_outage"), said(parts, web=None)]
    for status, components, impact in product(("investigating", "resolved"), named, (None, "critical")):
        words = Words(status, components=components)
        how = {"name": "New", "impact_override": impact, "next_update_by": None}
        with rehearsal(page) as stage:
            open_incident(stage, ACTOR, words, **how)
            real = newest()
        told = foretell_incident(page, words, now=NOW, **how)
        assert plain(told.name, told.facts) == real, (status, components, impact)


def test_a_maintenance_is_foretold_as_it_is_told(
    page: StatusPage, parts: dict[str, Component], incidents: list[Incident]
) -> None:
    span = {"scheduled_for": NOW + HOUR, "scheduled_until": NOW + 2 * HOUR}
    named = [one.pk for name, one in parts.items() if name != "gone"]
    for components, more in ((named, {"reminders": [60], "impact_override": "minor"}), ([], {})):
        how = {"name": "Disks", "components": components, **span, **more}
        with rehearsal(page) as stage:
            schedule_maintenance(stage, ACTOR, "New **disks**", **how)
            real = newest()
        told = foretell_maintenance(page, "New **disks**", now=NOW, **how)
        assert plain(told.name, told.facts) == real

    wrong = [{"name": ""}, {"scheduled_until": NOW}, {"reminders": [0]}, {"components": ["nobody"]}]
    for more in wrong:
        how = {"name": "Disks", "components": [], **span, **more}
        with pytest.raises(Refused) as refused:
            schedule_maintenance(page, ACTOR, **how)
        with pytest.raises(Refused) as foretold:
            foretell_maintenance(page, "", now=NOW, **how)
        assert (foretold.value.message, foretold.value.field) == (refused.value.message, refused.value.field)


def test_what_a_verb_refuses_is_refused(page: StatusPage, clock: Clock) -> None:
    clock.move_to(NOW)
    wrong: list[tuple[Words, dict[str, Any]]] = [
        (Words("postmortem"), {}),
        (Words("nonsense"), {}),
        (Words("investigating", "\x07"), {}),
        (Words("investigating", components={"nobody": None}), {}),
        (Words("investigating"), {"name": " "}),
        (Words("investigating"), {"impact_override": "splendid"}),
        (Words("investigating"), {"next_update_by": NOW - HOUR}),
    ]
    for words, more in wrong:
        how = {"name": "New"} | more
        with pytest.raises(Refused) as real:
            open_incident(page, ACTOR, words, **how)
        with pytest.raises(Refused) as foretold:
            foretell_incident(page, words, now=NOW, **how)
        assert (foretold.value.message, foretold.value.field) == (real.value.message, real.value.field)

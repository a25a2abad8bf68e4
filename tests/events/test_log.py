"""Events stay, in order, and tell any past state of a page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction

from common.rows import state
from common.tenancy import in_tenant
from components.actions import create_component, create_group, set_status, update_component
from components.models import Component
from components.status import current
from events.actor import Actor, ActorKind
from events.models import Event, EventOrigin
from incidents.actions.incident import edit_incident, edit_update, open_incident, post_update, resolve
from incidents.models import Incident, IncidentUpdate
from incidents.steps import Words
from pages.actions import update_page
from pages.change import page_change, record
from pages.models import StatusPage
from tenants.models import Tenant
from tests.conftest import ACTOR

# Columns that every change of a page moves, and that events tell beside their facts.
OF_THE_VERSION = {"version", "version_at", "updated_at", "indicator", "open_impact"}


def refused() -> pytest.RaisesExc[IntegrityError]:
    return pytest.raises(IntegrityError, match="append-only")


def test_events_cannot_be_changed_or_deleted(page: StatusPage) -> None:
    with refused(), transaction.atomic():
        Event.objects.filter(page_id=page.pk).update(name="forged")
    with refused(), transaction.atomic():
        Event.objects.filter(page_id=page.pk).update(facts={"forged": True})
    with refused(), transaction.atomic():
        Event.objects.filter(page_id=page.pk).delete()


def test_facts_can_be_redacted(page: StatusPage) -> None:
    Event.objects.filter(page_id=page.pk).update(facts=None)

    assert set(Event.objects.of_page(page.pk).values_list("facts", flat=True)) == {None}


def test_redaction_changes_nothing_else(page: StatusPage) -> None:
    with refused(), transaction.atomic():
        Event.objects.filter(page_id=page.pk).update(facts=None, name="forged")


def test_a_change_that_says_nothing_takes_no_version(page: StatusPage) -> None:
    version = page.version
    update_page(page, ACTOR, name=page.name)

    page.refresh_from_db()
    assert page.version == version


def half_a_change(page: StatusPage) -> None:
    with page_change(page, ACTOR) as change:
        change.record("page.updated", "page", page.pk, {})
        _ = 1 / 0


def test_a_change_that_fails_leaves_no_trace(page: StatusPage) -> None:
    events, version = Event.objects.count(), page.version
    with pytest.raises(ZeroDivisionError):
        half_a_change(page)

    page.refresh_from_db()
    assert (Event.objects.count(), page.version) == (events, version)


def test_verbs_do_not_nest(page: StatusPage) -> None:
    with page_change(page, ACTOR), pytest.raises(RuntimeError), page_change(page, ACTOR):
        pass


def test_where_a_change_came_from_is_kept_apart(page: StatusPage) -> None:
    actor = Actor(ActorKind.USER, "somebody", "192.0.2.7", "Firefox")
    update_page(page, actor, name="Other")
    event = Event.objects.latest("id")

    assert EventOrigin.objects.get(event_id=event.pk).ip == "192.0.2.7"
    assert "192.0.2.7" not in str(event.facts)
    EventOrigin.objects.all().delete()


def test_a_note_belongs_in_a_transaction(acme: Tenant) -> None:
    assert record(ACTOR, "member.added", "member", "x", {}).version is None


def test_sequences_and_clocks_rise_without_gaps(page: StatusPage) -> None:
    for number in range(5):
        create_component(page, ACTOR, name=f"Number {number}")
    rows = Event.objects.order_by("origin_seq").values_list("origin_seq", "hlc")
    sequence, clock = zip(*rows, strict=True)

    assert list(sequence) == list(range(sequence[0], sequence[0] + len(sequence)))
    assert list(clock) == sorted(set(clock))


def told(page: StatusPage, version: int) -> dict[tuple[str, str], dict[str, object]]:
    """What the events say that each object was at a version."""
    found = Event.objects.of_page(page.pk).newest_per_object(version)
    return {(event.object_type, event.object_id): event.facts for event in found}


def seen(page: StatusPage) -> dict[tuple[str, str], dict[str, object]]:
    """What the rows say that each object is."""
    page.refresh_from_db()
    rows: dict[tuple[str, str], dict[str, object]] = {("page", page.pk): state(page)}
    statuses = current(list(page.components.values_list("pk", flat=True)))
    for component in page.components.all():
        rows["component", component.pk] = state(component, status=statuses[component.pk])
    for group in page.groups.all():
        rows["group", group.pk] = state(group)
    for incident in page.incidents.all():
        rows["incident", incident.pk] = state(incident)
    for update in IncidentUpdate.objects.filter(incident__page=page):
        rows["incident_update", update.pk] = state(update)
    return rows


def test_any_past_state_can_be_told_from_the_events(page: StatusPage, component: Component) -> None:
    def incident() -> Incident:
        return Incident.objects.get()

    words = Words("investigating", "Looking.", components={component.pk: "major_outage"})
    steps: list[Callable[[], object]] = [
        lambda: create_group(page, ACTOR, name="All", components=[component.pk]),
        lambda: open_incident(page, ACTOR, words, name="Slow"),
        lambda: update_component(page, component, ACTOR, name="The API"),
        lambda: post_update(page, incident(), ACTOR, Words("identified", "Found.")),
        lambda: edit_update(page, incident().updates.latest("created_at"), ACTOR, body="Found it."),
        lambda: edit_incident(page, incident(), ACTOR, name="Very slow"),
        lambda: set_status(page, {component.pk: "partial_outage"}, ACTOR),
        lambda: update_page(page, ACTOR, name="Acme Cloud"),
        lambda: resolve(page, incident(), ACTOR),
    ]
    history = []
    for step in steps:
        step()
        history.append((seen(page), page.version))

    for rows, version in history:
        facts = told(page, version)
        for key, row in rows.items():
            said = facts[key].get("incident", facts[key])
            differing = {
                name: (value, said.get(name))  # type: ignore[union-attr]
                for name, value in row.items()
                if name not in OF_THE_VERSION and said.get(name) != value  # type: ignore[union-attr]
            }
            assert not differing, (version, key)


def test_another_tenants_log_is_its_own(page: StatusPage, globex: Tenant) -> None:
    assert Event.objects.of_page(page.pk).exists()

    with in_tenant(globex.id):
        assert not Event.objects.of_page(page.pk).exists()

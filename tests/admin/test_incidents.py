"""Running an incident in the admin: all of it through the verbs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from common.tenancy import in_tenant
from components.models import Component
from components.status import current
from events.models import Event, EventOrigin
from incidents.actions.incident import edit_incident, edit_update, open_incident, resolve
from incidents.models import Incident, IncidentUpdate
from incidents.steps import Words
from notifications.holding import held
from pages.models import StatusPage
from tenants.models import Tenant, User
from tests.admin.browser import Browser
from tests.conftest import ACTOR

ADD = "/o/acme/admin/incidents/incident/add/"


def change(incident: Incident) -> str:
    return f"/o/acme/admin/incidents/incident/{incident.pk}/change/"


@pytest.fixture
def incident(page: StatusPage, component: Component) -> Incident:
    words = Words("investigating", "We look into it.", components={component.pk: "partial_outage"})
    return open_incident(page, ACTOR, words, name="Slow")


def test_an_incident_is_opened_with_its_components(
    acme: Tenant, component: Component, editor: Browser, people: dict[str, User]
) -> None:
    statuses = {f"statuses-{component.pk}": "major_outage"}
    response = editor.send(ADD, name="Down", body="Nothing works.", **statuses)

    with in_tenant(acme.id):
        incident = Incident.objects.get()
        assert response["Location"] == change(incident)
        assert incident.updates.get().body == "Nothing works."
        assert current([component.pk]) == {component.pk: "major_outage"}
        event = Event.objects.get(name="incident.created")
        assert (event.actor_kind, event.actor_id) == ("user", people["editor"].pk)
        assert event.notify
        assert EventOrigin.objects.get(pk=event.pk).user_agent == "tests"


def test_subscribers_are_not_told_where_that_is_not_wanted(
    acme: Tenant, component: Component, editor: Browser
) -> None:
    editor.post(ADD, {name: v for name, v in (editor.shown(ADD) | {"name": "X"}).items() if name != "notify"})

    with in_tenant(acme.id):
        assert not Event.objects.get(name="incident.created").notify


def test_telling_may_wait_so_that_it_can_be_taken_back(
    acme: Tenant, component: Component, editor: Browser
) -> None:
    editor.send(ADD, name="Down", hold="90")

    with in_tenant(acme.id):
        incident = Incident.objects.get()
    editor.send(change(incident), body="Still down.", hold="30")
    with in_tenant(acme.id):
        held_for = [
            (one.until - timezone.now()).total_seconds() for one in held(incident.page, timezone.now())
        ]
    assert [round(seconds, -1) for seconds in held_for] == [30, 90]


def test_what_a_verb_refuses_is_shown_with_what_was_typed(
    acme: Tenant, component: Component, editor: Browser
) -> None:
    later = timezone.now() + timedelta(days=2)
    answer = editor.send(ADD, name="Soon", body="My long text", started_at=later.strftime("%Y-%m-%dT%H:%M"))

    html = answer.content.decode()
    assert answer.status_code == 200
    assert "cannot begin in the future" in html
    assert "My long text" in html
    with in_tenant(acme.id):
        assert not Incident.objects.exists()


def test_one_that_is_over_goes_into_the_history(acme: Tenant, component: Component, editor: Browser) -> None:
    editor.send(
        ADD,
        name="Yesterday",
        body="Sorry.",
        started_at="2026-01-10T10:00",
        resolved_at="2026-01-10T11:30",
        **{f"statuses-{component.pk}": "major_outage"},
    )

    with in_tenant(acme.id):
        incident = Incident.objects.get()
        # Typed in the page's zone: Berlin.
        assert incident.started_at.isoformat() == "2026-01-10T09:00:00+00:00"
        assert incident.backfilled
        assert incident.resolved_at.isoformat() == "2026-01-10T10:30:00+00:00"  # type: ignore[union-attr]


def test_an_update_is_written(
    acme: Tenant, incident: Incident, component: Component, editor: Browser
) -> None:
    editor.send(
        change(incident),
        status="identified",
        body="A cable.",
        **{f"statuses-{component.pk}": "degraded_performance"},
    )

    with in_tenant(acme.id):
        newest = incident.updates.first()
        assert newest is not None
        assert (newest.status, newest.body) == ("identified", "A cable.")
        assert current([component.pk]) == {component.pk: "degraded_performance"}


def test_a_message_alone_keeps_the_status(acme: Tenant, incident: Incident, editor: Browser) -> None:
    editor.send(change(incident), body="Still looking.")

    with in_tenant(acme.id):
        newest = incident.updates.first()
        assert newest is not None
        assert (newest.status, newest.body) == ("investigating", "Still looking.")


@pytest.mark.parametrize(("back", "then"), [("on", "operational"), (None, "partial_outage")])
def test_resolving_takes_components_back_unless_told_otherwise(
    acme: Tenant, incident: Incident, component: Component, editor: Browser, back: str | None, then: str
) -> None:
    data = editor.shown(change(incident)) | {"status": "resolved"}
    assert data.pop("to_operational") == "on"
    editor.post(change(incident), data | ({"to_operational": back} if back else {}))

    with in_tenant(acme.id):
        incident.refresh_from_db()
        assert incident.status == "resolved"
        assert current([component.pk]) == {component.pk: then}


def test_saving_without_a_change_changes_nothing(
    acme: Tenant, page: StatusPage, incident: Incident, editor: Browser
) -> None:
    version = page.version
    assert editor.send(change(incident)).status_code == 302

    with in_tenant(acme.id):
        page.refresh_from_db()
        assert page.version == version


def test_only_what_was_typed_is_changed(
    acme: Tenant, page: StatusPage, incident: Incident, editor: Browser
) -> None:
    data = editor.shown(change(incident))
    with in_tenant(acme.id):
        edit_incident(page, incident, ACTOR, name="Named by a colleague meanwhile")
        began = Incident.objects.get().started_at
    editor.post(change(incident), data | {"impact_override": "critical"})

    with in_tenant(acme.id):
        incident.refresh_from_db()
        assert incident.name == "Named by a colleague meanwhile"
        assert incident.impact_override == "critical"
        # The form shows minutes; seconds and below are kept.
        assert incident.started_at == began


def test_texts_and_times_of_updates_are_corrected(acme: Tenant, incident: Incident, editor: Browser) -> None:
    changed = {"updates-0-body": "We looked into it.", "updates-0-display_at": "2026-03-01T08:00"}
    editor.send(change(incident), **changed)

    with in_tenant(acme.id):
        update = IncidentUpdate.objects.get(incident=incident)
        assert update.body == "We looked into it."
        assert update.display_at.isoformat() == "2026-03-01T07:00:00+00:00"
        assert Event.objects.filter(name="incident.update_edited").count() == 1


def test_an_update_of_another_incident_cannot_be_slipped_in(
    acme: Tenant, page: StatusPage, incident: Incident, editor: Browser
) -> None:
    with in_tenant(acme.id):
        other = open_incident(page, ACTOR, Words("investigating", "Another."), name="Other")
        stranger = other.updates.get()
    editor.send(change(incident), **{"updates-0-id": stranger.pk, "updates-0-body": "Hijacked"})

    with in_tenant(acme.id):
        assert not IncidentUpdate.objects.filter(body="Hijacked").exists()


def test_deleting_asks_first(acme: Tenant, incident: Incident, component: Component, editor: Browser) -> None:
    address = f"/o/acme/admin/incidents/incident/{incident.pk}/delete/"
    assert "Slow" in editor.get(address).content.decode()
    with in_tenant(acme.id):
        assert Incident.objects.present().exists()
    editor.send(address)

    with in_tenant(acme.id):
        assert not Incident.objects.present().exists()
        assert current([component.pk]) == {component.pk: "operational"}


def test_chosen_incidents_are_resolved_from_the_list(
    acme: Tenant, incident: Incident, component: Component, editor: Browser
) -> None:
    chosen = {"action": "resolve_chosen", "_selected_action": incident.pk, "index": "0"}
    editor.post("/o/acme/admin/incidents/incident/", chosen)

    with in_tenant(acme.id):
        incident.refresh_from_db()
        assert incident.status == "resolved"


def test_a_deleted_one_is_not_found(
    acme: Tenant, page: StatusPage, incident: Incident, editor: Browser
) -> None:
    editor.send(f"/o/acme/admin/incidents/incident/{incident.pk}/delete/")

    assert editor.get(change(incident)).status_code == 404


def test_a_resolved_one_can_be_reopened(
    acme: Tenant, page: StatusPage, incident: Incident, editor: Browser
) -> None:
    with in_tenant(acme.id):
        resolve(page, incident, ACTOR)
    editor.send(change(incident), status="investigating", body="Back again.")

    with in_tenant(acme.id):
        incident.refresh_from_db()
        assert (incident.status, incident.resolved_at) == ("investigating", None)


def test_djangos_own_log_is_not_written(incident: Incident, editor: Browser) -> None:
    editor.send(change(incident), body="Still looking.")
    editor.send(f"/o/acme/admin/incidents/incident/{incident.pk}/delete/")

    assert not LogEntry.objects.exists()


def test_the_history_of_an_incident_is_that_of_its_updates_as_well(
    acme: Tenant, page: StatusPage, incident: Incident, editor: Browser
) -> None:
    with in_tenant(acme.id):
        other = open_incident(page, ACTOR, Words("investigating", "Hm."), name="Another")
        edit_update(page, incident.updates.get(), ACTOR, body="We look into the API.")
        edit_update(page, other.updates.get(), ACTOR, body="Never mind.")
        mine, foreign = incident.updates.get().pk, other.updates.get().pk
    history = change(incident).replace("/change/", "/history/")
    shown = editor.get(history, follow=True).content.decode()

    assert mine in shown
    assert "incident.update_edited" in shown
    assert foreign not in shown

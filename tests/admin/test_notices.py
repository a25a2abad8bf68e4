"""Maintenance, series, templates, postmortems and announcements in the admin."""

from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from common.tenancy import in_tenant
from components.models import Component
from components.status import current
from events.models import Event
from incidents.actions.incident import open_incident, resolve
from incidents.actions.maintenance import schedule_maintenance
from incidents.actions.template import create_template
from incidents.models import (
    Announcement,
    Incident,
    IncidentTemplate,
    MaintenanceSeries,
    MaintenanceWindow,
    Postmortem,
)
from incidents.steps import Words
from pages.models import StatusPage
from tenants.models import Tenant
from tests.admin.browser import Browser
from tests.conftest import ACTOR

BASE = "/o/acme/admin/incidents"
BERLIN = ZoneInfo("Europe/Berlin")


def typed(at: datetime) -> str:
    return at.astimezone(BERLIN).strftime("%Y-%m-%dT%H:%M")


@pytest.fixture
def planned(page: StatusPage, component: Component) -> Incident:
    begins = timezone.now() + timedelta(days=1)
    times = {"scheduled_for": begins, "scheduled_until": begins + timedelta(hours=1)}
    return schedule_maintenance(page, ACTOR, name="Work", components=[component.pk], **times)


def change(planned: Incident) -> str:
    return f"{BASE}/maintenancewindow/{planned.pk}/change/"


def test_maintenance_is_planned_in_the_pages_zone(
    acme: Tenant, component: Component, editor: Browser
) -> None:
    begins = (timezone.now() + timedelta(days=3)).replace(second=0, microsecond=0)
    given = {"scheduled_for": typed(begins), "scheduled_until": typed(begins + timedelta(hours=2))}
    response = editor.send(
        f"{BASE}/maintenancewindow/add/", name="Move", components=[component.pk], reminders="1440,60", **given
    )

    with in_tenant(acme.id):
        window = MaintenanceWindow.objects.get()
        assert response["Location"] == change(window.incident)
        assert (window.scheduled_for, window.reminders) == (begins, [1440, 60])
        assert list(window.incident.components.values_list("name", flat=True)) == ["API"]
        assert window.auto_start


def test_a_maintenance_that_ends_before_it_begins_is_refused_in_the_form(
    acme: Tenant, component: Component, editor: Browser
) -> None:
    begins = timezone.now() + timedelta(days=3)
    given = {"scheduled_for": typed(begins), "scheduled_until": typed(begins - timedelta(hours=2))}
    answer = editor.send(f"{BASE}/maintenancewindow/add/", name="Backwards", **given)

    assert answer.status_code == 200
    assert answer.context["errors"]
    with in_tenant(acme.id):
        assert not MaintenanceWindow.objects.exists()


def test_a_window_is_moved(acme: Tenant, planned: Incident, editor: Browser) -> None:
    later = (timezone.now() + timedelta(days=5)).replace(second=0, microsecond=0)
    given = {"scheduled_for": typed(later), "scheduled_until": typed(later + timedelta(hours=1))}
    editor.send(change(planned), **given)

    with in_tenant(acme.id):
        assert MaintenanceWindow.objects.get().scheduled_for == later
        assert not Event.objects.filter(name="maintenance.edited", notify=True).exists()


def test_saving_without_a_change_changes_nothing(
    acme: Tenant, page: StatusPage, planned: Incident, editor: Browser
) -> None:
    page.refresh_from_db()
    version = page.version
    assert editor.send(change(planned)).status_code == 302

    with in_tenant(acme.id):
        page.refresh_from_db()
        assert page.version == version


def test_maintenance_runs_by_hand(
    acme: Tenant, planned: Incident, component: Component, editor: Browser
) -> None:
    def state() -> tuple[str, str]:
        with in_tenant(acme.id):
            planned.refresh_from_db()
            return planned.status, current([component.pk])[component.pk]

    editor.send(change(planned), status="in_progress", body="We begin.")
    assert state() == ("in_progress", "under_maintenance")
    editor.send(change(planned), status="verifying")
    assert state() == ("verifying", "under_maintenance")
    editor.send(change(planned), status="completed")
    assert state() == ("completed", "operational")


def test_maintenance_is_called_off(acme: Tenant, planned: Incident, editor: Browser) -> None:
    editor.send(change(planned), status="cancel", body="Not needed.")

    with in_tenant(acme.id):
        assert MaintenanceWindow.objects.get().cancelled


def test_updates_of_a_maintenance_are_corrected(acme: Tenant, planned: Incident, editor: Browser) -> None:
    editor.send(change(planned), **{"updates-0-body": "In better words."})

    with in_tenant(acme.id):
        assert planned.updates.get().body == "In better words."


def test_an_incident_is_no_window(acme: Tenant, page: StatusPage, editor: Browser) -> None:
    with in_tenant(acme.id):
        incident = open_incident(page, ACTOR, Words("investigating", "Hm."), name="Slow")

    assert editor.get(change(incident)).status_code == 404


SERIES = {
    "name": "Weekly",
    "rule": "FREQ=WEEKLY;BYDAY=TU",
    "local_start": "2027-01-05T03:00",
    "duration": "1:30:00",
    "notify_at_start": "",
}


def test_a_series_is_made_and_changed(acme: Tenant, component: Component, editor: Browser) -> None:
    editor.send(f"{BASE}/maintenanceseries/add/", **SERIES)
    with in_tenant(acme.id):
        series = MaintenanceSeries.objects.get()
        assert series.zone == "Europe/Berlin"
        assert series.local_start.isoformat() == "2027-01-05T03:00:00+00:00"
        first = series.windows.earliest("scheduled_for")
        assert first.scheduled_for.isoformat() == "2027-01-05T02:00:00+00:00"
        assert not first.notify_at_start
    address = f"{BASE}/maintenanceseries/{series.pk}/change/"
    assert "Tuesday" in editor.get(address).content.decode()
    editor.send(address, rule="FREQ=WEEKLY;BYDAY=WE")

    with in_tenant(acme.id):
        series.refresh_from_db()
        assert series.rule == "FREQ=WEEKLY;BYDAY=WE"
        assert not series.options["notify_at_start"]
        assert series.windows.filter(incident__deleted_at=None).count() >= 3


def test_a_rule_that_is_none_is_shown_at_its_field(acme: Tenant, page: StatusPage, editor: Browser) -> None:
    answer = editor.send(f"{BASE}/maintenanceseries/add/", **SERIES | {"rule": "every Tuesday"})

    assert answer.status_code == 200
    with in_tenant(acme.id):
        assert not MaintenanceSeries.objects.exists()


def test_ending_a_series_calls_its_windows_off(acme: Tenant, page: StatusPage, editor: Browser) -> None:
    editor.send(f"{BASE}/maintenanceseries/add/", **SERIES)
    with in_tenant(acme.id):
        series = MaintenanceSeries.objects.get()
    editor.send(f"{BASE}/maintenanceseries/{series.pk}/delete/")

    with in_tenant(acme.id):
        series.refresh_from_db()
        assert series.ended_at is not None
        assert not Incident.objects.upcoming().exists()


def test_an_incident_is_opened_from_a_template(
    acme: Tenant, page: StatusPage, component: Component, editor: Browser
) -> None:
    with in_tenant(acme.id):
        template = create_template(
            page,
            ACTOR,
            name="Usual",
            title="{{ what }} is slow",
            body="We look at {{ what }}.",
            components=[component.pk],
        )
    address = f"{BASE}/incident/add/?page={page.pk}&template={template.pk}"
    assert 'name="value-what"' in editor.get(address).content.decode()
    filled = editor.shown(f"{address}&value-what=Search")
    assert (filled["name"], filled["body"]) == ("Search is slow", "We look at Search.")
    editor.post(address, filled)

    with in_tenant(acme.id):
        incident = Incident.objects.get()
        assert incident.name == "Search is slow"
        assert list(incident.components.all()) == [component]


def test_a_template_is_written_and_changed(acme: Tenant, component: Component, editor: Browser) -> None:
    given = {"name": "Usual", "title": "Slow", "body": "Hm.", "components": [component.pk]}
    editor.send(f"{BASE}/incidenttemplate/add/", **given)
    with in_tenant(acme.id):
        template = IncidentTemplate.objects.get()
    editor.send(f"{BASE}/incidenttemplate/{template.pk}/change/", title="Very slow")

    with in_tenant(acme.id):
        template.refresh_from_db()
        assert template.title == "Very slow"
        assert list(template.components.all()) == [component]


def test_a_postmortem_is_written_published_and_taken_off(
    acme: Tenant, page: StatusPage, editor: Browser
) -> None:
    with in_tenant(acme.id):
        incident = open_incident(page, ACTOR, Words("investigating", "Hm."), name="Slow")
        resolve(page, incident, ACTOR)
    editor.send(f"{BASE}/postmortem/add/", incident=incident.pk, draft="Because.")
    address = f"{BASE}/postmortem/{incident.pk}/change/"

    def body() -> str:
        with in_tenant(acme.id):
            return Postmortem.objects.get().body

    assert body() == ""
    editor.send(address, draft="Because of a cable.", then="publish")
    assert body() == "Because of a cable."
    editor.send(address, then="revert")
    assert body() == ""


def test_an_announcement_is_pinned_and_taken_off(acme: Tenant, page: StatusPage, editor: Browser) -> None:
    editor.send(f"{BASE}/announcement/add/", title="We move")
    with in_tenant(acme.id):
        announcement = Announcement.objects.get()
        assert announcement.begins_at <= timezone.now()
    editor.send(f"{BASE}/announcement/{announcement.pk}/change/", body="On Sunday.")
    editor.send(f"{BASE}/announcement/{announcement.pk}/delete/")

    with in_tenant(acme.id):
        announcement.refresh_from_db()
        assert announcement.body == "On Sunday."
        assert announcement.deleted_at is not None

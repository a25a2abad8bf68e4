"""Maintenance, as an operator plans, runs and ends it."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from common.tenancy import in_tenant
from dashboard.ahead import conflicts, month, steps
from dashboard.forms.maintenance import rule_of
from events.models import Event
from incidents.actions.maintenance import schedule_maintenance
from incidents.models import Incident, MaintenanceSeries, MaintenanceWindow
from publishing.snapshot import YearMonth
from tenants.models import Tenant
from tests.conftest import ACTOR
from tests.dashboard.conftest import Place, Visitor


def local(at: datetime) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%dT%H:%M")


@pytest.fixture
def at(place: Place) -> str:
    return f"{place.home}maintenance/"


@pytest.fixture
def typed(place: Place) -> dict[str, Any]:
    with timezone.override(place.page.zone):
        begins = timezone.now() + timedelta(days=2)
        times = {"scheduled_for": local(begins), "scheduled_until": local(begins + timedelta(hours=2))}
    return times | {"name": "New disks", "components": [place.api.pk]}


def test_maintenance_is_planned_told_begun_and_ended(
    editor: Visitor, acme: Tenant, at: str, typed: dict[str, Any], place: Place
) -> None:
    answer = editor.send(f"{at}new", "scheduled_for", reminders=["60", "1440"], **typed)
    with in_tenant(acme.id):
        incident = Incident.objects.maintenance().get()
        assert incident.window.reminders == [60, 1440]
        assert [one.component_id for one in incident.links.all()] == [place.api.pk]
        assert Event.objects.get(name="maintenance.scheduled").notify
    own = f"{at}{incident.pk}/"
    assert answer["Location"] == own

    editor.send(own, "status", status="in_progress", body="We begin.")
    with in_tenant(acme.id):
        incident.refresh_from_db()
        assert incident.status == "in_progress"
    editor.send(own, "status", status="completed", body="Done.")
    with in_tenant(acme.id):
        incident.refresh_from_db()
        assert incident.status == "completed"
        assert incident.updates.first().body == "Done."  # type: ignore[union-attr]


def test_what_is_wrong_stands_beside_its_field(
    editor: Visitor, acme: Tenant, at: str, typed: dict[str, Any]
) -> None:
    wrong = typed | {"scheduled_until": typed["scheduled_for"]}
    text = editor.send(f"{at}new", "scheduled_for", **wrong).content.decode()
    assert "begins before it ends" in text
    assert 'value="New disks"' in text
    with in_tenant(acme.id):
        assert not Incident.objects.maintenance().exists()


def test_it_recurs_as_is_chosen(editor: Visitor, acme: Tenant, at: str, typed: dict[str, Any]) -> None:
    editor.send(f"{at}new", "scheduled_for", repeats="fortnight", **typed)
    with in_tenant(acme.id):
        series = MaintenanceSeries.objects.get()
        assert "INTERVAL=2" in series.rule
        assert series.windows.count() == 3

    own = f"{at}series/{series.pk}/"
    assert "New disks" in editor.see(own)
    editor.send(own, "rule", name="Newer disks")
    with in_tenant(acme.id):
        series.refresh_from_db()
        assert series.name == "Newer disks"
        assert series.components.count() == 1
    editor.post(f"{own}end")
    with in_tenant(acme.id):
        series.refresh_from_db()
        assert series.ended_at
        assert not series.windows.filter(cancelled=False).exists()


RULES = [
    ("day", date(2026, 11, 20), "FREQ=DAILY"),
    ("week", date(2026, 11, 20), "FREQ=WEEKLY;BYDAY=FR"),
    ("weekday", date(2026, 11, 1), "FREQ=MONTHLY;BYDAY=1SU"),
    ("weekday", date(2026, 11, 30), "FREQ=MONTHLY;BYDAY=-1MO"),
    ("date", date(2026, 11, 30), "FREQ=MONTHLY;BYMONTHDAY=30"),
    ("custom", date(2026, 11, 30), "FREQ=YEARLY"),
]


@pytest.mark.parametrize(("repeats", "begins", "rule"), RULES)
def test_what_is_chosen_is_a_rule(repeats: str, begins: date, rule: str) -> None:
    assert rule_of(repeats, begins, "FREQ=YEARLY") == rule


def test_the_preview_says_what_will_happen_and_keeps_nothing(
    editor: Visitor, acme: Tenant, at: str, typed: dict[str, Any]
) -> None:
    with in_tenant(acme.id):
        page = Incident.objects.first().page  # type: ignore[union-attr]
        begins = timezone.now() + timedelta(days=2)
        schedule_maintenance(
            page, ACTOR, name="Other work", scheduled_for=begins, scheduled_until=begins + timedelta(hours=1)
        )
    data = editor.fill(f"{at}new", "scheduled_for") | typed
    text = editor.post(f"{at}preview", data).content.decode()
    assert "Begins; its components go under maintenance" in text
    assert "Other work" in text
    assert "No subscriber" in text
    with in_tenant(acme.id):
        assert Incident.objects.maintenance().count() == 1


def test_one_is_edited_reminded_of_called_off_and_deleted(
    editor: Visitor, acme: Tenant, at: str, typed: dict[str, Any]
) -> None:
    editor.send(f"{at}new", "scheduled_for", **typed)
    with in_tenant(acme.id):
        incident = Incident.objects.maintenance().get()
    own = f"{at}{incident.pk}/"
    editor.send(f"{own}edit", "scheduled_for", name="Newer disks")
    editor.post(f"{own}remind")
    with in_tenant(acme.id):
        incident.refresh_from_db()
        assert (incident.name, incident.components.count()) == ("Newer disks", 1)
        assert Event.objects.filter(name="maintenance.reminder").exists()
    editor.post(f"{own}cancel", {"body": "The disks are late."})
    with in_tenant(acme.id):
        window = MaintenanceWindow.objects.get(pk=incident.pk)
        assert window.cancelled
        assert window.incident.updates.first().body == "The disks are late."  # type: ignore[union-attr]
    assert "Cancelled" in editor.see(f"{at}?state=over")
    editor.post(f"{own}delete")
    assert editor.get(own).status_code == 404


def test_the_calendar_has_each_day_of_the_work(place: Place) -> None:
    begins = datetime(2030, 3, 30, 22, tzinfo=place.page.zone)
    schedule_maintenance(
        place.page, ACTOR, name="Long", scheduled_for=begins, scheduled_until=begins + timedelta(hours=26)
    )
    weeks = month(place.page, YearMonth(2030, 3), begins.date())
    busy = [day.date.isoformat() for week in weeks for day in week if day.windows]
    assert busy == ["2030-03-30", "2030-03-31"]
    assert {len(week) for week in weeks} == {7}
    assert month(place.page, YearMonth(2030, 4), begins.date())[0][0].date.isoformat() == "2030-04-01"


def test_months_that_there_are_not_show_this_one(editor: Visitor, at: str) -> None:
    for wrong in ("", "2026-13", "x", "0000-01", "9999-12", "2026-1-1"):
        assert editor.get(f"{at}calendar", {"month": wrong}).status_code == 200


def test_what_shares_components_collides_first(place: Place) -> None:
    begins = timezone.now() + timedelta(days=3)

    def planned(name: str, components: list[str], hours: int = 0) -> Incident:
        start = begins + timedelta(hours=hours)
        times = {"scheduled_for": start, "scheduled_until": start + timedelta(hours=2)}
        return schedule_maintenance(place.page, ACTOR, name=name, components=components, **times)

    planned("Elsewhere", [place.website.pk], 1)
    planned("Here", [place.api.pk], 1)
    planned("Later", [place.api.pk], 9)
    own = planned("Own", [place.api.pk])
    about = (own.window.scheduled_for, own.window.scheduled_until, {place.api.pk}, own.pk)
    found = conflicts(place.page, *about)
    assert [(one.incident.name, one.shared) for one in found] == [("Here", ["API"]), ("Elsewhere", [])]


def test_what_will_happen_is_in_order_and_says_what_is_left_to_people() -> None:
    begins = timezone.now() + timedelta(days=1)
    window = MaintenanceWindow(
        scheduled_for=begins,
        scheduled_until=begins + timedelta(hours=1),
        reminders=[60, 10_000],
        auto_complete=False,
    )
    ahead = steps(window, "scheduled", timezone.now())
    assert [(one.tells, one.by_hand) for one in ahead] == [(True, False), (True, False), (True, True)]
    assert [one.at for one in steps(window, "in_progress", timezone.now())] == [window.scheduled_until]

"""What is kept of notices from version to version is what would be made anew, whoever asks."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from common.tenancy import in_tenant
from components.actions import create_component, create_group
from components.models import Component, ComponentGroup
from incidents.actions.incident import open_incident, post_update
from incidents.actions.maintenance import schedule_maintenance
from incidents.actions.postmortem import publish_postmortem, write_postmortem
from incidents.actions.series import create_series
from incidents.models import (
    AffectedComponent,
    Incident,
    IncidentComponent,
    IncidentUpdate,
    MaintenanceSeries,
    MaintenanceWindow,
    Postmortem,
)
from incidents.steps import Words
from pages.actions import update_page
from pages.models import StatusPage
from publishing.audience import View, public_view
from publishing.build import Builder
from publishing.building import told
from publishing.building.kept import Kept
from publishing.building.told import Told
from tenants.models import Tenant
from tests.api.undoing import undone
from tests.conftest import ACTOR
from tests.publishing.published import forget


@pytest.fixture
def full(page: StatusPage) -> StatusPage:
    """A page with all that a notice can be made of."""
    api, web = (create_component(page, ACTOR, name=name) for name in ("API", "Web"))
    create_group(page, ACTOR, name="All", components=[api.pk])
    words = Words("investigating", "Looking.", components={api.pk: "major_outage", web.pk: "partial_outage"})
    incident = open_incident(page, ACTOR, words, name="Slow")
    post_update(page, incident, ACTOR, Words("resolved", "Over.", components={api.pk: "operational"}))
    write_postmortem(page, incident, ACTOR, "It was DNS.")
    publish_postmortem(page, incident, ACTOR)
    open_incident(page, ACTOR, Words("identified", "Found.", components={web.pk: "major_outage"}), name="Bad")
    begin = timezone.now() + timedelta(days=1)
    until = begin + timedelta(hours=1)
    schedule_maintenance(
        page, ACTOR, name="Work", scheduled_for=begin, scheduled_until=until, components=[web.pk]
    )
    create_series(
        page,
        ACTOR,
        name="Weekly",
        rule="FREQ=WEEKLY",
        local_start=begin.replace(tzinfo=None),
        duration=timedelta(hours=1),
        components=[api.pk],
    )
    return page


def notices(page: StatusPage) -> list[Told]:
    current = StatusPage.objects.get(pk=page.pk)
    return Builder(current, public_view(current)).notices


def anew(page: StatusPage) -> list[Told]:
    forget()
    return notices(page)


def first_update() -> IncidentUpdate:
    return IncidentUpdate.objects.order_by("created_at")[0]


# None of these moves a time of change, as verbs would: what is kept must not rely on that.
CHANGES: dict[str, Callable[[StatusPage], object]] = {
    "name": lambda _: Incident.objects.filter(name="Slow").update(name="Slower"),
    "impact": lambda _: Incident.objects.filter(name="Slow").update(impact_override="minor"),
    "deleted": lambda _: Incident.objects.filter(name="Slow").update(deleted_at=timezone.now()),
    "old update": lambda _: IncidentUpdate.objects.filter(pk=first_update().pk).update(body="Said better."),
    "details": lambda _: IncidentUpdate.objects.filter(pk=first_update().pk).update(technical_details="x"),
    "shown when": lambda _: IncidentUpdate.objects.filter(pk=first_update().pk).update(
        display_at=timezone.now() - timedelta(days=1)
    ),
    "update gone": lambda _: first_update().delete(),
    "affected": lambda _: AffectedComponent.objects.update(new_status="degraded_performance"),
    "affected gone": lambda _: AffectedComponent.objects.all().delete(),
    "concerned": lambda _: IncidentComponent.objects.update(status="degraded_performance"),
    "no longer concerned": lambda _: IncidentComponent.objects.filter(component__name="Web").delete(),
    "planned": lambda _: MaintenanceWindow.objects.filter(incident__name="Work").update(
        scheduled_until=timezone.now() + timedelta(days=3)
    ),
    "cancelled": lambda _: MaintenanceWindow.objects.filter(incident__name="Work").update(cancelled=True),
    "rule": lambda _: MaintenanceSeries.objects.update(rule="FREQ=DAILY"),
    "renamed component": lambda _: Component.objects.filter(name="API").update(name="Interface"),
    "moved component": lambda _: Component.objects.filter(name="API").update(position=99),
    "restricted component": lambda _: Component.objects.filter(name="Web").update(restricted=True),
    "deleted component": lambda _: Component.objects.filter(name="Web").update(deleted_at=timezone.now()),
    "renamed group": lambda _: ComponentGroup.objects.update(name="Everything"),
    "address": lambda page: StatusPage.objects.filter(pk=page.pk).update(primary_host="other.example.org"),
    "zone": lambda page: update_page(page, ACTOR, time_zone="Asia/Tokyo"),
    "language": lambda page: update_page(page, ACTOR, language="de"),
}


def test_what_is_kept_is_what_would_be_made_anew(full: StatusPage) -> None:
    for name, change in CHANGES.items():
        before = anew(full)
        with undone():
            change(StatusPage.objects.get(pk=full.pk))
            kept = notices(full)
            assert kept == anew(full), name
            assert kept != before, name


def test_a_postmortem_is_part_of_what_is_digested(full: StatusPage) -> None:
    before = set(Incident.objects.filter(name="Slow").values_list(told.Digest(), flat=True))
    Postmortem.objects.update(body="It was not DNS.")

    assert before.isdisjoint(Incident.objects.filter(name="Slow").values_list(told.Digest(), flat=True))


def test_what_nobody_changed_is_not_made_again(full: StatusPage) -> None:
    first = {one.id: one for one in anew(full)}
    slow = Incident.objects.get(name="Bad")
    post_update(full, slow, ACTOR, Words("monitoring", "Watching."))
    second = {one.id: one for one in notices(full)}

    assert {pk for pk, one in second.items() if one is not first[pk]} == {slow.pk}


def copied_to(tenant: Tenant, incident: Incident) -> StatusPage:
    """A notice with the same id and times on a page with the same id and zone, and another name."""
    with in_tenant(tenant.id):
        other = StatusPage.objects.get()
        other.pk, other.slug, other.time_zone = incident.page_id, "copy", "Europe/Berlin"
        other.save(force_insert=True)
        values = {field.attname: getattr(incident, field.attname) for field in Incident._meta.concrete_fields}
        Incident.objects.create(**values | {"name": "Of globex"})
        return other


def test_a_notice_with_the_same_id_of_another_tenant_is_another(page: StatusPage, globex: Tenant) -> None:
    incident = open_incident(page, ACTOR, Words("investigating", "Looking."), name="Of acme")
    other = copied_to(globex, incident)
    assert [one.name for one in anew(page)] == ["Of acme"]
    with in_tenant(globex.id):
        found = [one for one in notices(other) if one.id == incident.pk]

    assert [(one.name, one.entry.name, "Of globex" in one.head) for one in found] == [
        ("Of globex",) * 2 + (True,)
    ]
    assert [one.name for one in notices(page)] == ["Of acme"]


def test_views_that_see_different_components_are_told_different_things(full: StatusPage) -> None:
    anew(full)
    api = Component.objects.get(name="API").pk
    narrow = View("public", frozenset({api}), frozenset({api}))

    seen = Builder(full, narrow).notices
    assert "Web" not in "".join(one.head for one in seen)
    assert {name for one in seen for name in one.event.components} == {"API"}


def test_what_was_used_least_recently_goes_when_room_runs_out() -> None:
    kept: Kept[str] = Kept(room=10)
    for key in "abc":
        kept.put(key, key.upper(), 3)
    assert kept.get("a") == "A"
    kept.put("d", "D", 4)

    assert [kept.get(key) for key in "abcd"] == ["A", None, "C", "D"]


def test_what_is_larger_than_all_the_room_is_not_kept() -> None:
    kept: Kept[str] = Kept(room=10)
    kept.put("a", "A", 3)
    kept.put("a", "B", 11)

    assert kept.get("a") is None
    assert len(kept) == 0

"""What is written beforehand: seen by nobody, published once, by hand or at its time."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from common.errors import Overtaken, Refused
from components.models import Component
from events.actor import Actor, ActorKind
from events.models import Event
from incidents.actions.draft import DRAFT, discard_draft, keep_draft, publish_draft, publish_if_due
from incidents.actions.incident import delete_incident, open_incident
from incidents.drafts import Written
from incidents.models import Draft, Incident
from incidents.steps import Words
from outbox.models import OutboxItem
from pages.models import StatusPage
from tenants.actions import set_page_role, set_role
from tenants.members import remove_member
from tenants.models import Membership, Role, Tenant, User
from tests.conftest import ACTOR

BY = Actor(ActorKind.USER, "ada")


@pytest.fixture
def ada(acme: Tenant) -> Membership:
    return set_role(User.objects.create_user("ada@acme.example", id=BY.id), acme, Role.EDITOR, ACTOR)


def _written(component: Component | None = None, **more: Any) -> Written:
    said = {component.pk: "major_outage"} if component else {}
    return Written(Words("identified", "Hm.", "`x`", components=said), name="Slow", **more)


@pytest.mark.parametrize(
    "written",
    [
        _written(),
        Written(Words("resolved", deliver=False), to_operational=False, hold=30, impact_override="minor"),
        Written(Words("monitoring"), next_update_by=datetime.fromisoformat("2027-01-01T00:00:00+00:00")),
    ],
)
def test_what_is_kept_comes_back_as_it_was(page: StatusPage, written: Written) -> None:
    assert Written.of(Draft.objects.get(pk=keep_draft(page, BY, written).pk).content) == written


def test_a_draft_takes_no_version_and_is_no_incident(page: StatusPage) -> None:
    before = page.version
    keep_draft(page, BY, _written())
    page.refresh_from_db()

    assert page.version == before
    assert not Incident.objects.exists()


def test_publishing_says_all_that_was_written(page: StatusPage, component: Component) -> None:
    draft = keep_draft(page, BY, _written(component, promise=30, impact_override="minor"))
    now = timezone.now()
    incident = publish_draft(page, draft, BY)

    assert (incident.name, incident.status, incident.shown_impact) == ("Slow", "identified", "minor")
    assert incident.next_update_by is not None
    assert abs(incident.next_update_by - now - timedelta(minutes=30)) < timedelta(minutes=1)
    assert incident.updates.get().technical_details == "`x`"
    assert page.components.with_status().get().status == "major_outage"  # type: ignore[attr-defined]
    assert Event.objects.get(name="incident.created").notify
    assert not Draft.objects.exists()


def test_nothing_is_published_twice(page: StatusPage) -> None:
    draft = keep_draft(page, BY, _written())
    publish_draft(page, draft, BY)

    with pytest.raises(Refused):
        publish_draft(page, draft, BY)
    assert Incident.objects.count() == 1


def test_an_update_that_was_drafted_goes_on_with_its_incident(page: StatusPage) -> None:
    incident = open_incident(page, ACTOR, Words("investigating"), name="Slow")
    publish_draft(page, keep_draft(page, BY, _written(), incident=incident), BY)

    incident.refresh_from_db()
    assert incident.status == "identified"
    assert incident.updates.count() == 2


def test_at_its_time_it_is_published_as_its_author(page: StatusPage, ada: Membership) -> None:
    at = timezone.now() + timedelta(hours=1)
    draft = keep_draft(page, BY, _written(), publish_at=at)

    assert OutboxItem.objects.get(topic=DRAFT, key=draft.pk).due_at == at
    publish_if_due(page, draft)
    assert not Incident.objects.exists()
    with time_machine.travel(at + timedelta(seconds=1), tick=False):
        publish_if_due(page, draft)
    assert Event.objects.get(name="incident.created").actor_id == "ada"


@pytest.mark.parametrize(
    "lost",
    [
        lambda page, ada: remove_member(ada, ACTOR),
        lambda page, ada: set_role(ada.user, ada.tenant, Role.VIEWER, ACTOR),
        lambda page, ada: set_page_role(ada, page.pk, Role.VIEWER, ACTOR),
        lambda page, ada: User.objects.filter(pk=ada.user_id).update(is_active=False),
    ],
    ids=["no member", "a viewer", "a viewer of this page", "locked out"],
)
def test_nobody_publishes_by_a_draft_what_they_may_not_any_more(
    page: StatusPage, ada: Membership, lost: Callable[[StatusPage, Membership], object]
) -> None:
    at = timezone.now() + timedelta(hours=1)
    draft = keep_draft(page, BY, _written(), publish_at=at)
    lost(page, ada)
    with time_machine.travel(at + timedelta(seconds=1), tick=False):
        publish_if_due(page, draft)

    assert not Incident.objects.exists()
    draft.refresh_from_db()
    assert "may not publish here any more" in draft.problem


def test_what_was_put_off_waits_on(page: StatusPage) -> None:
    soon, later = (timezone.now() + timedelta(hours=hours) for hours in (1, 2))
    draft = keep_draft(page, BY, _written(), publish_at=soon)
    keep_draft(page, BY, _written(), draft=draft, publish_at=later)
    OutboxItem.objects.filter(topic=DRAFT).delete()

    with time_machine.travel(soon + timedelta(minutes=1), tick=False):
        publish_if_due(page, Draft.objects.get())
    assert not Incident.objects.exists()
    assert OutboxItem.objects.get(topic=DRAFT).due_at == later


@pytest.mark.parametrize("becomes", ["kept", "discarded"])
def test_what_lost_its_time_is_not_published(page: StatusPage, becomes: str) -> None:
    at = timezone.now() + timedelta(hours=1)
    draft = keep_draft(page, BY, _written(), publish_at=at)
    if becomes == "kept":
        draft = keep_draft(page, BY, _written(), draft=draft)
    else:
        discard_draft(page, draft, BY)
    with time_machine.travel(at + timedelta(seconds=1), tick=False):
        publish_if_due(page, draft)

    assert not Incident.objects.exists()


def test_what_is_refused_at_its_time_stays_and_says_why(
    page: StatusPage, component: Component, ada: Membership
) -> None:
    at = timezone.now() + timedelta(hours=1)
    written = Written(Words("identified", components={"0" * 12: "major_outage"}), name="Slow")
    draft = keep_draft(page, BY, written, publish_at=at)
    with time_machine.travel(at + timedelta(seconds=1), tick=False):
        publish_if_due(page, draft)

    draft.refresh_from_db()
    assert draft.publish_at is None
    assert "0" * 12 in draft.problem


def test_drafts_of_a_deleted_incident_are_refused(page: StatusPage) -> None:
    incident = open_incident(page, ACTOR, Words("investigating"), name="Slow")
    draft = keep_draft(page, BY, _written(), incident=incident)
    delete_incident(page, incident, ACTOR)

    with pytest.raises(Refused):
        publish_draft(page, draft, BY)
    assert Draft.objects.exists()


@pytest.mark.parametrize(
    ("written", "hours", "field"),
    [(_written(), -1, "publish_at"), (Written(Words("identified")), 1, "name")],
    ids=["past", "nameless"],
)
def test_what_cannot_be_published_by_itself_is_refused_at_once(
    page: StatusPage, written: Written, hours: int, field: str
) -> None:
    at = timezone.now() + timedelta(hours=hours)
    with pytest.raises(Refused) as refused:
        keep_draft(page, BY, written, publish_at=at)
    assert refused.value.field == field


def test_two_writers_of_one_draft_do_not_overwrite_each_other(page: StatusPage) -> None:
    draft = keep_draft(page, BY, _written())
    seen = Event.objects.about("draft", draft.pk).newest_id()
    keep_draft(page, BY, _written(), draft=draft, seen=seen)

    with pytest.raises(Overtaken):
        keep_draft(page, BY, _written(), draft=draft, seen=seen)

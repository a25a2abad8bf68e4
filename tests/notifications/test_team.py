"""Mail that asks a page's team for an update: who gets it, what it says, and when it is not sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from common.tenancy import in_tenant
from components.actions import create_component
from events.actor import Actor, ActorKind
from incidents.actions.cadence import ask_for_updates
from incidents.actions.incident import open_incident, post_update, resolve
from incidents.models import Incident
from incidents.steps import Words
from notifications.models import Delivery
from outbox.drain import drain_lanes
from outbox.registry import Lane
from pages.actions import create_page, update_page
from pages.models import StatusPage
from tenants.actions import set_active, set_page_role, set_reminders, set_role
from tenants.models import Membership, Role, Tenant, User
from tests.conftest import ACTOR, CANARY
from tests.mailing import Add, deliver
from tests.sink import Sink

# Later than any page of a test is made.
NOON = datetime(2036, 11, 20, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
Hire = Callable[..., Membership]


@pytest.fixture
def hire(acme: Tenant) -> Hire:
    """Adds a member to acme: `hire("eve")` is eve@example.com, an editor."""

    def add(name: str, role: Role = Role.EDITOR, tenant: Tenant = acme) -> Membership:
        user = User.objects.create_user(f"{name}@example.com")
        return set_role(user, tenant, role, ACTOR)

    return add


def by(member: Membership) -> Actor:
    return Actor(ActorKind.USER, member.user_id)


def opened(page: StatusPage, actor: Actor = ACTOR, **more: Any) -> Incident:
    components = more.pop("components", {})
    words = Words("investigating", "Hm.", components=components)
    return open_incident(page, actor, words, name="API is slow", notify=False, **more)


def ask(page: StatusPage, at: datetime) -> None:
    with time_machine.travel(at, tick=False):
        ask_for_updates(page)
        drain_lanes(Lane.NOTIFY)
        deliver()


def at_noon() -> time_machine.travel:
    return time_machine.travel(NOON, tick=False)


def test_who_wrote_last_is_asked_and_no_subscriber_hears_of_it(
    page: StatusPage, hire: Hire, subscribed: Add, mail: Sink
) -> None:
    subscribed("ada")
    hire("ann", Role.OWNER)
    eve, bob = hire("eve"), hire("bob")
    with at_noon():
        incident = opened(page, by(eve))
        post_update(page, incident, by(bob), Words("identified"), notify=False)
    ask(page, NOON + 30 * MINUTE)
    assert mail.recipients == ["bob@example.com"]
    (message,) = mail.mail("bob@example.com")
    assert message["Subject"] == "No update since 13:00 CET: API is slow"
    assert "List-Unsubscribe" not in message
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        text = part.get_content()
        assert f"http://localhost:8000/o/acme/p/{page.pk}/incidents/{incident.pk}/" in text
        assert "written on 20 November 2036, 13:00 CET" in " ".join(text.split())
        assert "nsubscribe" not in text
        assert ".invalid" not in text


@pytest.mark.parametrize("away", ["left", "locked out", "demoted", "unwilling"])
def test_where_the_writer_cannot_or_will_not_the_one_before_is_asked(
    page: StatusPage, hire: Hire, mail: Sink, away: str
) -> None:
    hire("ann", Role.ADMIN)
    eve, bob = hire("eve"), hire("bob")
    with at_noon():
        incident = opened(page, by(eve))
        post_update(page, incident, by(bob), Words("identified"), notify=False)
    if away == "left":
        bob.delete()
    elif away == "locked out":
        set_active(bob.user, False, ACTOR)
    elif away == "demoted":
        set_page_role(bob, page.pk, Role.VIEWER, ACTOR)
    else:
        set_reminders(bob, False, ACTOR)
    ask(page, NOON + 30 * MINUTE)
    assert mail.recipients == ["eve@example.com"]


def test_where_nobody_of_them_wrote_the_admins_are_asked(
    page: StatusPage, hire: Hire, globex: Tenant, mail: Sink
) -> None:
    hire("ann", Role.OWNER)
    hire("ben", Role.ADMIN)
    hire("eve")
    quiet = hire("quiet", Role.ADMIN)
    set_reminders(quiet, False, ACTOR)
    hire("mallory", Role.OWNER, globex)
    with at_noon():
        opened(page)
    ask(page, NOON + 30 * MINUTE)
    assert mail.recipients == ["ann@example.com", "ben@example.com"]
    assert CANARY not in mail.everything()


def test_a_team_is_asked_once_however_often_its_mail_is_made(
    page: StatusPage, hire: Hire, mail: Sink
) -> None:
    eve = hire("eve")
    with at_noon():
        opened(page, by(eve))
    for _again in range(3):
        ask(page, NOON + 30 * MINUTE)
    assert mail.recipients == ["eve@example.com"]


def test_of_what_only_some_may_see_the_team_is_asked_as_well(
    page: StatusPage, hire: Hire, mail: Sink
) -> None:
    eve = hire("eve")
    with at_noon():
        inside = create_component(page, ACTOR, name="Inside", restricted=True)
        opened(page, by(eve), components={inside.pk: "major_outage"})
    ask(page, NOON + 30 * MINUTE)
    assert mail.recipients == ["eve@example.com"]


@pytest.mark.parametrize("made", [False, True])
@pytest.mark.parametrize("verb", ["update", "resolve"])
def test_what_has_been_written_meanwhile_is_not_asked_for(
    page: StatusPage, hire: Hire, mail: Sink, verb: str, made: bool
) -> None:
    """`made`: the delivery waited already, as through an outage of the mail server."""
    eve = hire("eve")
    with at_noon():
        incident = opened(page, by(eve))
    with time_machine.travel(NOON + 30 * MINUTE, tick=False):
        ask_for_updates(page)
        if made:
            drain_lanes(Lane.NOTIFY)
    with time_machine.travel(NOON + 31 * MINUTE, tick=False):
        if verb == "update":
            post_update(page, incident, by(eve), Words("identified"), notify=False)
        else:
            resolve(page, incident, by(eve), notify=False)
        drain_lanes(Lane.NOTIFY)
        deliver()
    assert mail.recipients == []
    assert list(Delivery.objects.values_list("status", flat=True)) == (["suppressed"] if made else [])


@pytest.mark.parametrize(
    ("at", "subject"),
    [
        (NOON + 55 * MINUTE, "Meldung fällig um 14:00 MEZ: API is slow"),
        (NOON + 60 * MINUTE, "Meldung überfällig seit 14:00 MEZ: API is slow"),
    ],
)
def test_a_promise_is_recalled_in_the_language_and_zone_of_the_page(
    page: StatusPage, hire: Hire, mail: Sink, at: datetime, subject: str
) -> None:
    eve = hire("eve")
    with at_noon():
        update_page(page, ACTOR, language="de")
        opened(page, by(eve), next_update_by=NOON + 60 * MINUTE)
    ask(page, at)
    (message,) = mail.mail("eve@example.com")
    assert message["Subject"].replace("CET", "MEZ") == subject
    assert "20. November 2036, 14:00" in " ".join(message.get_body(("plain",)).get_content().split())  # type: ignore[union-attr]


@pytest.mark.parametrize(("hours", "clock"), [(0, "02:45 CEST"), (1, "02:45 CET")])
def test_a_time_that_comes_twice_a_year_is_told_apart(
    acme: Tenant, hire: Hire, mail: Sink, hours: int, clock: str
) -> None:
    began = datetime(2026, 10, 25, 0, 45, tzinfo=UTC) + timedelta(hours=hours)
    with time_machine.travel(began, tick=False):
        page = create_page(ACTOR, name="Berlin", slug="berlin", time_zone="Europe/Berlin")
        opened(page, by(hire("eve")))
    ask(page, began + 30 * MINUTE)
    (message,) = mail.mail("eve@example.com")
    assert message["Subject"] == f"No update since {clock}: API is slow"


def test_another_organisation_has_neither_mail_nor_deliveries(
    page: StatusPage, hire: Hire, globex: Tenant, mail: Sink
) -> None:
    eve = hire("eve")
    with at_noon():
        opened(page, by(eve))
    ask(page, NOON + 30 * MINUTE)
    with in_tenant(globex.pk):
        assert not Delivery.objects.of(globex.pk).exists()
    assert Delivery.objects.of(Tenant.objects.get(slug="acme").pk).count() == 1

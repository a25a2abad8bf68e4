"""What a page's team hears by mail of its subscribers: bounces, complaints, and few who confirm."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from common.tenancy import in_tenant
from events.models import Event
from notifications.actions import allow, suppress
from notifications.choices import DeliveryStatus, SuppressionReason
from notifications.models import Delivery, Suppression
from notifications.sending import BOUNCE
from notifications.tracking_outcomes import COMPLAINED
from outbox.queue import put
from pages.actions import create_page, update_page
from pages.choices import PageType
from pages.models import StatusPage
from subscribers.models import Subscriber
from subscribers.troubles import Trouble
from tenants.actions import set_language, set_reminders, set_role
from tenants.models import Role, Tenant, User
from tests.conftest import CANARY
from tests.mailing import ACTOR, Add, deliver, opened, unanswered
from tests.sink import Sink

SOON, DAY = timedelta(minutes=11), timedelta(days=1)


@pytest.fixture
def team(acme: Tenant, globex: Tenant) -> None:
    for name, role, tenant in [
        ("ann", Role.OWNER, acme),
        ("ben", Role.ADMIN, acme),
        ("eve", Role.EDITOR, acme),
        ("quiet", Role.ADMIN, acme),
        ("mallory", Role.OWNER, globex),
    ]:
        membership = set_role(User.objects.create_user(f"{name}@example.com"), tenant, role, ACTOR)
        if name == "quiet":
            set_reminders(membership, False, ACTOR)
        if name == "ben":
            set_language(membership.user, "de")


def bounce(page: StatusPage, names: list[str]) -> None:
    put(BOUNCE, _tenant(), [one.pk for one in page.subscribers.all() if one.address.split("@")[0] in names])


def complain(page: StatusPage, names: list[str]) -> None:
    known = page.subscribers.filter(address__in=[f"{name}@example.org" for name in names])
    put(COMPLAINED, _tenant(), [str(_sent(one).pk) for one in known])


def few(page: StatusPage, names: list[str]) -> None:
    if len(names) > 1:
        unanswered(page, 50, timezone.now())


def _tenant() -> str:
    return Tenant.objects.get(slug="acme").pk


def _sent(subscriber: Subscriber) -> Delivery:
    return Delivery.objects.of(_tenant()).filter(subscriber_id=subscriber.pk).latest("pk")


def told(mail: Sink, name: str) -> list[str]:
    """Subjects of the mail to a member."""
    return [str(one["Subject"]) for one in mail.mail(f"{name}@example.com")]


@pytest.mark.usefixtures("team")
@pytest.mark.parametrize(
    ("happens", "after", "english", "german", "doing"),
    [
        (
            bounce,
            SOON,
            "Addresses of Acme that do not work: 2",
            "Adressen von Acme, die nicht funktionieren: 2",
            "take it out of quarantine",
        ),
        (
            complain,
            SOON,
            "Mail of Acme was reported as spam: 2",
            "Mails von Acme wurden als Spam gemeldet: 2",
            "asked to be told?",
        ),
        (
            few,
            timedelta(hours=2),
            "Few confirm their subscription to Acme: 0 of 50",
            "Wenige bestätigen ihr Abonnement von Acme: 0 von 50",
            "take the form off the page",
        ),
    ],
)
def test_those_who_administer_a_page_are_told_once_a_day_in_their_language(
    page: StatusPage,
    subscribed: Add,
    mail: Sink,
    happens: Callable[[StatusPage, list[str]], None],
    after: timedelta,
    english: str,
    german: str,
    doing: str,
) -> None:
    began = timezone.now()
    for name in ("ada", "bob", "cat"):
        subscribed(name)
    with at(began):
        opened(page)
        deliver()
        happens(page, ["ada", "bob"])
        deliver()
    assert told(mail, "ann") == []
    for minutes in (0, 20):
        with at(began + after + timedelta(minutes=minutes)):
            deliver()
    assert (told(mail, "ann"), told(mail, "ben")) == ([english], [german])
    assert {one for name in ("eve", "quiet", "mallory") for one in told(mail, name)} == set()
    assert CANARY not in mail.everything()
    (message,) = mail.mail("ann@example.com")
    assert "List-Unsubscribe" not in message
    for kind in ("plain", "html"):
        text = " ".join(message.get_body((kind,)).get_content().split())  # type: ignore[union-attr]
        assert doing in text
        assert f"/o/acme/p/{page.pk}/subscribers/?state=" in text
        assert "ada@" not in text
    happens_again(page, happens)
    with at(began + after + timedelta(hours=12)):
        deliver()
    assert len(told(mail, "ann")) == 1
    with at(began + after + DAY + timedelta(minutes=1)):
        deliver()
    assert len(told(mail, "ann")) == (1 if happens is few else 2)
    assert Event.objects.filter(name__startswith="team.").count() == len(told(mail, "ann"))


def happens_again(page: StatusPage, happens: Callable[[StatusPage, list[str]], None]) -> None:
    with at(timezone.now() + timedelta(hours=3)):
        happens(page, ["cat"])
        deliver()


def at(moment: datetime) -> time_machine.travel:
    return time_machine.travel(moment, tick=True)


@pytest.mark.usefixtures("team")
def test_the_team_of_a_page_that_only_some_may_read_is_told_as_well(
    page: StatusPage, subscribed: Add, mail: Sink
) -> None:
    subscribed("ada")
    update_page(page, ACTOR, page_type=PageType.TEAM)
    bounce(page, ["ada"])
    deliver()
    with at(timezone.now() + SOON):
        deliver()
    assert told(mail, "ann") == ["Addresses of Acme that do not work: 1"]


@pytest.mark.usefixtures("team", "mail")
def test_a_complaint_is_in_the_log_without_the_address_and_of_one_organisation_alone(
    page: StatusPage, subscribed: Add, globex: Tenant
) -> None:
    subscribed("ada")
    opened(page)
    deliver()
    complain(page, ["ada"])
    deliver()
    barred = Suppression.objects.get()
    assert (barred.tenant_id, barred.reason) == (_tenant(), SuppressionReason.COMPLAINED)
    event = Event.objects.get(name="address.suppressed")
    assert event.facts == {"channel": "email", "reason": "complained", "source": barred.source}
    assert [allow("email", barred.target_hash, ACTOR) for _again in range(2)] == [True, False]
    assert Event.objects.filter(name="address.allowed").count() == 1
    suppress("email", barred.target_hash, SuppressionReason.COMPLAINED, ACTOR)
    with in_tenant(globex.pk):
        assert not Event.objects.filter(name__in=["address.suppressed", *Trouble]).exists()
    second = create_page(ACTOR, name="Second", slug="second")
    with at(timezone.now() + SOON):
        deliver()
    assert not Event.objects.filter(name=Trouble.COMPLAINTS, page_id=second.pk).exists()
    assert Delivery.objects.of(globex.pk).count() == 0
    assert _sent(page.subscribers.get()).status == DeliveryStatus.ACCEPTED

"""What home says of messages at night: nothing where all is well; otherwise what is wrong, and since when."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.cache import caches
from django.utils import timezone

from common.tenancy import current_tenant_id
from dashboard.delivering import delivery
from notifications import circuits, faring, shared
from notifications.channels import email
from notifications.choices import DeliveryStatus
from notifications.models import Delivery
from outbox import heartbeat
from outbox.drain import drain_lanes
from outbox.models import Heartbeat
from outbox.registry import Lane
from pages.models import StatusPage
from tests.dashboard.conftest import Place, Visitor
from tests.mailing import Add, deliver, mail, opened, subscribed
from tests.sink import Sink

__all__ = ["mail", "subscribed"]


@pytest.fixture(autouse=True)
def running(db: None) -> None:
    """Worker and ticker were just seen, and nobody remembers anything else."""
    caches["limits"].clear()
    for name in (heartbeat.WORKER, heartbeat.TICKER):
        heartbeat.beat(name)


def _troubles(page: StatusPage) -> list[tuple[str, str]]:
    return [(one.tone, one.text) for one in delivery(page, current_tenant_id(), timezone.now()).troubles]


def _waiting(page: StatusPage, subscribed: Add, number: int) -> None:
    for one in range(number):
        subscribed(f"reader{one}")
    opened(page)
    drain_lanes(Lane.NOTIFY)


def _older(minutes: int, **also: object) -> None:
    Delivery.objects.update(created_at=timezone.now() - timedelta(minutes=minutes), **also)


def test_it_is_calm_while_all_is_well(page: StatusPage, subscribed: Add, mail: Sink) -> None:
    assert delivery(page, current_tenant_id(), timezone.now()).is_idle
    _waiting(page, subscribed, 3)
    found = delivery(page, current_tenant_id(), timezone.now())
    assert (found.is_idle, found.troubles, found.channels) == (False, [], [("E-mail", "3 waiting")])
    deliver()
    found = delivery(page, current_tenant_id(), timezone.now())
    assert (found.is_idle, found.troubles) == (True, [])
    assert found.channels == [("E-mail", "3 sent in the last hour · 3 in the last day")]


def test_while_redis_is_away_nothing_is_said_of_what_has_left(
    page: StatusPage, subscribed: Add, mail: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    _waiting(page, subscribed, 1)
    monkeypatch.setattr(shared, "_silent_until", float("inf"))
    deliver()
    found = delivery(page, current_tenant_id(), timezone.now())
    assert (found.is_idle, found.troubles, found.channels) == (True, [], [])


def test_what_waits_for_long_is_late(page: StatusPage, subscribed: Add) -> None:
    _waiting(page, subscribed, 2)
    _older(3)
    late = "E-mail is delayed. 2 messages are waiting, the oldest for 3\xa0minutes."
    assert _troubles(page) == [("warning", late)]
    # Somebody's quiet hours are no delay.
    _older(3, settings={"put_off": True}, next_attempt_at=timezone.now() + timedelta(hours=1))
    assert _troubles(page) == []


def test_a_few_retries_are_no_trouble_and_many_are(page: StatusPage, subscribed: Add) -> None:
    _waiting(page, subscribed, 12)
    tried = {"attempts": 1, "last_error": "421 SMTPServerDisconnected busy"}
    Delivery.objects.filter(pk__in=Delivery.objects.values("pk")[:3]).update(**tried)
    assert _troubles(page) == []
    Delivery.objects.update(**tried)
    said = "E-mail is delayed. 12 are tried again. The other side answers 421."
    assert _troubles(page) == [("warning", said)]


def test_services_that_fail_are_told_of(page: StatusPage, subscribed: Add, monkeypatch: object) -> None:
    _waiting(page, subscribed, 2)
    for _ in range(circuits.FAILURES):
        circuits.note_failure(email.providers()[0], timezone.now())
    ((tone, text),) = _troubles(page)
    assert tone == "error"
    assert text.startswith("E-mail is not going out: its service fails.")
    assert "2 messages are waiting" in text


def test_the_next_service_takes_over(page: StatusPage, settings: object) -> None:
    first = settings.EMAIL_PROVIDERS[0]  # type: ignore[attr-defined]
    settings.EMAIL_PROVIDERS = [first, first | {"name": "second"}]  # type: ignore[attr-defined]
    for _ in range(circuits.FAILURES):
        circuits.note_failure(first["name"], timezone.now())
    assert _troubles(page) == [("warning", "E-mail goes by the next service: the first one fails.")]


def test_what_was_given_up_leads_to_the_list(
    place: Place, subscribed: Add, visitors: dict[str, Visitor]
) -> None:
    _waiting(place.page, subscribed, 1)
    Delivery.objects.update(status=DeliveryStatus.DEAD)
    said = "E-mail: 1 message was given up in the last three days."
    assert _troubles(place.page) == [("warning", said)]
    address = f'href="{place.home}notifications/deliveries/?channel=email"'
    assert address in visitors["admin"].see(place.home)
    assert address not in visitors["viewer"].see(place.home)
    _older(5 * 24 * 60)
    assert _troubles(place.page) == []


@pytest.mark.parametrize(
    ("gone", "said"),
    [
        (heartbeat.WORKER, "Messages go out slowly: no worker runs"),
        (heartbeat.TICKER, "What waits for its time is not sent"),
        ("both", "Nothing is going out: neither a worker nor the ticker runs. Last seen: 5\xa0minutes ago."),
    ],
)
def test_who_does_the_work_is_missed(page: StatusPage, gone: str, said: str) -> None:
    rows = Heartbeat.objects.filter(name__in=["worker", "ticker"] if gone == "both" else [gone])
    rows.update(at=timezone.now() - timedelta(minutes=5))
    ((_tone, text),) = _troubles(page)
    assert text.startswith(said)


def test_another_pages_messages_are_not_this_ones(
    page: StatusPage, subscribed: Add, monkeypatch: pytest.MonkeyPatch
) -> None:
    _waiting(page, subscribed, 3)
    _older(10)
    assert faring.delivering(current_tenant_id(), "0" * 12, timezone.now()).channels == [
        one
        for one in faring.delivering("0" * 12, page.pk, timezone.now()).channels
        if not (one.waiting or one.retrying)
    ]
    monkeypatch.setattr(faring, "MOST", 2)
    monkeypatch.setattr("dashboard.delivering.MOST", 2)
    assert "More than 2 messages are waiting" in _troubles(page)[0][1]

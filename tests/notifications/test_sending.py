"""What is made of a mail server's answers, and of its silence."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from common.tenancy import current_tenant_id, in_tenant
from notifications import claims, sending
from notifications.actions import replay
from notifications.channels import email
from notifications.choices import DeliveryStatus
from notifications.models import Attempt, Delivery, Notification
from outbox.drain import drain
from pages.change import NOTIFY
from pages.models import StatusPage
from subscribers.choices import SubscriberState
from tenants.models import Tenant
from tests.mailing import Add, deliver, opened
from tests.sink import Sink

ADA = "ada@example.org"
ATTEMPTS = len(email.RETRIES) + 1


def the_delivery() -> Delivery:
    return Delivery.objects.of(current_tenant_id()).get()


def make_due() -> None:
    Delivery.objects.update(next_attempt_at=timezone.now() - timedelta(seconds=1))


@pytest.mark.parametrize(
    ("answer", "status", "state"),
    [
        ("550 5.1.1 No such user", DeliveryStatus.BOUNCED, SubscriberState.QUARANTINED),
        ("553 Bad mailbox name", DeliveryStatus.BOUNCED, SubscriberState.QUARANTINED),
        ("550 5.7.1 Blocked by policy", DeliveryStatus.FAILED, SubscriberState.ACTIVE),
        ("451 4.7.1 Greylisted", DeliveryStatus.PENDING, SubscriberState.ACTIVE),
        ("452 4.2.2 Mailbox full", DeliveryStatus.PENDING, SubscriberState.ACTIVE),
        ("421 4.3.2 Shutting down", DeliveryStatus.PENDING, SubscriberState.ACTIVE),
    ],
)
def test_a_refused_recipient(
    answer: str, status: str, state: str, page: StatusPage, subscribed: Add, mail: Sink
) -> None:
    ada, _bob = subscribed("ada"), subscribed("bob")
    mail.answers[ADA] = [answer]
    opened(page)
    deliver()
    ada.refresh_from_db()
    refused = Delivery.objects.get(subscriber_id=ada.pk)
    assert (refused.status, ada.state) == (status, state)
    assert answer.split(" ", 1)[1] in refused.last_error
    assert Attempt.objects.get(delivery=refused).code == int(answer[:3])
    assert mail.recipients == ["bob@example.org"]


@pytest.mark.parametrize(
    ("answer", "status"),
    [("554 5.7.1 Spam", DeliveryStatus.FAILED), ("451 4.3.0 Try later", DeliveryStatus.PENDING)],
)
def test_a_refused_message(answer: str, status: str, page: StatusPage, subscribed: Add, mail: Sink) -> None:
    subscribed("ada")
    mail.data_answers = [answer]
    opened(page)
    deliver()
    assert the_delivery().status == status
    assert mail.raw == []


def test_retries_wait_longer_each_time_and_end_as_dead(page: StatusPage, subscribed: Add, mail: Sink) -> None:
    subscribed("ada")
    mail.answers[ADA] = ["451 Later"] * ATTEMPTS
    opened(page)
    waits = []
    for _ in range(ATTEMPTS):
        make_due()
        before = timezone.now()
        deliver()
        waits.append((the_delivery().next_attempt_at - before).total_seconds())
    for wait, base in zip(waits[:-1], email.RETRIES, strict=True):
        assert 0.75 * base.total_seconds() <= wait <= 1.3 * base.total_seconds()
    dead = the_delivery()
    assert (dead.status, dead.attempts) == (DeliveryStatus.DEAD, ATTEMPTS)
    assert list(Attempt.objects.values_list("number", flat=True)) == list(range(1, ATTEMPTS + 1))
    make_due()
    deliver()
    assert mail.raw == []


def test_what_was_given_up_is_sent_again_under_the_same_id(
    page: StatusPage, subscribed: Add, mail: Sink, globex: Tenant
) -> None:
    subscribed("ada")
    mail.answers[ADA] = ["550 5.7.1 Blocked", "451 Later", "451 Later"]
    opened(page)
    deliver()
    failed = the_delivery()
    with in_tenant(globex.pk):
        assert replay([failed.pk]) == 0
    assert replay([failed.pk]) == 1
    for _ in range(3):
        make_due()
        deliver()
    assert the_delivery().status == DeliveryStatus.ACCEPTED
    assert mail.mail(ADA)[0]["Message-ID"] == f"<delivery-{failed.pk}@acme.localhost>"


def test_a_server_that_is_away_delays_everybody_and_loses_nobody(
    page: StatusPage, subscribed: Add, mail: Sink, settings: Any
) -> None:
    for name in ("ada", "bob", "eve"):
        subscribed(name)
    settings.EMAIL_PORT, port = 1, settings.EMAIL_PORT
    opened(page)
    deliver()
    assert Delivery.objects.all().tally() == {DeliveryStatus.PENDING: 3}
    settings.EMAIL_PORT = port
    make_due()
    deliver()
    assert Delivery.objects.all().tally() == {DeliveryStatus.ACCEPTED: 3}
    assert len(mail.recipients) == 3


def test_a_server_that_hangs_up_is_called_again(page: StatusPage, subscribed: Add, mail: Sink) -> None:
    names = [f"p{number}" for number in range(9)]
    for name in names:
        subscribed(name)
    mail.messages_per_connection = 4
    opened(page)
    for _ in range(3):
        make_due()
        deliver()
    assert mail.recipients == [f"{name}@example.org" for name in names]


def test_one_connection_carries_a_batch(page: StatusPage, subscribed: Add, mail: Sink) -> None:
    for number in range(25):
        subscribed(f"p{number}")
    opened(page)
    deliver()
    assert len(mail.raw) == 25
    assert mail.connections == 1


def test_a_message_that_cannot_be_made_does_not_stop_the_others(
    page: StatusPage, subscribed: Add, mail: Sink
) -> None:
    ada, _bob = subscribed("ada"), subscribed("bob")
    opened(page)
    drain([NOTIFY])
    Delivery.objects.filter(subscriber_id=ada.pk).update(time_zone="Nowhere/None")
    deliver()
    assert mail.recipients == ["bob@example.org"]
    broken = Delivery.objects.get(subscriber_id=ada.pk)
    assert broken.status == DeliveryStatus.PENDING
    assert "ZoneInfoNotFoundError" in broken.last_error


def test_a_lease_that_ran_out_is_taken_again_and_its_former_holder_changes_nothing(
    page: StatusPage, subscribed: Add, mail: Sink
) -> None:
    subscribed("ada")
    opened(page)
    drain([NOTIFY])
    token, (letter,) = claims.claim("email", 10, timezone.now())
    deliver()
    assert mail.raw == []
    with time_machine.travel(timezone.now() + claims.LEASE + timedelta(seconds=1)):
        deliver()
    assert mail.recipients == [ADA]
    late = sending.Outcome(letter, sending.Verdict.RETRY, timezone.now())
    assert claims.settle(token, [claims.Settled(late, DeliveryStatus.DEAD)], timezone.now()) == {}
    sent = the_delivery()
    assert (sent.status, sent.attempts) == (DeliveryStatus.ACCEPTED, 2)
    assert set(Attempt.objects.values_list("number", flat=True)) == {1, 2}


def test_a_message_that_kills_its_sender_every_time_ends_as_dead(
    page: StatusPage, subscribed: Add, mail: Sink
) -> None:
    subscribed("ada")
    opened(page)
    drain([NOTIFY])
    now = timezone.now()
    for _ in range(ATTEMPTS):
        _token, letters = claims.claim("email", 10, now)
        assert len(letters) == 1
        now += claims.LEASE + timedelta(seconds=1)
        assert claims.sweep(sending._most_attempts(), now) == 1
    assert the_delivery().status == DeliveryStatus.DEAD
    assert claims.claim("email", 10, now)[1] == []


def test_what_a_slow_batch_did_not_get_to_is_given_back_uncounted(
    page: StatusPage, subscribed: Add, mail: Sink, monkeypatch: Any
) -> None:
    for name in ("ada", "bob", "eve"):
        subscribed(name)
    monkeypatch.setattr(sending, "_LONGEST", 0.05)
    mail.delay = 0.1
    opened(page)
    drain([NOTIFY])
    sending.send_due("email", 0)
    assert sorted(Delivery.objects.values_list("status", "attempts")) == [
        (DeliveryStatus.ACCEPTED, 1),
        (DeliveryStatus.PENDING, 0),
        (DeliveryStatus.PENDING, 0),
    ]
    deliver()
    assert len(mail.recipients) == 3


def crowd(tenant_id: str, size: int, *, due: timedelta = timedelta(minutes=-1)) -> None:
    """`size` deliveries of one tenant, due for a minute unless told otherwise."""
    now = timezone.now()
    notification = Notification.objects.create(
        tenant_id=tenant_id, page_id="page", kind="incident.created", facts={}, event_at=now, created_at=now
    )
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO public.notifications_delivery
                   (notification_id, tenant_id, page_id, subscriber_id, channel, lane, target, target_hash,
                    language, time_zone, link_version, settings, status, priority, attempts, attempts_before,
                    next_attempt_at, provider, provider_message_id, last_error, created_at)
            SELECT %s, %s, %s, 's' || n, 'email', 'email', n || '@example.org', '', 'en', 'UTC', 1, '{}',
                   'pending', 0, 0, 0, %s, '', '', '', %s
              FROM generate_series(1, %s) AS n
            """,
            [notification.pk, tenant_id, "page", now + due, now, size],
        )


def test_twenty_thousand_of_one_tenant_do_not_delay_ten_of_another(acme: Any) -> None:
    """Even though the ten became due last, the first batch has every one of them."""
    crowd("whale", 20_000)
    crowd("minnow", 10)
    _token, letters = claims.claim("email", 200, timezone.now())
    mine = [one for one in letters if one.tenant_id == "minnow"]
    assert len(mine) == 10
    assert len(letters) == 110


def test_every_tenant_gets_its_turn(acme: Any) -> None:
    """More tenants than one claim serves: those that it leaves out come soon."""
    for number in range(60):
        crowd(f"tenant{number}", 30)
    seen: set[str] = set()
    for _ in range(40):
        _token, letters = claims.claim("email", 200, timezone.now())
        seen |= {one.tenant_id for one in letters}
    assert len(seen) == 60


def test_a_claim_passes_over_what_is_not_due_or_in_another_lane(acme: Any) -> None:
    crowd("early", 5, due=timedelta(hours=1))
    crowd("other", 5)
    Delivery.objects.of("other").update(lane="chat")
    assert claims.claim("email", 200, timezone.now())[1] == []


def test_finding_nothing_costs_little_however_much_waits_for_later(acme: Any) -> None:
    """The claim must not read what is not due: by the rows that the database says it touched."""
    crowd("early", 20_000, due=timedelta(hours=1))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE public.notifications_delivery")
        now, token = timezone.now(), uuid.uuid4()
        values = {
            "lane": "email",
            "limit": 200,
            "now": now,
            "tenants": 20,
            "token": token,
            "lease": claims.LEASE,
        }
        cursor.execute("EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) " + claims._CLAIM, values)
        (plan,) = cursor.fetchone()[0]
    touched = plan["Plan"]["Shared Hit Blocks"] + plan["Plan"]["Shared Read Blocks"]
    assert touched < 50


def test_deliveries_are_read_by_tenant(page: StatusPage, subscribed: Add, mail: Sink) -> None:
    subscribed("ada")
    opened(page)
    deliver()
    crowd("another tena", 3)
    assert Delivery.objects.of(current_tenant_id()).tally() == {DeliveryStatus.ACCEPTED: 1}

"""What services report of mail: only where it is proved, once, and never back."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common.tenancy import current_tenant_id
from notifications.choices import DeliveryStatus, SuppressionReason
from notifications.models import Delivery, MailReport, Suppression
from notifications.tracking_outcomes import see_to_reports
from pages.actions import create_page
from pages.models import StatusPage
from subscribers.actions import Who, add_confirmed
from subscribers.choices import SubscriberState
from tenants.models import Tenant
from tests.mailing import ACTOR, SYSTEM, Add, deliver, opened
from tests.sink import Sink

KEY = "signing key"
ADA = "ada@example.org"
MAILGUN = {"name": "mailgun", "kind": "mailgun", "options": {"api_key": "a", "webhook_signing_key": KEY}}
BREVO = {"name": "brevo", "kind": "brevo", "options": {"api_key": "a", "webhook_secret": "brevo:secret"}}
UNPROVED = {"name": "postmark", "kind": "postmark", "options": {"server_token": "a"}}
SMTP = {"name": "smtp", "kind": "smtp", "options": {}}
numbers = itertools.count(1)


@pytest.fixture
def client(settings: Any) -> Client:
    settings.EMAIL_PROVIDERS = [SMTP, MAILGUN, BREVO, UNPROVED]
    settings.APP_HOSTS = ["localhost"]
    return Client(HTTP_HOST="localhost")


@pytest.fixture
def sent(page: StatusPage, subscribed: Add, mail: Sink) -> Iterator[Delivery]:
    """One mail to ada, as if by mailgun."""
    subscribed("ada")
    opened(page)
    deliver()
    Delivery.objects.update(provider="mailgun", provider_message_id="number@example.org")
    return Delivery.objects.get()


def event(kind: str, delivery: Delivery | None, **more: Any) -> dict[str, Any]:
    return {
        "event": kind,
        "id": f"event-{next(numbers)}",
        "timestamp": time.time(),
        "recipient": ADA,
        "message": {"headers": {"message-id": "number@example.org"}},
        "user-variables": {"delivery": str(delivery.pk)} if delivery else {},
    } | more


def post(client: Client, said: dict[str, Any], key: str = KEY) -> HttpResponse:
    stamp, token = "1790000000", "t" * 50
    signature = hmac.new(key.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    body = {"signature": {"timestamp": stamp, "token": token, "signature": signature}, "event-data": said}
    return client.post("/hooks/mail/mailgun", json.dumps(body), content_type="application/json")  # type: ignore[return-value]


def report(client: Client, said: dict[str, Any]) -> None:
    """A request leaves the tenant's schema."""
    assert post(client, said).status_code == 200
    deliver()
    connection.set_tenant(Tenant.objects.get(slug="acme"))


BOUNCE = {
    "severity": "permanent",
    "reason": "bounce",
    "delivery-status": {"message": "550 5.1.1 No such user"},
}
SOFT = {"severity": "temporary", "reason": "generic", "delivery-status": {"message": "mailbox is full"}}


def test_reports_move_a_delivery_on(client: Client, sent: Delivery) -> None:
    report(client, event("delivered", sent))
    sent.refresh_from_db()
    assert (sent.status, sent.reported_at is not None) == (DeliveryStatus.DELIVERED, True)


@pytest.mark.parametrize(
    ("kinds", "status"),
    [
        (["bounced", "delivered"], DeliveryStatus.BOUNCED),
        (["delivered", "bounced"], DeliveryStatus.BOUNCED),
        (["delivered", "deferred"], DeliveryStatus.DELIVERED),
        (["deferred"], DeliveryStatus.ACCEPTED),
        (["complained", "delivered"], DeliveryStatus.DELIVERED),
        (["opened"], DeliveryStatus.ACCEPTED),
    ],
)
def test_a_status_never_steps_back(client: Client, sent: Delivery, kinds: list[str], status: str) -> None:
    details = {"bounced": ("failed", BOUNCE), "deferred": ("failed", SOFT)}
    for kind in kinds:
        name, more = details.get(kind, (kind, {}))
        report(client, event(name, sent, **more))
    sent.refresh_from_db()
    assert sent.status == status


def test_a_bounce_puts_the_address_in_quarantine(client: Client, sent: Delivery, page: StatusPage) -> None:
    report(client, event("failed", sent, **BOUNCE))
    assert page.subscribers.get().state == SubscriberState.QUARANTINED
    sent.refresh_from_db()
    assert "No such user" in sent.last_error


def test_a_complaint_ends_all_that_the_organisation_tells(
    client: Client, sent: Delivery, page: StatusPage, globex: Tenant
) -> None:
    second = create_page(ACTOR, name="Second", slug="second")
    other = add_confirmed(second, Who(ADA), SYSTEM, "test")
    report(client, event("complained", sent))
    other.refresh_from_db()
    assert page.subscribers.get().state == other.state == SubscriberState.UNSUBSCRIBED
    found = Suppression.objects.get()
    assert (found.tenant_id, found.reason) == (current_tenant_id(), SuppressionReason.COMPLAINED)


def test_the_same_report_again_changes_nothing(client: Client, sent: Delivery) -> None:
    said = event("delivered", sent)
    for _ in range(3):
        report(client, said)
    assert MailReport.objects.count() == 1


def test_without_our_number_the_services_own_is_enough(client: Client, sent: Delivery) -> None:
    report(client, event("delivered", None))
    sent.refresh_from_db()
    assert sent.status == DeliveryStatus.DELIVERED


def test_a_report_about_another_address_is_about_nothing(client: Client, sent: Delivery) -> None:
    report(client, event("failed", sent, recipient="eve@example.org", **BOUNCE))
    sent.refresh_from_db()
    assert sent.status == DeliveryStatus.ACCEPTED


def test_a_report_that_comes_before_the_sender_has_written_down_waits_for_it(
    client: Client, sent: Delivery
) -> None:
    values = {"status": "leased", "lease_token": "0" * 32, "lease_until": timezone.now()}
    Delivery.objects.update(**values)
    assert post(client, event("delivered", sent)).status_code == 200
    assert see_to_reports(1) == 0
    Delivery.objects.update(status="accepted", lease_token=None, lease_until=None)
    assert see_to_reports(1) == 1
    sent.refresh_from_db()
    assert sent.status == DeliveryStatus.DELIVERED


def test_taking_a_report_is_one_insert(client: Client, sent: Delivery) -> None:
    with CaptureQueriesContext(connection) as asked:
        post(client, event("delivered", sent))
    said = [one["sql"] for one in asked.captured_queries if not one["sql"].startswith("SET ")]
    assert len(said) == 1, said
    assert said[0].startswith('INSERT INTO "notifications_mailreport"')


def test_what_nothing_proves_is_refused(client: Client, sent: Delivery) -> None:
    assert post(client, event("delivered", sent), key="another").status_code == 403
    assert client.post("/hooks/mail/mailgun", "nothing", content_type="application/json").status_code == 403
    assert client.post("/hooks/mail/brevo", "{}", content_type="application/json").status_code == 403
    for name in ("postmark", "smtp", "unknown"):
        assert client.post(f"/hooks/mail/{name}", "{}", content_type="application/json").status_code == 404
    assert MailReport.objects.count() == 0


def test_a_secret_proves_a_service_that_does_not_sign(client: Client, sent: Delivery) -> None:
    said = {
        "event": "hard_bounce",
        "email": ADA,
        "message-id": "<number@example.org>",
        "ts_event": 1790000000,
    }
    said |= {"reason": "no such user", "X-Mailin-custom": json.dumps({"delivery": str(sent.pk)})}
    secret = base64.b64encode(b"brevo:secret").decode()
    answer = client.post(
        "/hooks/mail/brevo",
        json.dumps(said),
        content_type="application/json",
        headers={"Authorization": f"Basic {secret}"},
    )
    assert answer.status_code == 200
    deliver()
    sent.refresh_from_db()
    assert sent.status == DeliveryStatus.BOUNCED
    malformed = client.post(
        "/hooks/mail/brevo",
        "[1",
        content_type="application/json",
        headers={"Authorization": f"Basic {secret}"},
    )
    assert malformed.status_code == 400

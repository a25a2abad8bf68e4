"""SMS end to end: what is sent to a provider, and what it says back, judged by Twilio's own validator."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from email.utils import format_datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.core.cache import caches
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from standardwebhooks import Webhook
from twilio.request_validator import RequestValidator

from common.errors import Refused
from common.tenancy import in_tenant
from components.models import Component
from events.actor import SYSTEM
from incidents.actions.incident import post_update, resolve
from incidents.steps import Words
from notifications.choices import DeliveryStatus
from notifications.dry_run import dry_run
from notifications.models import Attempt, Delivery, Suppression
from notifications.sms.gateway import filled
from pages.actions import update_page
from pages.models import StatusPage
from subscribers.actions import Who, add_confirmed, subscribe
from subscribers.choices import Channel, SubscriberState
from subscribers.models import Subscriber
from tenants.models import Tenant
from tenants.sms import limit_sms
from tests.hooks import Answer, Got, Hooks, hooks
from tests.mailing import ACTOR, deliver, opened

ADA, BOB = "+491711234567", "+491721234567"
TOKEN = "twilio-secret"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ORIGIN = "http://localhost:8000"


@pytest.fixture
def twilio(settings: Any) -> Iterator[Hooks]:
    caches["limits"].clear()
    settings.EGRESS_ALLOW_NETS = ["127.0.0.0/8"]
    settings.SMS_PROVIDERS, settings.SMS_COUNTRIES = ["twilio"], ["DE"]
    settings.SMS_PRICES, settings.SMS_DAILY_CAP = {"*": Decimal("0.1")}, Decimal(50)
    settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN = "AC1", TOKEN
    settings.TWILIO_MESSAGING_SERVICE = "MG1"
    with hooks() as running:
        running.always = Answer(201, '{"sid": "SM1", "status": "queued"}')
        settings.TWILIO_API_URL = running.url("")
        yield running


def told(page: StatusPage, number: str = ADA) -> Subscriber:
    return add_confirmed(page, Who(number, Channel.SMS), SYSTEM, "test")


def sent(got: Got) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(got.raw.decode()).items()}


def texts(machine: Hooks) -> list[str]:
    return [sent(one)["Body"] for one in machine.got]


def call(url: str, form: dict[str, str], signature: str | None = None) -> HttpResponse:
    """As Twilio calls an app host."""
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    made = RequestValidator(TOKEN).compute_signature(url, form) if signature is None else signature
    schema = connection.schema_name  # type: ignore[attr-defined]
    try:
        answer = Client(enforce_csrf_checks=True).post(
            path, form, HTTP_HOST="localhost:8000", headers={"X-Twilio-Signature": made}
        )
    finally:
        connection.set_schema(schema)  # type: ignore[attr-defined]
    return answer  # type: ignore[return-value]


def says(text: str, number: str = ADA, **more: str) -> HttpResponse:
    return call(f"{ORIGIN}/hooks/sms/twilio/inbound", {"From": number, "Body": text} | more)


def test_opening_and_resolving_are_told_and_no_more(
    page: StatusPage, component: Component, twilio: Hooks
) -> None:
    told(page)
    incident = opened(page, component)
    deliver()
    post_update(page, incident, ACTOR, Words("identified", "It is the database."))
    deliver()
    resolve(page, incident, ACTOR, "It works again.")
    deliver()

    url = f"http://acme.localhost:8000/incidents/{incident.pk}"
    assert texts(twilio) == [
        f"Acme: Investigating: API is slow\n{url}",
        f"Acme: Resolved: API is slow\n{url}",
    ]
    first = twilio.got[0]
    assert first.path == "/2010-04-01/Accounts/AC1/Messages.json"
    assert first.headers["authorization"] == "Basic QUMxOnR3aWxpby1zZWNyZXQ="
    assert (sent(first)["To"], sent(first)["MessagingServiceSid"]) == (ADA, "MG1")
    assert set(Delivery.objects.values_list("status", "provider", "provider_message_id", "lane")) == {
        ("accepted", "twilio", "SM1", "sms")
    }


def test_a_page_may_tell_every_update(page: StatusPage, twilio: Hooks) -> None:
    told(page)
    update_page(page, ACTOR, sms_every_update=True)
    incident = opened(page)
    deliver()
    post_update(page, incident, ACTOR, Words("identified", "It is the database."))
    deliver()
    assert ["Identified" in one for one in texts(twilio)] == [False, True]


def test_before_it_is_published_it_is_known_what_an_sms_says_and_costs(
    page: StatusPage, twilio: Hooks
) -> None:
    told(page)
    (short,) = dry_run(page, opened)
    (long,) = dry_run(page, lambda stage: opened(stage, name="ع" * 200))
    assert short.recipients == long.recipients == {"sms": 1}
    assert short.samples["sms"].text.startswith("Acme: Investigating: API is slow\nhttp://acme")
    assert [(one.samples["sms"].segments, one.samples["sms"].cost) for one in (short, long)] == [
        (1, Decimal("0.1")),
        (2, Decimal("0.2")),
    ]
    assert twilio.got == []


@pytest.mark.parametrize(
    ("reports", "last"),
    [
        (["queued", "sent", "delivered"], DeliveryStatus.DELIVERED),
        (["delivered", "sent", "queued"], DeliveryStatus.DELIVERED),
        (["delivered", "delivered"], DeliveryStatus.DELIVERED),
        (["delivered", "failed", "undelivered"], DeliveryStatus.DELIVERED),
        (["sent", "undelivered", "sent"], DeliveryStatus.FAILED),
        (["failed", "delivered"], DeliveryStatus.FAILED),
        (["sent", "sending", "accepted"], DeliveryStatus.ACCEPTED),
    ],
)
def test_a_delivery_never_steps_back_whatever_order_reports_come_in(
    page: StatusPage, twilio: Hooks, reports: list[str], last: str
) -> None:
    told(page)
    opened(page)
    deliver()
    url = sent(twilio.got[0])["StatusCallback"]
    for status in reports:
        assert call(url, {"MessageSid": "SM1", "MessageStatus": status}).status_code == 204
    assert Delivery.objects.get().status == last


def test_reports_that_twilio_has_not_signed_change_nothing(page: StatusPage, twilio: Hooks) -> None:
    told(page)
    opened(page)
    deliver()
    url, form = sent(twilio.got[0])["StatusCallback"], {"MessageSid": "SM1", "MessageStatus": "failed"}
    good = RequestValidator(TOKEN).compute_signature(url, form)
    other = RequestValidator("other").compute_signature(url, form)
    forged = [
        call(url, form, other),
        call(url, form, ""),
        call(url, form | {"MessageSid": "SM2"}, good),
        call(f"{url}0", form, good),
        call(f"{ORIGIN}/hooks/sms/twilio/status?of=1-1.x", form),
        call(f"{ORIGIN}/hooks/sms/twilio/status", form),
    ]
    assert {one.status_code for one in forged} == {403}
    assert call(f"{ORIGIN}/hooks/sms/nobody/status", form, good).status_code == 404
    assert Delivery.objects.get().status == DeliveryStatus.ACCEPTED


def test_the_port_may_stand_in_what_is_signed(page: StatusPage, twilio: Hooks, settings: Any) -> None:
    settings.PUBLIC_SCHEME, settings.PUBLIC_PORT = "https", 443
    told(page)
    opened(page)
    deliver()
    url, form = sent(twilio.got[0])["StatusCallback"], {"MessageSid": "SM1", "MessageStatus": "delivered"}
    assert url.startswith("https://localhost/hooks/")
    with_port = url.replace("localhost", "localhost:443")
    signature = RequestValidator(TOKEN).compute_signature(with_port, form)
    assert call(url, form, signature).status_code == 204


def test_a_report_tells_what_its_sender_died_before_it_could_write(page: StatusPage, twilio: Hooks) -> None:
    told(page)
    opened(page)
    deliver()
    url = sent(twilio.got[0])["StatusCallback"]
    Delivery.objects.update(status=DeliveryStatus.PENDING, provider="", provider_message_id="")
    call(url, {"MessageSid": "SM1", "MessageStatus": "sent"})
    deliver()
    assert Delivery.objects.values_list("status", "provider_message_id").get() == ("accepted", "SM1")
    assert len(twilio.got) == 1


def test_what_an_earlier_attempt_failed_with_does_not_undo_a_later_one(
    page: StatusPage, twilio: Hooks
) -> None:
    told(page)
    opened(page)
    deliver()
    url = sent(twilio.got[0])["StatusCallback"]
    Delivery.objects.update(attempts=2)
    call(url, {"MessageSid": "SM1", "MessageStatus": "failed"})
    assert Delivery.objects.get().status == DeliveryStatus.ACCEPTED
    call(url, {"MessageSid": "SM1", "MessageStatus": "delivered"})
    assert Delivery.objects.get().status == DeliveryStatus.DELIVERED


@pytest.mark.parametrize(
    ("code", "state"), [("30005", SubscriberState.QUARANTINED), ("30007", SubscriberState.ACTIVE)]
)
def test_a_number_that_is_none_goes_into_quarantine(
    page: StatusPage, twilio: Hooks, code: str, state: str
) -> None:
    subscriber = told(page)
    opened(page)
    deliver()
    url = sent(twilio.got[0])["StatusCallback"]
    call(url, {"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": code})
    deliver()
    subscriber.refresh_from_db()
    assert subscriber.state == state


def test_stop_holds_for_everybody_until_start(page: StatusPage, twilio: Hooks, globex: Tenant) -> None:
    told(page)
    with in_tenant(globex.id):
        told(StatusPage.objects.get())
    says(" stop. ")
    incident = opened(page)
    with in_tenant(globex.id):
        opened(StatusPage.objects.get())
    deliver()
    assert twilio.got == []
    assert set(Delivery.objects.values_list("status", flat=True)) == {DeliveryStatus.SUPPRESSED}
    says("START")
    resolve(page, incident, ACTOR)
    deliver()
    assert len(twilio.got) == 1


def test_stop_holds_back_what_waits(page: StatusPage, twilio: Hooks) -> None:
    told(page)
    told(page, BOB)
    twilio.always = Answer(500)
    opened(page)
    deliver()
    says("STOP")
    found = dict(Delivery.objects.values_list("target", "status"))
    assert found == {ADA: DeliveryStatus.SUPPRESSED, BOB: DeliveryStatus.PENDING}


def test_start_takes_back_no_more_than_stop(page: StatusPage, twilio: Hooks) -> None:
    told(page)
    says("STOP")
    says("STOP")
    Suppression.objects.update(reason="manual")
    says("START")
    assert Suppression.objects.count() == 1


def test_help_names_the_page_and_whom_to_ask(page: StatusPage, twilio: Hooks) -> None:
    update_page(page, ACTOR, support_url="mailto:help@acme.example", name="Acme & Sons")
    told(page)
    opened(page)
    deliver()
    answer = says("Help").content.decode()
    assert "<Message>Acme &amp; Sons: " in answer
    assert "help@acme.example" in answer
    assert "<Message>" not in says("HELP", OptOutType="HELP").content.decode()
    assert "<Message>" not in says("What is going on?").content.decode()
    assert "<Message>" not in says("STOP").content.decode()


def test_a_number_that_twilio_knows_as_opted_out_is_written_to_no_more(
    page: StatusPage, twilio: Hooks
) -> None:
    told(page)
    twilio.always = Answer(400, '{"code": 21610, "status": 400}')
    incident = opened(page)
    deliver()
    assert Delivery.objects.get().status == DeliveryStatus.SUPPRESSED
    resolve(page, incident, ACTOR)
    deliver()
    assert len(twilio.got) == 1


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (Answer(400, '{"code": 21614}'), DeliveryStatus.BOUNCED),
        (Answer(400, '{"code": 21408}'), DeliveryStatus.FAILED),
        (Answer(400, '{"code": 21606}'), DeliveryStatus.PENDING),
        (Answer(401, '{"code": 20003}'), DeliveryStatus.PENDING),
        (Answer(429, '{"code": 20429}'), DeliveryStatus.PENDING),
        (Answer(500, "<html>"), DeliveryStatus.PENDING),
    ],
)
def test_a_refusal_is_tried_again_where_that_may_help(
    page: StatusPage, twilio: Hooks, answer: Answer, status: str
) -> None:
    told(page)
    twilio.always = answer
    opened(page)
    deliver()
    assert Delivery.objects.get().status == status


def test_an_organisation_spends_no_more_than_its_cap(
    page: StatusPage, twilio: Hooks, settings: Any, globex: Tenant
) -> None:
    settings.SMS_DAILY_CAP = Decimal("0.3")
    for number in range(5):
        told(page, f"+4917112345{number}0")
    opened(page)
    with in_tenant(globex.id):
        globex_page = StatusPage.objects.get()
        told(globex_page, BOB)
        opened(globex_page)
    deliver()
    mine = Delivery.objects.filter(page_id=page.pk)
    assert mine.tally() == {"accepted": 3, "failed": 2}
    assert set(Attempt.objects.filter(status="failed").values_list("error", flat=True)) == {"DailyCapReached"}
    assert Delivery.objects.filter(page_id=globex_page.pk).tally() == {"accepted": 1}
    with time_machine.travel(timezone.now() + timedelta(days=1), tick=True):
        opened(page, name="Another day")
        deliver()
    assert mine.tally() == {"accepted": 6, "failed": 4}


def test_an_organisation_may_set_less(page: StatusPage, twilio: Hooks, acme: Tenant, globex: Tenant) -> None:
    limit_sms(globex, ACTOR, [], Decimal("0.1"))
    for number in (ADA, BOB):
        told(page, number)
        with in_tenant(globex.id):
            told(StatusPage.objects.get(), number)
    opened(page)
    with in_tenant(globex.id):
        theirs = StatusPage.objects.get()
        opened(theirs)
    deliver()
    assert Delivery.objects.filter(page_id=page.pk).tally() == {"accepted": 2}
    assert Delivery.objects.filter(page_id=theirs.pk).tally() == {"accepted": 1, "failed": 1}


def test_a_country_that_an_organisation_closed_gets_nothing_and_subscribes_nobody(
    page: StatusPage, twilio: Hooks, settings: Any, acme: Tenant
) -> None:
    settings.SMS_COUNTRIES = ["DE", "AT"]
    told(page)
    limit_sms(acme, ACTOR, ["AT"], None)
    opened(page)
    deliver()
    assert Attempt.objects.get().error == "CountryNotAllowed"
    with pytest.raises(Refused, match="no SMS to numbers of this country"):
        subscribe(page, Who(BOB, Channel.SMS), SYSTEM)
    subscribe(page, Who("+436641234567", Channel.SMS), SYSTEM)


@pytest.mark.parametrize(
    ("answer", "posted", "status"),
    [
        (Answer(200, "the words"), 1, "accepted"),
        (Answer(200, "other words"), 2, "accepted"),
        (Answer(200, "too long ago"), 2, "accepted"),
        (Answer(200, '{"messages": []}'), 2, "accepted"),
        (Answer(500), 1, "pending"),
        (Answer(200, "<html>"), 1, "pending"),
    ],
)
def test_where_an_answer_was_lost_twilio_is_asked_before_it_is_sent_again(
    page: StatusPage, twilio: Hooks, answer: Answer, posted: int, status: str
) -> None:
    told(page)
    twilio.answers = [Answer(0)]
    opened(page)
    deliver()
    assert Attempt.objects.get().error == "Unreachable"
    twilio.looked_up = answer_of(answer, sent(twilio.got[0])["Body"])
    with time_machine.travel(timezone.now() + timedelta(minutes=1), tick=True):
        deliver()
    asked = [one for one in twilio.got if one.raw == b""]
    assert [urlsplit(one.path).query for one in asked] == [f"To=%2B{ADA[1:]}&PageSize=20"]
    assert len(twilio.got) - len(asked) == posted
    assert Delivery.objects.get().status == status
    if answer.body == "the words":
        assert Delivery.objects.get().provider_message_id == "SM7"


def answer_of(answer: Answer, text: str) -> Answer:
    """As Twilio lists messages: newest first, with the time as in mail."""
    age = timedelta(hours=1 if answer.body == "too long ago" else 0)
    body = text if answer.body in ("the words", "too long ago") else answer.body
    made = format_datetime(timezone.now() - age)
    listed = [{"sid": "SM9", "body": "Something else.", "date_created": made}]
    listed += [{"sid": "SM7", "body": body, "date_created": made}]
    if answer.body in ("the words", "other words", "too long ago"):
        return Answer(200, json.dumps({"messages": listed}))
    return answer


def test_a_message_of_another_delivery_is_not_taken_for_the_lost_one(page: StatusPage, twilio: Hooks) -> None:
    """Two messages of the same words: the first was taken, the answer to the second was lost."""
    told(page)
    update_page(page, ACTOR, sms_every_update=True)
    incident = opened(page)
    deliver()
    text = sent(twilio.got[0])["Body"]
    Delivery.objects.update(provider_message_id="SM7")
    twilio.answers = [Answer(0)]
    post_update(page, incident, ACTOR, Words("investigating", "Still looking."))
    deliver()
    twilio.looked_up = answer_of(Answer(200, "the words"), text)
    with time_machine.travel(timezone.now() + timedelta(minutes=1), tick=True):
        deliver()
    assert len(texts_posted(twilio)) == 3


def texts_posted(machine: Hooks) -> list[str]:
    return [sent(one)["Body"] for one in machine.got if one.raw]


def test_a_gateway_is_asked_by_our_own_id(page: StatusPage, twilio: Hooks, settings: Any) -> None:
    settings.SMS_PROVIDERS = ["gateway"]
    settings.SMS_GATEWAY_URL = twilio.url("/send")
    settings.SMS_GATEWAY_BODY, settings.SMS_GATEWAY_SECRET = '{"to": "{to}"}', SECRET
    settings.SMS_GATEWAY_LOOKUP_URL = twilio.url("/messages?reference={id}")
    told(page)
    twilio.answers = [Answer(0)]
    opened(page)
    deliver()
    twilio.looked_up = Answer(200, '{"id": "42"}')
    with time_machine.travel(timezone.now() + timedelta(minutes=1), tick=True):
        deliver()
    found = Delivery.objects.get()
    assert (found.status, found.provider_message_id) == ("accepted", "42")
    assert [one.path for one in twilio.got] == ["/send", f"/messages?reference=sms-{found.pk}"]


def test_what_was_refused_is_not_counted_as_spent(page: StatusPage, twilio: Hooks, settings: Any) -> None:
    settings.SMS_DAILY_CAP = Decimal("0.1")
    told(page)
    twilio.always = Answer(400, '{"code": 21408}')
    opened(page)
    deliver()
    twilio.always = Answer(201, '{"sid": "SM2"}')
    opened(page, name="Another one")
    deliver()
    assert sorted(Delivery.objects.values_list("status", flat=True)) == ["accepted", "failed"]


def test_nothing_is_spent_while_nothing_can_be_counted(
    page: StatusPage, twilio: Hooks, settings: Any, monkeypatch: Any
) -> None:
    told(page)
    # Afterwards this process leaves Redis alone for no longer.
    monkeypatch.setattr("notifications.shared._silent_until", 0.0)
    settings.CACHES = settings.CACHES | {
        "limits": settings.CACHES["limits"] | {"LOCATION": "redis://127.0.0.1:1/0"}
    }
    opened(page)
    deliver()
    assert twilio.got == []
    assert Delivery.objects.get().status == DeliveryStatus.PENDING
    assert Attempt.objects.get().error == "NotCounting"


def test_a_country_that_is_closed_since_gets_nothing(page: StatusPage, twilio: Hooks, settings: Any) -> None:
    told(page)
    settings.SMS_COUNTRIES = ["AT"]
    opened(page)
    deliver()
    assert twilio.got == []
    assert Attempt.objects.get().error == "CountryNotAllowed"


def test_the_second_provider_takes_over_and_signs_as_standard_webhooks(
    page: StatusPage, twilio: Hooks, settings: Any
) -> None:
    settings.SMS_PROVIDERS = ["twilio", "gateway"]
    with hooks() as gateway:
        settings.SMS_GATEWAY_URL = gateway.url("/send")
        settings.SMS_GATEWAY_BODY = '{"to": "{to}", "message": {"text": "{text}"}, "report": "{callback}"}'
        settings.SMS_GATEWAY_AUTHORIZATION = "Bearer key"
        settings.SMS_GATEWAY_SECRET = SECRET
        settings.SMS_GATEWAY_ID = "messages.0.id"
        gateway.always = Answer(200, '{"messages": [{"id": 7}]}')
        twilio.always = Answer(503)
        for number in range(6):
            told(page, f"+4917112345{number}0")
        opened(page, name='He said "no" to {to}')
        deliver()
        told(page)
        opened(page, name='"{to}"')
        deliver()
        body = gateway.got[-1].body
    assert 'Investigating: "{to}"' in body["message"]["text"]
    assert gateway.got[-1].headers["authorization"] == "Bearer key"
    last = Delivery.objects.get(provider="gateway", target=body["to"], provider_message_id="7")
    assert _gateway_says(body["report"], {"id": "7", "status": "delivered"}) == 204
    last.refresh_from_db()
    assert last.status == DeliveryStatus.DELIVERED


def _gateway_says(
    url: str, said: dict[str, str], age: timedelta = timedelta(), body: str = "", **changed: str
) -> int:
    """As a gateway calls an app host; `changed`: headers, and `body`, on the way."""
    parts, signed = urlsplit(url), json.dumps(said)
    now = timezone.now() - age
    headers = {
        "webhook-id": "m1",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("m1", now, signed),
    }
    schema = connection.schema_name  # type: ignore[attr-defined]
    try:
        answer = Client().post(
            f"{parts.path}?{parts.query}",
            body or signed,
            "application/json",
            HTTP_HOST="localhost",
            headers=headers | changed,
        )
    finally:
        connection.set_schema(schema)  # type: ignore[attr-defined]
    return answer.status_code


def test_without_a_provider_messages_wait_for_one(page: StatusPage, twilio: Hooks, settings: Any) -> None:
    subscribe(page, Who(ADA, Channel.SMS), SYSTEM)
    settings.SMS_PROVIDERS = []
    deliver()
    assert Delivery.objects.get().status == DeliveryStatus.PENDING


@pytest.fixture
def gateway(settings: Any) -> str:
    """Where the gateway says what became of the only delivery."""
    settings.SMS_PROVIDERS, settings.SMS_COUNTRIES = ["gateway"], ["DE"]
    settings.SMS_GATEWAY_URL, settings.SMS_GATEWAY_BODY = "https://sms.example/", "{to}"
    settings.SMS_GATEWAY_SECRET = SECRET
    return f"{ORIGIN}/hooks/sms/gateway/inbound"


def test_a_gateway_may_say_stop_start_and_help(page: StatusPage, gateway: str, settings: Any) -> None:
    assert _gateway_says(gateway, {"from": ADA, "text": "Stop"}) == 200
    assert Suppression.objects.values_list("tenant_id", "reason").get() == (None, "opted_out")
    assert _gateway_says(gateway, {"from": ADA, "text": "start"}) == 200
    assert not Suppression.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": ""},
        {"webhook-id": "m2"},
        {"webhook-timestamp": "1"},
        {"webhook-timestamp": "soon"},
        {"body": '{"from": "+491721234567", "text": "STOP"}'},
    ],
)
def test_what_a_gateway_has_not_signed_now_stops_nobody(
    page: StatusPage, gateway: str, change: dict[str, str]
) -> None:
    assert _gateway_says(gateway, {"from": ADA, "text": "STOP"}, **change) == 403
    assert not Suppression.objects.exists()


@pytest.mark.parametrize("age", [timedelta(minutes=6), timedelta(minutes=-6)])
def test_what_a_gateway_signed_long_ago_counts_no_more(
    page: StatusPage, gateway: str, age: timedelta
) -> None:
    assert _gateway_says(gateway, {"from": ADA, "text": "STOP"}, age) == 403


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("application/json", '{"to": "+49", "text": "a \\"b\\" {to}\\n&c=d"}'),
        ("application/x-www-form-urlencoded", "to=%2B49&text=a+%22b%22+%7Bto%7D%0A%26c%3Dd"),
    ],
)
def test_nothing_that_is_said_leaves_its_place_in_a_template(kind: str, body: str) -> None:
    template = '{"to": "{to}", "text": "{text}"}' if "json" in kind else "to={to}&text={text}"
    assert filled(template, {"to": "+49", "text": 'a "b" {to}\n&c=d'}, kind) == body

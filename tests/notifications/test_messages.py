"""What mail says, as Python's own parser reads it."""

from __future__ import annotations

from email.message import EmailMessage
from email.utils import parseaddr

from components.actions import create_component
from components.models import Component
from incidents.actions.incident import post_update, resolve
from incidents.models import Incident, IncidentUpdate
from incidents.steps import Words
from notifications.models import Delivery
from pages.actions import update_page
from pages.models import StatusPage
from subscribers.links import Purpose, read
from tests.conftest import CANARY
from tests.mailing import ACTOR, Add, deliver, opened
from tests.sink import Sink

ADA = "ada@example.org"


def parts(message: EmailMessage) -> tuple[str, str]:
    text, html = message.get_body(("plain",)), message.get_body(("html",))
    assert text is not None
    assert html is not None
    return str(text.get_content()), str(html.get_content())


def test_mail_says_what_happened_in_text_and_html(
    page: StatusPage, component: Component, subscribed: Add, mail: Sink
) -> None:
    subscribed("ada")
    incident = opened(page, component)
    deliver()
    (message,) = mail.mail(ADA)
    text, html = parts(message)
    assert message["Subject"] == "Investigating: API is slow"
    assert message.get_content_type() == "multipart/alternative"
    for part in (text, html):
        assert f"http://acme.localhost:8000/incidents/{incident.pk}" in part
        assert "Major outage" in part
    assert "We are looking into slow answers." in text
    assert "<strong>slow</strong>" in html
    assert "CET" in text or "CEST" in text


def test_headers_let_programs_sort_thread_and_leave(page: StatusPage, subscribed: Add, mail: Sink) -> None:
    ada = subscribed("ada")
    incident = opened(page)
    post_update(page, incident, ACTOR, Words("identified", "Found it."))
    deliver()
    first, second = mail.mail(ADA)
    assert parseaddr(first["From"]) == ("Acme", "status@example.org")
    assert first["To"] == ADA
    assert first["Auto-Submitted"] == "auto-generated"
    assert first["List-Id"] == f"Acme <{page.pk}.acme.localhost>"
    assert first["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = first["List-Unsubscribe"].strip(" <>")
    token = url.removeprefix("http://acme.localhost:8000/subscriptions/").removesuffix("/unsubscribe")
    assert read(token, Purpose.LEAVE, page.pk).subscriber_id == ada.pk
    assert first["References"] == second["References"] == f"<incident-{incident.pk}@acme.localhost>"
    assert first["Message-ID"] != second["Message-ID"]
    ids = {f"<delivery-{pk}@acme.localhost>" for pk in Delivery.objects.values_list("pk", flat=True)}
    assert {first["Message-ID"], second["Message-ID"]} == ids


def test_each_recipient_gets_links_of_their_own(page: StatusPage, subscribed: Add, mail: Sink) -> None:
    people = {name: subscribed(name) for name in ("ada", "bob")}
    opened(page)
    deliver()
    for name, subscriber in people.items():
        (message,) = mail.mail(f"{name}@example.org")
        other = people["bob" if name == "ada" else "ada"]
        for part in parts(message):
            assert subscriber.pk in part
            assert other.pk not in part
            assert ".invalid" not in part


def test_mail_is_made_of_the_facts_of_the_event_and_nothing_that_came_later(
    page: StatusPage, component: Component, subscribed: Add, mail: Sink
) -> None:
    subscribed("ada")
    incident = opened(page, component)
    Incident.objects.filter(pk=incident.pk).update(name="POISON name", status="identified", impact="none")
    IncidentUpdate.objects.filter(incident=incident).update(body="POISON body")
    Component.objects.filter(pk=component.pk).update(name="POISON component")
    StatusPage.objects.filter(pk=page.pk).update(name="POISON page", primary_host="poison.localhost")
    deliver()
    assert len(mail.raw) == 1
    assert "API is slow" in mail.everything()
    assert "poison" not in mail.everything().lower()


def test_what_somebody_wrote_cannot_become_markup_or_headers(
    page: StatusPage, subscribed: Add, mail: Sink
) -> None:
    page = update_page(page, ACTOR, name='Ac"me <b>& Söhne')
    subscribed("ada")
    component = create_component(page, ACTOR, name="<img src=x onerror=alert(1)>")
    opened(page, component, name="Slow\r\nBcc: eve@example.org <script>alert(1)</script>")
    deliver()
    (message,) = mail.mail(ADA)
    assert message["Bcc"] is None
    assert message["Subject"] == "Investigating: Slow Bcc: eve@example.org <script>alert(1)</script>"
    _text, html = parts(message)
    assert "<script>" not in html
    assert "<img" not in html
    assert parseaddr(str(message["From"]))[1] == "status@example.org"
    assert str(message["List-Id"]).endswith(f"<{page.pk}.acme.localhost>")


def test_restricted_components_stay_out_of_mail(page: StatusPage, subscribed: Add, mail: Sink) -> None:
    subscribed("ada")
    secret = create_component(page, ACTOR, name="Secret vault", restricted=True)
    shown = create_component(page, ACTOR, name="API")
    opened(page, secret, name="Only about the vault")
    both = {secret.pk: "major_outage", shown.pk: "degraded_performance"}
    post_update(page, opened(page, shown, name="Both"), ACTOR, Words("identified", "Found.", components=both))
    deliver()
    assert {str(one["Subject"]) for one in mail.mail(ADA)} == {"Investigating: Both", "Identified: Both"}
    assert "vault" not in mail.everything().lower()


def test_times_are_in_the_recipients_zone(page: StatusPage, subscribed: Add, mail: Sink) -> None:
    for name, zone in (("ada", "Asia/Tokyo"), ("bob", "Europe/Berlin")):
        ada = subscribed(name)
        ada.time_zone = zone
        ada.save(update_fields=["time_zone"])
    opened(page)
    deliver()
    assert "JST" in parts(mail.mail(ADA)[0])[0]
    assert "JST" not in parts(mail.mail("bob@example.org")[0])[0]


def test_nothing_of_another_tenant_is_ever_in_mail(
    page: StatusPage, component: Component, subscribed: Add, mail: Sink, globex: object
) -> None:
    subscribed("ada")
    resolve(page, opened(page, component), ACTOR)
    deliver()
    assert len(mail.raw) == 2
    assert CANARY not in mail.everything()
    assert "globex" not in mail.everything().lower()

"""From an incident to mail, through a real mail server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from components.models import Component
from incidents.actions.incident import open_incident, resolve
from incidents.models import Incident
from incidents.steps import Words
from notifications.models import Attempt, Delivery, Notification
from pages.models import StatusPage
from subscribers.models import Subscriber
from tenants.models import Tenant
from tests.conftest import ACTOR, CANARY
from tests.notifications.conftest import deliver
from tests.sink import Sink

Add = Callable[..., Subscriber]


def opened(page: StatusPage, component: Component, **more: Any) -> Incident:
    words = Words(
        "investigating", "We are looking into **slow** answers.", components={component.pk: "major_outage"}
    )
    return open_incident(page, ACTOR, words, name="API is slow", **more)


def test_a_confirmed_subscriber_gets_mail_about_an_incident(
    page: StatusPage, component: Component, subscribed: Add, mail: Sink
) -> None:
    subscribed("ada")
    incident = opened(page, component)
    deliver()
    (message,) = mail.mail("ada@example.org")
    assert message["Subject"] == "Investigating: API is slow"
    text = message.get_body(("plain",)).get_content()
    html = message.get_body(("html",)).get_content()
    for part in (text, html):
        assert f"http://acme.localhost:8000/incidents/{incident.pk}" in part
        assert "Major outage" in part
    print(text)
    assert "We are looking into slow answers." in text
    assert "<strong>slow</strong>" in html

"""A mail server that the product is set to use, and people who subscribed to acme's page."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
from django.core.cache import caches

from common.tenancy import current_tenant_id
from components.models import Component
from events.actor import SYSTEM, Actor, ActorKind
from incidents.actions.incident import open_incident
from incidents.models import Incident
from incidents.steps import Words
from outbox.drain import drain_lanes
from outbox.queue import put
from outbox.registry import SENDING, Lane
from pages.models import StatusPage
from subscribers.actions import RATE, RATE_AFTER, Who, add_confirmed
from subscribers.addresses import address_hash
from subscribers.choices import Channel
from subscribers.models import Subscriber
from subscribers.wishes import Wish
from tests.sink import Sink, sink

ACTOR = Actor(ActorKind.USER, "tester")
Add = Callable[..., Subscriber]


@pytest.fixture
def mail(settings: Any) -> Iterator[Sink]:
    # What a former test made of its mail server says nothing of this one.
    caches["limits"].clear()
    with sink() as running:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        settings.DEFAULT_FROM_EMAIL = "Status <status@example.org>"
        yield running


@pytest.fixture
def subscribed(page: StatusPage) -> Add:
    """Adds somebody to the page: `subscribed("ada", scope=…)` is ada@example.org."""

    def add(name: str, **wish: Any) -> Subscriber:
        return add_confirmed(page, Who(f"{name}@example.org"), SYSTEM, "test", Wish(**wish))

    return add


def unanswered(page: StatusPage, number: int, asked_at: datetime) -> None:
    """So many who asked to be told then, and have not confirmed."""
    addresses = [f"p{one}@example.org" for one in range(number)]
    Subscriber.objects.bulk_create(
        Subscriber(
            page=page,
            address=one,
            address_hash=address_hash(Channel.EMAIL, one),
            created_at=asked_at,
            updated_at=asked_at,
            asked_at=asked_at,
        )
        for one in addresses
    )
    put(RATE, current_tenant_id(), [page.pk], due_at=asked_at + RATE_AFTER)


def opened(
    page: StatusPage, component: Component | None = None, status: str = "major_outage", **more: Any
) -> Incident:
    """An incident called “API is slow”, about a component or the whole page."""
    told = {component.pk: status} if component else {}
    words = Words("investigating", "We are looking into **slow** answers.", components=told)
    return open_incident(page, ACTOR, words, **({"name": "API is slow"} | more))


def deliver() -> None:
    """Do what is due, as a worker does."""
    drain_lanes(Lane.NOTIFY, *SENDING)

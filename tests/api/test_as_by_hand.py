"""What a key does is what a person does in the admin: the same events, documents and messages."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from common.tenancy import in_tenant
from components.models import Component
from events.actor import SYSTEM
from events.models import Event
from incidents.models import Incident, IncidentUpdate
from notifications.models import Delivery
from outbox.drain import drain
from pages.change import NOTIFY
from pages.models import StatusPage
from subscribers.actions import Who, add_confirmed
from subscribers.choices import Channel
from tenants.models import Tenant, User
from tests.admin.browser import Browser
from tests.api.conftest import Machine
from tests.api.undoing import undone
from tests.publishing.published import fresh_build

_WORD = "Nothing works."
_OVER = "It works again."


def seen(acme: Tenant, page: StatusPage) -> dict[str, Any]:
    """All that followed from what was done, with ids by what they stand for."""
    with in_tenant(acme.pk):
        drain([NOTIFY])
        incident = Incident.objects.get()
        updates = IncidentUpdate.objects.order_by("created_at", "status").values_list("pk", flat=True)
        ids = {incident.pk: "INCIDENT"} | {pk: f"UPDATE{number}" for number, pk in enumerate(updates)}
        events = Event.objects.filter(page_id=page.pk, version__gt=page.version).order_by("pk")
        found = {
            "events": [[one.name, one.version, one.notify, one.indicator, one.facts] for one in events],
            "documents": {path: body.decode("latin-1") for path, body in fresh_build(page).items()},
            "deliveries": sorted(
                Delivery.objects.of(acme.pk).values_list("subscriber_id", "notification__kind", "status")
            ),
        }
    text = json.dumps(found, sort_keys=True, default=str)
    for pk, name in ids.items():
        text = text.replace(pk, name)
    read: dict[str, Any] = json.loads(text)
    return read


@pytest.mark.parametrize("resolved", [False, True])
def test_a_key_does_what_a_person_does(
    api: Machine, owner: User, acme: Tenant, page: StatusPage, component: Component, resolved: bool
) -> None:
    add_confirmed(page, Who("ada@example.org"), SYSTEM, "test")
    add_confirmed(page, Who("https://hooks.example.org/a", Channel.WEBHOOK), SYSTEM, "test")
    page.refresh_from_db()
    editor = Browser(owner)

    def by_key() -> None:
        fields = {"name": "Down", "body": _WORD, "components": {component.pk: "major_outage"}}
        made = api.post("/incidents", {"incident": fields}).json
        if resolved:
            clock.shift(60)
            over = {"status": "resolved", "body": _OVER, "auto_transition_to_operational_state": True}
            assert api.patch(f"/incidents/{made['id']}", {"incident": over}).status == 200

    def by_hand() -> None:
        add = "/o/acme/admin/incidents/incident/add/"
        there = editor.send(add, name="Down", body=_WORD, **{f"statuses-{component.pk}": "major_outage"})
        if resolved:
            clock.shift(60)
            editor.send(there["Location"], status="resolved", body=_OVER)

    now = timezone.now()
    with time_machine.travel(now, tick=False) as clock:
        by_a_key = outcome(by_key, acme, page)
        clock.move_to(now, tick=False)
        assert by_a_key == outcome(by_hand, acme, page)


def outcome(act: Callable[[], None], acme: Tenant, page: StatusPage) -> dict[str, Any]:
    with undone():
        act()
        found = seen(acme, page)
    assert found["events"]
    assert found["deliveries"]
    return found

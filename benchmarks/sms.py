"""SMS by an HTTP gateway: counted, made, posted and written down, beside a bare client."""

from __future__ import annotations

from decimal import Decimal

import uvloop
from django.conf import settings

from benchmarks.deliveries import all_accepted
from benchmarks.expand import expand_all, fill
from benchmarks.figures import Table, Took, measured
from benchmarks.machines import machines
from benchmarks.made import migrate
from benchmarks.webhooks import bare, each
from common.tenancy import in_tenant
from events.actor import SYSTEM
from events.models import Event
from incidents.actions.incident import open_incident
from incidents.steps import Words
from notifications.sending import send_due
from pages.actions import create_page
from statuspage.celery import spare_the_collector
from subscribers.actions import Who
from subscribers.choices import Channel
from tenants.actions import create_tenant

MANY, FEW = 10_000, 2_000
_LANE, _LONGEST, _WITHIN = "sms", 600.0, 60.0
# German mobile numbers.
_FIRST, _NUMBER = Who("+4915110000001", Channel.SMS), "'+49151' || 10000000 + n"


def measure(*options: str) -> None:
    size = FEW if "--quick" in options else MANY
    migrate()
    spare_the_collector()
    with machines(1, '{"id": "1"}') as (gateway,):
        _use(gateway)
        body = b'{"to": "+4915112345678", "text": "' + b"x" * 140 + b'"}'
        reference = each(measured(lambda: uvloop.run(bare([gateway], body, size))), size)
        took = each(_told(size), size)
        all_accepted(size)
    table = Table(f"{size:,} SMS, by the time for each 10,000; CPU of this process alone")
    table.time("reference: bare pooled aiohttp", reference)
    table.time("from the commit until the last was taken", took, reference=reference.wall, aim=_WITHIN)
    table.count("CPU as many times as the reference's", f"{took.cpu / reference.cpu:.2f}")


def _told(size: int) -> Took:
    """Of an incident: found, counted, claimed, posted and written down, by one process."""
    tenant = create_tenant("Crowd", "crowd")
    with in_tenant(tenant.id):
        page = create_page(SYSTEM, name="Crowd", slug="crowd", published=True)
        fill(page, size, _FIRST, _NUMBER)
        open_incident(page, SYSTEM, Words("investigating", "We are looking."), name="Slow answers")
        event = Event.objects.get(name="incident.created")

    def tell() -> None:
        with in_tenant(tenant.id):
            expand_all(tenant.id, event)
        send_due(_LANE, _LONGEST)

    return measured(tell)


def _use(gateway: str) -> None:
    settings.EGRESS_ALLOW_NETS = ["127.0.0.0/8"]
    settings.SMS_PROVIDERS, settings.SMS_COUNTRIES = ["gateway"], ["DE"]
    settings.SMS_DAILY_CAP = Decimal(1_000_000)
    settings.SMS_GATEWAY_URL = f"{gateway}/messages"
    settings.SMS_GATEWAY_BODY = '{"to": "{to}", "text": "{text}", "callback": "{callback}"}'
    settings.SMS_GATEWAY_SECRET = "whsec_" + "c2VjcmV0" * 6

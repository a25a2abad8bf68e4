"""Signed webhooks to one machine and to a thousand: made, posted and written down, beside a bare client."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import aiohttp
import uvloop
from django.conf import settings
from django.db import connection
from django.utils import timezone

from benchmarks.deliveries import all_accepted, crowd
from benchmarks.figures import Table, Took, measured
from benchmarks.machines import machines
from benchmarks.made import migrate
from common.tenancy import in_tenant
from events.actor import SYSTEM
from events.models import Event
from incidents.actions.incident import open_incident
from incidents.steps import Words
from notifications import claims, signing
from notifications.expansion import drafted
from notifications.models import Notification
from notifications.sending import send_due
from notifications.webhooks import Payloads
from pages.actions import create_page
from statuspage.celery import spare_the_collector
from tenants.actions import create_tenant

MANY, FEW = 100_000, 5_000
_LANE, _LONGEST = "chat", 1200.0
_TOGETHER = 100
_HALF = 2.0


def measure(*options: str) -> None:
    size = FEW if "--quick" in options else MANY
    migrate()
    settings.EGRESS_ALLOW_NETS = ["127.0.0.0/8"]
    told = _told()
    spare_the_collector()
    with machines(1_000) as hosts:
        body = _body(told, hosts[0])
        signed = signing.headers("delivery-1", body, "1" * 12, {}, timezone.now())
        reference = each(measured(lambda: uvloop.run(bare(hosts[:1], body, size, **signed))), size)
        # Whoever is asked for the first time has to be connected to.
        references = each(measured(lambda: uvloop.run(bare(hosts, body, size, **signed))), size)
        one = _sent(told, hosts[:1], size)
        thousand = _sent(told, hosts, size)
    table = Table(f"{size:,} webhooks, by the time for each 10,000; CPU of this process alone")
    table.time("reference: bare pooled aiohttp, one machine", reference)
    table.time("one machine", one, reference=reference.wall, aim=_HALF * reference.wall)
    table.time("reference: bare pooled aiohttp, 1,000 machines", references)
    table.time("1,000 machines", thousand, reference=references.wall, aim=_HALF * references.wall)
    table.count("a second, to one machine", f"{10_000 / one.wall:,.0f}")
    table.count("CPU as many times as the reference's, one machine", f"{one.cpu / reference.cpu:.2f}")
    table.count("the same, 1,000 machines", f"{thousand.cpu / references.cpu:.2f}")


def _told() -> Notification:
    """What a page with a few components tells of an incident."""
    with in_tenant(create_tenant("Crowd", "crowd").id):
        page = create_page(SYSTEM, name="Crowd", slug="crowd", published=True)
        open_incident(page, SYSTEM, Words("investigating", "We are looking. " * 20), name="Slow answers")
        told = drafted(Event.objects.get(name="incident.created"))
        told.save()
    return told


def _body(told: Notification, host: str) -> bytes:
    """What one machine is told."""
    crowd(1, "webhook", _LANE, f"{host}/#", told)
    _token, (letter,) = claims.claim(_LANE, 1, timezone.now())
    return Payloads().of(letter)


def _sent(told: Notification, hosts: Sequence[str], size: int) -> Took:
    crowd(size, "webhook", _LANE, f"{hosts[0]}/#", told)
    if len(hosts) > 1:
        _spread(hosts)
    took = measured(lambda: send_due(_LANE, _LONGEST))
    all_accepted(size)
    return each(took, size)


def _spread(hosts: Sequence[str]) -> None:
    """Each machine gets as many as any other."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE public.notifications_delivery SET target = (%s::text[])[1 + id %% %s] || '/' || id",
            [list(hosts), len(hosts)],
        )
        cursor.execute("VACUUM ANALYZE public.notifications_delivery")


async def bare(hosts: Sequence[str], body: bytes, size: int, **more: str) -> None:
    """The same requests in the same loop, with so many headers `more`, each to an address of its own, over as
    many connections as we would have open; nothing is signed, asked or written down."""
    left = iter(range(size))
    headers = {"Content-Type": "application/json"} | more

    async def work(session: aiohttp.ClientSession) -> None:
        for number in left:
            url = f"{hosts[number % len(hosts)]}/{number}"
            async with session.post(url, data=body, headers=headers) as answer:
                await answer.read()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:
        await asyncio.gather(*(work(session) for _ in range(_TOGETHER)))


def each(took: Took, number: int) -> Took:
    """For 10,000."""
    return Took(took.wall * 10_000 / number, took.cpu * 10_000 / number)

"""From one event to a delivery for each of a million subscribers, beside a bare INSERT … SELECT."""

from __future__ import annotations

import resource
from statistics import mean
from typing import Any

from django.db import connection
from django.utils import timezone

from benchmarks.figures import Table, Took, measured
from benchmarks.made import migrate
from common.tenancy import in_tenant
from events.actor import SYSTEM
from events.models import Event
from incidents.actions.incident import open_incident
from incidents.steps import Words
from notifications.expansion import expand
from notifications.models import Delivery, Notification
from outbox.registry import Claimed, Later
from pages.actions import create_page
from pages.change import NOTIFY
from pages.models import StatusPage
from subscribers.actions import Who, add_confirmed
from subscribers.models import Subscriber
from tenants.actions import create_tenant

MANY, FEW = 1_000_000, 200_000
_OWN = {"id": "lpad(to_hex(n), 12, '0')", "address_hash": "md5(n::text) || md5(n::text)"}
_FIRST = Who("first@example.org")
_MAIL = "n || '@example.org'"
_BARE = """
    INSERT INTO public.notifications_delivery
           (notification_id, tenant_id, page_id, subscriber_id, channel, lane, target, target_hash, language,
            time_zone, link_version, settings, status, priority, attempts, attempts_before, next_attempt_at,
            provider, provider_message_id, last_error, created_at)
    SELECT %(notification)s, %(tenant)s, page_id, id, channel, 'email', address, address_hash, language,
           time_zone, token_version, settings, 'pending', 0, 0, 0, %(now)s, '', '', '', %(now)s
      FROM subscribers_subscriber
"""


def measure(*options: str) -> None:
    migrate()
    size = FEW if "--quick" in options else MANY
    tenant = create_tenant("Crowd", "crowd")
    with in_tenant(tenant.id):
        page = create_page(SYSTEM, name="Crowd", slug="crowd", published=True)
        fill(page, size)
        open_incident(page, SYSTEM, Words("investigating", "We are looking."), name="Slow answers")
        event = Event.objects.get(name="incident.created")
        references = [_bare(tenant.id, page) for _ in range(2)]
        memory = _memory()
        took = measured(lambda: expand_all(tenant.id, event))
        grown = _memory() - memory
        assert Delivery.objects.filter(notification__event_id=event.pk).count() == size
        _empty()
        references.append(_bare(tenant.id, page))
    _tell(size, took, mean(references[1:]), grown)


def _tell(size: int, took: Took, reference: float, grown: float) -> None:
    table = Table(f"One event to {size:,} deliveries")
    table.time("expansion, in steps", took, reference=reference, aim=2 * reference)
    table.time("reference: one INSERT … SELECT of the same rows", reference)
    table.count("deliveries a second", f"{size / took.wall:,.0f}")
    table.count("memory that the process grew by", f"{grown:.1f} MB", "< 5 MB")


def fill(page: StatusPage, size: int, who: Who = _FIRST, address: str = _MAIL) -> None:
    """So many copies of one subscriber, at addresses that SQL makes of n."""
    add_confirmed(page, who, SYSTEM, "benchmark")
    columns = [str(field.column) for field in Subscriber._meta.concrete_fields]
    own = _OWN | {"address": address}
    values = [own.get(column, f"s.{column}") for column in columns]
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO subscribers_subscriber ({', '.join(columns)}) SELECT {', '.join(values)} "  # noqa: S608
            "FROM subscribers_subscriber AS s CROSS JOIN generate_series(2, %s) AS n",
            [size],
        )
        cursor.execute("VACUUM ANALYZE subscribers_subscriber")


def _bare(tenant_id: str, page: StatusPage) -> float:
    """Seconds that it takes, into a table as empty as the expansion finds it."""
    now = timezone.now()
    notification = Notification.objects.create(
        tenant_id=tenant_id, page_id=page.pk, kind="bare", facts={}, event_at=now, created_at=now
    )
    values: dict[str, Any] = {"notification": notification.pk, "tenant": tenant_id, "now": now}
    with connection.cursor() as cursor:
        took = measured(lambda: cursor.execute(_BARE, values))
    _empty()
    return took.wall


def _empty() -> None:
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE public.notifications_delivery CASCADE")
        cursor.execute("CHECKPOINT")


def expand_all(tenant_id: str, event: Event) -> None:
    item = Claimed(0, NOTIFY, tenant_id, str(event.pk), 1, 1)
    while True:
        try:
            return expand(item)
        except Later:
            continue


def _memory() -> float:
    """The most that this process ever had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

"""What is asked of the database for every version of a page."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from components.models import Component, ComponentGroup
from events.models import Event
from incidents.choices import IncidentStatus
from incidents.models import Announcement, Incident, MaintenanceWindow
from publishing.audience import notices
from publishing.building.notices import lines
from publishing.lookups import any_of
from publishing.prepared import Prepared

# What versions are about that only time, or a release of this software, brought.
_NO_NEWS = ("clock", "release")

components: Prepared[Component] = Prepared(
    lambda page_id, ids: Component.objects.filter(any_of("id", ids), page=page_id).with_status()
)
groups: Prepared[ComponentGroup] = Prepared(
    lambda page_id: ComponentGroup.objects.filter(page=page_id).present()
)
changes: Prepared[datetime] = Prepared(
    lambda page_id, version: (
        Event.objects.of_page(page_id)
        .filter(version__lte=version)
        .exclude(object_type__in=_NO_NEWS)
        .order_by("-version")
        .values_list("at", flat=True)[:1]
    )
)
announcements: Prepared[Announcement] = Prepared(
    lambda page_id, now: Announcement.objects.filter(page=page_id, deleted_at=None, begins_at__lte=now)
)
oldest: Prepared[datetime] = Prepared(
    lambda page_id, named=None: (
        notices(page_id, named).order_by("started_at").values_list("started_at", flat=True)[:1]
    )
)


def _lines_of(
    page_id: str, begun: datetime, ended: datetime, named: Iterable[str] | None = None
) -> QuerySet[Incident, dict[str, Any]]:
    cancelled = MaintenanceWindow.objects.filter(cancelled=True)
    planned = cancelled.filter(scheduled_for__gte=begun, scheduled_for__lt=ended)
    began = Q(started_at__gte=begun, started_at__lt=ended) & ~Q(pk__in=cancelled.values("pk"))
    found = notices(page_id, named).filter(began | Q(pk__in=planned.values("pk")))
    return lines(found.exclude(status=IncidentStatus.SCHEDULED), named)


lines_of = Prepared(_lines_of)
"""Of notices that began in this time, and of those that were cancelled and planned for it."""

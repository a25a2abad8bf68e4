"""Which cold documents a change touched: read off the events since the version that is published."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Q

from components.choices import Source
from components.models import Statement
from events.models import Event
from incidents.models import IncidentComponent, MaintenanceWindow
from pages.models import StatusPage
from publishing.building import calendar
from publishing.lookups import any_of
from publishing.prepared import Prepared
from publishing.snapshot import YearMonth

# Names that every document shows: the page's, its components', its groups'.
_WIDE = frozenset({"page", "release", "group"})
_WIDE_EVENTS = frozenset({"component.created", "component.updated", "component.deleted"})


_since: Prepared[Event] = Prepared(
    lambda page_id, version: Event.objects.of_page(page_id).since(version).order_by("id")
)
_former: Prepared[Event] = Prepared(
    lambda page_id, version, ids: (
        Event.objects.of_page(page_id)
        .filter(any_of("object_id", ids), object_type="incident")
        .newest_per_object(version)
    )
)


@dataclass(slots=True)
class Stale:
    """`months`: whose history and uptime changed. `shifted`: first or last month is another, and lists of
    months are cut elsewhere. `everything`: all that there is. `hides`: what is published names something that
    may be seen no more, so that none of it may stay until it is made anew."""

    everything: bool = False
    shifted: bool = False
    hides: bool = False
    restricted: set[str] = field(default_factory=set)
    incidents: set[str] = field(default_factory=set)
    components: set[str] = field(default_factory=set)
    metrics: set[str] = field(default_factory=set)
    months: set[YearMonth] = field(default_factory=set)

    @classmethod
    def since(cls, page: StatusPage, version: int, shown_month: YearMonth | None) -> Stale:
        """`version` is what is published, `shown_month` the current month as it is published."""
        stale = cls()
        for event in _since(page_id=page.pk, version=version):
            stale.add(event, page)
        stale.add_former(page, version)
        stale.hide(page, version)
        stale.turn_of_month(page, shown_month)
        return stale

    def add(self, event: Event, page: StatusPage) -> None:
        facts = event.facts or {}
        if event.object_type in _WIDE or event.name in _WIDE_EVENTS:
            self.everything = True
            if event.object_type == "component" and facts.get("restricted", True):
                self.restricted.add(event.object_id)
        elif event.object_type == "incident":
            self._add_incident(event.object_id, facts, page)
        elif event.object_type == "component":
            self.components.add(event.object_id)
        elif event.object_type == "metric":
            self.metrics.add(event.object_id)
        elif event.object_type == "series":
            self._add_series(event.object_id)
        elif event.object_type == "correction":
            self.components.add(facts.get("component_id", ""))
            self._add_span([facts.get("begun"), facts.get("ended")], page)
            self.incidents.update(_corrected(facts))

    def add_former(self, page: StatusPage, version: int) -> None:
        """What notices were when they were published: they may have left a month or a component."""
        if not self.incidents:
            return
        for event in _former(page_id=page.pk, version=version, ids=list(self.incidents)):
            self.add(event, page)

    def hide(self, page: StatusPage, version: int) -> None:
        """Whether a component that everybody saw when the page was published is restricted by now."""
        if not self.restricted:
            return
        events = Event.objects.of_page(page.pk).filter(object_type="component", object_id__in=self.restricted)
        self.hides = any(
            not (event.facts or {}).get("restricted", False) for event in events.newest_per_object(version)
        )

    def turn_of_month(self, page: StatusPage, shown: YearMonth | None) -> None:
        """A month that is over becomes cold; components' pages show it from now on."""
        current = calendar.month_of(page.version_at, page.zone)
        if shown is not None and shown < current:
            self.shifted = True
            self.months.update(calendar.months(shown, calendar.before(current)))
            self.components.update(page.components.present().values_list("pk", flat=True))

    def move_beginning(self, page: StatusPage, former: YearMonth, now: YearMonth) -> None:
        """The page's first month is another: months come or go, and components' pages list them."""
        if former != now:
            self.shifted = True
            self.months.update(calendar.months(min(former, now), max(former, now)))
            self.components.update(page.components.present().values_list("pk", flat=True))

    def _add_incident(self, incident_id: str, facts: dict[str, Any], page: StatusPage) -> None:
        incident = facts.get("incident", {})
        self.incidents.add(incident_id)
        self.components.update(one["id"] for one in incident.get("components", ()))
        times = [incident.get(name) for name in ("started_at", "impact_started_at", "resolved_at")]
        self._add_span([*times, *facts.get("former_span", ())], page)
        window = incident.get("window") or {}
        if window.get("cancelled"):
            self._add_span([window.get("scheduled_for")], page)

    def _add_series(self, series_id: str) -> None:
        """Its windows say how they recur, and calendars of their components what is to come."""
        windows = MaintenanceWindow.objects.filter(series=series_id)
        links = IncidentComponent.objects.filter(incident__window__series=series_id)
        self.incidents.update(windows.values_list("pk", flat=True))
        self.components.update(links.values_list("component_id", flat=True))

    def _add_span(self, times: Iterable[str | None], page: StatusPage) -> None:
        """All months from the first to the last of these times, and the one after, which links back."""
        found = sorted(calendar.month_of(datetime.fromisoformat(at), page.zone) for at in times if at)
        if found:
            self.months.update(calendar.months(found[0], calendar.after(found[-1])))


def _corrected(facts: dict[str, Any]) -> Iterable[str]:
    """Ids of the incidents whose word on a component this correction, or its withdrawal, bears on."""
    begun, ended = facts.get("begun"), facts.get("ended")
    if not begun or not ended:
        # Redacted.
        return ()
    said = Statement.objects.filter(component_id=facts.get("component_id"), source=Source.INCIDENT)
    meant = said.filter(Q(ended=None) | Q(ended__gt=begun), begun__lt=ended)
    return meant.values_list("source_id", flat=True)

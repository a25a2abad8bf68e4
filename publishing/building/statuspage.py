"""A page in Statuspage's shapes, cut to what a view sees."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from common.instants import Stamp, in_zone, optional
from components.models import Component, ComponentGroup
from components.shape import component_shape, group_shape
from incidents.choices import IncidentKind, IncidentStatus
from incidents.models import Incident, IncidentComponent
from incidents.shape import incident_shape, last_word, update_shape
from pages.links import incident_url, page_url
from pages.models import StatusPage
from publishing.audience import View
from publishing.building.page import by_group, ordered
from publishing.forms import Shape, StatuspageView
from publishing.snapshot import Snapshot

_LISTED = 50


@dataclass(frozen=True)
class Shaper:
    """`components` are those that the view sees, each with its status."""

    page: StatusPage
    view: View
    groups: list[ComponentGroup]
    components: list[Component]

    @cached_property
    def stamp(self) -> Stamp:
        return in_zone(self.page.zone)

    @cached_property
    def shapes(self) -> dict[str, Shape]:
        """Components by id."""
        return {one.pk: component_shape(one, one.status, self.stamp) for one in self.components}  # type: ignore[attr-defined]

    def whole(self, notices: Iterable[Incident], snapshot: Snapshot) -> StatuspageView:
        """`notices`: the newest of each kind and all that are open, loaded, newest first."""
        found = [(one, self._notice(one, self._now(one))) for one in notices]
        incidents = [(one, shape) for one, shape in found if one.kind == IncidentKind.INCIDENT]
        maintenance = [(one, shape) for one, shape in found if one.kind == IncidentKind.MAINTENANCE]
        waiting = [pair for pair in reversed(maintenance) if pair[0].resolved_at is None]
        return StatuspageView(
            page=self._page(snapshot),
            status={"indicator": snapshot.indicator, "description": snapshot.description},
            components=tuple(self._listed()),
            incidents=tuple(shape for _, shape in incidents[:_LISTED]),
            unresolved=tuple(shape for one, shape in incidents if one.resolved_at is None),
            maintenance=tuple(shape for _, shape in maintenance[:_LISTED]),
            upcoming=tuple(shape for one, shape in waiting if one.status == IncidentStatus.SCHEDULED),
            active=tuple(shape for one, shape in waiting if one.status != IncidentStatus.SCHEDULED),
        )

    def single(self, incident: Incident) -> Shape:
        """A notice by itself. Its components are as it left them: the document must not age with them."""
        components = [
            component_shape(link.component, last_word(link), self.stamp) for link in self._seen(incident)
        ]
        postmortem = getattr(incident, "postmortem", None)
        return self._notice(incident, components) | {
            "postmortem_body": postmortem.body or None if postmortem else None,
            "postmortem_published_at": optional(self.stamp, postmortem and postmortem.published_at),
        }

    def _page(self, snapshot: Snapshot) -> Shape:
        return {
            "id": self.page.pk,
            "name": self.page.name,
            "url": page_url(self.page),
            "time_zone": self.page.time_zone,
            "updated_at": self.stamp(snapshot.now),
        }

    def _listed(self) -> Iterable[Shape]:
        """As on the page, each group before its members."""
        members = by_group(self.components)
        for group in ordered(self.groups, members):
            shapes = [self.shapes[one.pk] for one in members[group.pk if group else None]]
            if group:
                yield group_shape(group, shapes, self.stamp)
            yield from shapes

    def _notice(self, incident: Incident, components: Iterable[Shape]) -> Shape:
        updates = (
            update_shape(
                update,
                [one for one in update.said if one.component_id in self.view.named],  # type: ignore[attr-defined]
                self.stamp,
            )
            for update in incident.updates.all()
        )
        url = incident_url(self.page, incident.pk)
        return incident_shape(incident, updates, components, self.stamp, url)

    def _now(self, incident: Incident) -> list[Shape]:
        """Its components as they are."""
        return [self.shapes[link.component_id] for link in self._seen(incident)]

    def _seen(self, incident: Incident) -> list[IncidentComponent]:
        return [link for link in incident.links.all() if link.component_id in self.view.components]

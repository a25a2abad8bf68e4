"""A page in Statuspage's shapes, cut to what a view sees."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from common.instants import Stamp, in_zone
from components.models import Component, ComponentGroup
from components.shape import component_shape, group_shape
from incidents.choices import IncidentKind, IncidentStatus
from pages.links import page_url
from pages.models import StatusPage
from publishing.building.page import by_group, ordered
from publishing.building.told import Told
from publishing.encoding import Json, as_json, json_list
from publishing.forms import Shape, StatuspageView
from publishing.snapshot import Snapshot

_LISTED = 50


@dataclass(frozen=True)
class Shaper:
    """`components` are those that the view sees, each with its status."""

    page: StatusPage
    groups: list[ComponentGroup]
    components: list[Component]

    @cached_property
    def _stamp(self) -> Stamp:
        return in_zone(self.page.zone)

    @cached_property
    def _shapes(self) -> dict[str, Shape]:
        """Components by id."""
        return {
            one.pk: component_shape(one, one.status, self._stamp)  # type: ignore[attr-defined]
            for one in self.components
        }

    @cached_property
    def _written(self) -> dict[str, Json]:
        return {pk: as_json(shape) for pk, shape in self._shapes.items()}

    def whole(self, notices: Iterable[Told], snapshot: Snapshot) -> StatuspageView:
        """`notices`: the newest of each kind and all that are open, newest first."""
        found = [(one, self._notice(one)) for one in notices]
        incidents = [(one, shape) for one, shape in found if one.kind == IncidentKind.INCIDENT]
        maintenance = [(one, shape) for one, shape in found if one.kind == IncidentKind.MAINTENANCE]
        waiting = [pair for pair in reversed(maintenance) if pair[0].resolved_at is None]
        return StatuspageView(
            page=as_json(self._page(snapshot)),
            status=as_json({"indicator": snapshot.indicator, "description": snapshot.description}),
            components=tuple(self._listed()),
            incidents=tuple(shape for _, shape in incidents[:_LISTED]),
            unresolved=tuple(shape for one, shape in incidents if one.resolved_at is None),
            resolved=tuple(shape for one, shape in incidents if one.resolved_at is not None)[:_LISTED],
            maintenance=tuple(shape for _, shape in maintenance[:_LISTED]),
            upcoming=tuple(shape for one, shape in waiting if one.status == IncidentStatus.SCHEDULED),
            active=tuple(shape for one, shape in waiting if one.status != IncidentStatus.SCHEDULED),
        )

    def _page(self, snapshot: Snapshot) -> Shape:
        return {
            "id": self.page.pk,
            "name": self.page.name,
            "url": page_url(self.page),
            "time_zone": self.page.time_zone,
            "updated_at": self._stamp(snapshot.now),
        }

    def _listed(self) -> Iterable[Json]:
        """As on the page, each group before its members."""
        members = by_group(self.components)
        for group in ordered(self.groups, members):
            ids = [one.pk for one in members[group.pk if group else None]]
            if group:
                yield as_json(group_shape(group, [self._shapes[pk] for pk in ids], self._stamp))
            yield from (self._written[pk] for pk in ids)

    def _notice(self, told: Told) -> Json:
        """With its components as they are."""
        components = json_list(self._written[pk] for pk in told.components)
        return Json(f"{told.head}{components}{told.tail}")

"""A notice in Statuspage's shape, cut to what a view sees."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from common.instants import Stamp, in_zone, optional
from components.shape import component_shape
from incidents.models import Incident, IncidentComponent
from incidents.shape import incident_shape, last_word, update_shape
from pages.links import incident_url
from pages.models import StatusPage
from publishing.audience import View
from publishing.encoding import Json, as_json
from publishing.forms import Shape


@dataclass(frozen=True)
class NoticeShaper:
    page: StatusPage
    view: View

    @cached_property
    def stamp(self) -> Stamp:
        return in_zone(self.page.zone)

    def single(self, incident: Incident) -> Shape:
        """A notice by itself. Its components are as it left them: the document must not age with them."""
        components = [
            component_shape(link.component, last_word(link), self.stamp) for link in self._seen(incident)
        ]
        postmortem = getattr(incident, "postmortem", None)
        return self._shape(incident, components) | {
            "postmortem_body": postmortem.body or None if postmortem else None,
            "postmortem_published_at": optional(self.stamp, postmortem and postmortem.published_at),
        }

    def around(self, incident: Incident) -> tuple[Json, Json]:
        """What stands before and after the list of its components."""
        shape = self._shape(incident, ())
        names = list(shape)
        at = names.index("components")
        before, after = ({name: shape[name] for name in some} for some in (names[:at], names[at + 1 :]))
        return Json(f'{as_json(before)[:-1]},"components":'), Json(f",{as_json(after)[1:]}")

    def component_ids(self, incident: Incident) -> tuple[str, ...]:
        """Of the components that are listed with it."""
        return tuple(link.component_id for link in self._seen(incident))

    def _shape(self, incident: Incident, components: Iterable[Shape]) -> Shape:
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

    def _seen(self, incident: Incident) -> list[IncidentComponent]:
        return [link for link in incident.links.all() if link.component_id in self.view.components]

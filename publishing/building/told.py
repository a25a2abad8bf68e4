"""What is told of a notice at every version, made once as long as nothing of it changes.

Every version tells of a hundred notices, and all but one or two of them are as they were. So the database
gives a digest of each, over every row that any of it is made of, and only what has no known digest is loaded
and made. What is kept is found by content alone: nothing can be out of date, and nothing need be thrown away.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, reduce
from hashlib import sha256
from operator import or_

from django.db.models import Func, Q, QuerySet, TextField
from django.utils import translation

from incidents.models import Incident, IncidentQuerySet
from incidents.shape import last_touched
from pages.links import page_url
from pages.models import StatusPage
from publishing.audience import View, notices
from publishing.building.kept import Kept
from publishing.building.notices import calendar_event, feed_entry, load, open_view
from publishing.building.shapes import NoticeShaper
from publishing.encoding import Json
from publishing.forms import CalendarEvent, FeedEntry
from publishing.prepared import Prepared
from publishing.snapshot import IncidentView

# Characters, and about as many bytes: what a dozen or two of busy pages need.
_ROOM = 24_000_000
# As many of each kind as Statuspage lists.
_LISTED = 50


class Digest(Func):
    """Of an incident's own row and of all that it is loaded with, as `load` says."""

    output_field = TextField()
    template = """encode(sha256(convert_to(ROW(
        incidents_incident,
        (SELECT ROW(w, s) FROM incidents_maintenancewindow w
             LEFT JOIN incidents_maintenanceseries s ON s.id = w.series_id
          WHERE w.incident_id = incidents_incident.id),
        (SELECT p FROM incidents_postmortem p WHERE p.incident_id = incidents_incident.id),
        ARRAY(SELECT u FROM incidents_incidentupdate u
               WHERE u.incident_id = incidents_incident.id ORDER BY u.id),
        ARRAY(SELECT ROW(a, c.name, g.name) FROM incidents_incidentupdate u
                JOIN incidents_affectedcomponent a ON a.update_id = u.id
                JOIN components_component c ON c.id = a.component_id
                LEFT JOIN components_componentgroup g ON g.id = c.group_id
               WHERE u.incident_id = incidents_incident.id ORDER BY a.id),
        ARRAY(SELECT ROW(l, c.name, c.position) FROM incidents_incidentcomponent l
                JOIN components_component c ON c.id = l.component_id
               WHERE l.incident_id = incidents_incident.id ORDER BY l.id)
        )::text, 'UTF8')), 'hex')"""


@dataclass(frozen=True, slots=True)
class Told:
    """`head` and `tail`: its JSON as Statuspage shapes it, before and after the list of its components, which
    are as they are now; `components` are their ids."""

    id: str
    name: str
    kind: str
    status: str
    created_at: datetime
    started_at: datetime
    resolved_at: datetime | None
    touched: datetime
    """When anything of it last changed, its updates included."""
    components: tuple[str, ...]
    head: Json
    tail: Json
    entry: FeedEntry
    event: CalendarEvent
    """Without its sequence."""
    view: IncidentView | None
    """Of an open one."""


kept: Kept[Told] = Kept(_ROOM)


def _wanted(page_id: str, named: Iterable[str] | None = None) -> QuerySet[Incident, tuple[str, str]]:
    found = notices(page_id, named)
    newest = [Q(pk__in=some[:_LISTED].values("pk")) for some in (found.incidents(), found.maintenance())]
    return found.filter(reduce(or_, newest, Q(resolved_at=None))).values_list("pk", Digest())


_newest_and_open = Prepared(_wanted)


@dataclass(frozen=True)
class Teller:
    """`loaded`: the rows of those that had to be made, by id."""

    page: StatusPage
    view: View
    shaper: NoticeShaper
    loaded: dict[str, Incident] = field(default_factory=dict)

    def newest_and_open(self) -> list[Told]:
        """The newest of each kind, as many as Statuspage lists, and all that are open, newest first."""
        return self._told(self.view.ask(_newest_and_open, self.page))

    def of(self, found: IncidentQuerySet) -> list[Told]:
        """In the order given. One query, and four for those that are not known."""
        return self._told(found.values_list("pk", Digest()))

    def _told(self, digests: Iterable[tuple[str, str]]) -> list[Told]:
        found = self.view.incidents(self.page)
        keys = {pk: self._frame + digest for pk, digest in digests}
        told = {pk: kept.get(key) for pk, key in keys.items()}
        missing = [pk for pk, one in told.items() if one is None]
        for incident in load(found.filter(pk__in=missing)) if missing else []:
            self.loaded[incident.pk] = incident
            told[incident.pk] = made = self._make(incident)
            kept.put(keys[incident.pk], made, _size(made))
        return [one for one in told.values() if one is not None]

    @cached_property
    def _frame(self) -> str:
        """A digest of what a notice is told with that is not its own."""
        page, view = self.page, self.view
        seen = [sorted(view.components), sorted(view.named)]
        frame = [view.key, page_url(page), page.time_zone, page.language, seen]
        return sha256(json.dumps(frame).encode()).hexdigest()

    def _make(self, incident: Incident) -> Told:
        head, tail = self.shaper.around(incident)
        with translation.override(self.page.language):
            shown = open_view(incident, self.view) if incident.resolved_at is None else None
        return Told(
            id=incident.pk,
            name=incident.name,
            kind=incident.kind,
            status=incident.status,
            created_at=incident.created_at,
            started_at=incident.started_at,
            resolved_at=incident.resolved_at,
            touched=last_touched(incident),
            components=self.shaper.component_ids(incident),
            head=head,
            tail=tail,
            entry=feed_entry(incident, self.view),
            event=calendar_event(incident, self.view),
            view=shown,
        )


def _size(told: Told) -> int:
    """About what it takes in memory: texts stand in it up to three times, each update in a few objects."""
    words = sum(len(one.body) + len(one.technical_details) + 1000 for one in told.entry.updates)
    return 3000 + len(told.head) + len(told.tail) + words * (2 if told.view else 1)

"""What a notice would tell if it were published now: by the rules of the verbs, on paper.

A preview follows every keystroke: it neither locks the page nor writes to it, as a rehearsal would.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from common.rows import check_values
from components.choices import ComponentStatus
from components.models import Component
from components.outlook import Outlook
from components.status import SETTING, check
from events.actor import SYSTEM
from incidents.actions.incident import check_next_status, drawn, event_name, moved
from incidents.actions.maintenance import asked_for, check_ahead
from incidents.cadence import check_promise
from incidents.choices import IncidentKind, IncidentStatus
from incidents.models import AffectedComponent, Incident, IncidentComponent
from incidents.steps import (
    Facts,
    Words,
    drawn_update,
    facts_of_incident,
    facts_of_update,
    page_facts,
    raised,
    speaker,
)
from incidents.windows import drawn_plan
from pages.change import Change
from pages.models import StatusPage

Moves = dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Foretold:
    """The event that would tell of it. What no message says is in its `facts` as it is now: the page's
    indicator, and when the incident's row was written last."""

    name: str
    facts: Facts
    at: datetime


def foretell_incident(page: StatusPage, words: Words, *, name: str, now: datetime, **fields: Any) -> Foretold:
    """As `open_incident` would tell; `fields` as there. Raises Refused where it does."""
    change = Change(page, SYSTEM, now, page.version + 1, notify=True)
    known = {column: value for column, value in fields.items() if value is not None}
    check_promise(known.get("next_update_by"), now)
    incident = check_values(drawn(change, name, words.status, {"detected_at": now} | known))
    return _Telling(change, incident, words).told("incident.created", to_operational=True)


def foretell_update(
    page: StatusPage,
    incident: Incident,
    words: Words,
    *,
    now: datetime,
    to_operational: bool = True,
    next_update_by: datetime | None = None,
) -> Foretold:
    """As `post_update` would tell. Raises Refused where it does."""
    change = Change(page, SYSTEM, now, page.version + 1, notify=True)
    check_promise(next_update_by, now)
    check_next_status(incident, words.status)
    kind, incident = event_name(incident, words.status), copy(incident)
    incident.next_update_by = next_update_by
    links = [link.component_id for link in incident.links.all()]
    return _Telling(change, incident, words, links).told(kind, to_operational=to_operational)


def foretell_maintenance(
    page: StatusPage,
    body: str,
    *,
    name: str,
    scheduled_for: datetime,
    scheduled_until: datetime,
    components: Collection[str],
    now: datetime,
    **options: Any,
) -> Foretold:
    """As `schedule_maintenance` would tell of one that is still to begin. Raises Refused where it does."""
    change = Change(page, SYSTEM, now, page.version + 1, notify=True)
    asked = asked_for(name, scheduled_for, scheduled_until, components, options)
    check_ahead(asked, now)
    incident = drawn_plan(change, asked)
    check_values(incident)
    check_values(incident.window)
    check(change, dict.fromkeys(components))
    words = Words(IncidentStatus.SCHEDULED, body)
    return _Telling(change, incident, words, components).told("maintenance.scheduled", to_operational=True)


class _Telling:
    """One update of an incident, which is changed, unsaved. `linked`: ids of components that it is about."""

    def __init__(
        self, change: Change, incident: Incident, words: Words, linked: Collection[str] = ()
    ) -> None:
        self.change, self.incident, self.words = change, incident, words
        self.update = check_values(drawn_update(change, incident, words))
        rows: Any = Component.objects.with_status().filter(pk__in={*linked, *words.components})
        self.components: dict[str, Any] = {one.pk: one for one in rows.order_by("position", "pk")}
        self.outlook = Outlook(self.components, change.now)

    def told(self, name: str, *, to_operational: bool) -> Foretold:
        incident, status = self.incident, IncidentStatus(self.words.status)
        moves = self._said()
        for column, value in moved(incident, status, self.change.now).items():
            setattr(incident, column, value)
        if not status.is_open:
            moves = self._ended(to_operational) | moves
        if incident.kind == IncidentKind.INCIDENT:
            incident.reminded_until = self.change.now
        facts = {
            "page": page_facts(self.change),
            "incident": facts_of_incident(self.change, incident, self._links(), self._statuses()),
            "update": facts_of_update(self.update, self._affected(moves)),
        }
        return Foretold(name, facts, self.change.now)

    def _said(self) -> Moves:
        """What the words say themselves."""
        said = {one: status for one, status in self.words.components.items() if status is not None}
        seen = (status for one, status in said.items() if not self.components[one].restricted)
        if said:
            self.incident.impact = raised(self.incident, seen)
        self.outlook.say(speaker(self.incident), said)
        return {one: (self.components[one].status, status) for one, status in said.items()}

    def _ended(self, to_operational: bool) -> Moves:
        """What follows where it is over."""
        mine, before = speaker(self.incident), self._statuses()
        held = {one: status for one, status in before.items() if status != ComponentStatus.OPERATIONAL}
        kept = {one: status for one, status in held.items() if self._is_kept(one, to_operational)}
        self.outlook.say(SETTING, kept)
        self.outlook.take_back(mine, self.components)
        after = self._statuses()
        return {one: (before[one], after[one]) for one in before if before[one] != after[one]}

    def _is_kept(self, component_id: str, to_operational: bool) -> bool:
        mine, holds = speaker(self.incident), self.outlook.of(component_id)
        is_mine = (holds.source, holds.source_id) == (mine.source, mine.id)
        return is_mine and (not to_operational or component_id in self.words.named)

    def _statuses(self) -> Mapping[str, str]:
        return {one: self.outlook.of(one).status for one in self.components}

    def _links(self) -> list[IncidentComponent]:
        return [IncidentComponent(incident=self.incident, component=one) for one in self.components.values()]

    def _affected(self, moves: Moves) -> list[AffectedComponent]:
        return [
            AffectedComponent(component=self.components[one], old_status=old, new_status=new)
            for one, (old, new) in moves.items()
        ]

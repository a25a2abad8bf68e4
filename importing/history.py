"""What a source says of components over time: pure functions from notices to statements.

Where updates name statuses, those hold from update to update. Where no update of a notice does, the history
is derived: from start to end each listed component has the status that goes with the notice's impact.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from components.choices import ComponentStatus, Source
from importing.documents import SourceComponent, SourceNotice
from incidents.choices import Impact, IncidentStatus

OF_IMPACT = {
    Impact.MINOR: ComponentStatus.DEGRADED_PERFORMANCE,
    Impact.MAJOR: ComponentStatus.PARTIAL_OUTAGE,
    Impact.CRITICAL: ComponentStatus.MAJOR_OUTAGE,
    Impact.MAINTENANCE: ComponentStatus.UNDER_MAINTENANCE,
}


@dataclass(frozen=True, slots=True)
class Said:
    """A statement to be: the columns of `components.models.Statement`."""

    component_id: str
    source: Source
    source_id: str
    status: str
    begun: datetime
    ended: datetime | None
    derived: bool = False


def names_statuses(notice: SourceNotice) -> bool:
    return any(entry.new_status for update in notice.updates for entry in update.affected)


def said_by(notice: SourceNotice, components: Collection[str]) -> list[Said]:
    """The statements that a notice makes about those of its components that are among `components`."""
    found = _named(notice) if names_statuses(notice) else _derived(notice)
    return [said for said in found if said.component_id in components]


def _derived(notice: SourceNotice) -> Iterator[Said]:
    status = OF_IMPACT.get(Impact(notice.impact))
    if status is None or notice.status == IncidentStatus.SCHEDULED or notice.ended_at == notice.begun_at:
        return
    for component_id, _name in notice.components:
        yield _said(notice, component_id, status, notice.begun_at, notice.ended_at, derived=True)


def _named(notice: SourceNotice) -> Iterator[Said]:
    """From each update that gives a component a status to the next that does, the last one to the end."""
    words: dict[str, dict[datetime, str]] = {}
    for update in notice.updates:
        for entry in update.affected:
            if entry.new_status:  # of two at one instant, the later holds
                words.setdefault(entry.component_id, {})[update.display_at] = entry.new_status
    for component_id, statuses in words.items():
        bounds = [*sorted(statuses), notice.ended_at]
        for begun, ended in pairwise(bounds):
            if begun is not None and (ended is None or begun < ended):
                yield _said(notice, component_id, statuses[begun], begun, ended)


def _said(
    notice: SourceNotice,
    component_id: str,
    status: str,
    begun: datetime,
    ended: datetime | None,
    *,
    derived: bool = False,
) -> Said:
    source = Source.MAINTENANCE if notice.maintenance else Source.INCIDENT
    return Said(component_id, source, notice.id, status, begun, ended, derived)


# Whose word a status is that the source gives a component and none of its notices does.
IMPORT = "import"


def said_now(
    components: Iterable[SourceComponent], said: Iterable[Said], known_until: datetime
) -> list[Said]:
    """Statements for components whose status, as the source lists it, does not follow from its notices."""
    live: dict[str, Said] = {}
    for one in sorted((one for one in said if one.ended is None), key=lambda one: one.begun):
        live[one.component_id] = one
    return [
        _setting(component, live.get(component.id), known_until)
        for component in components
        if not component.group and not component.removed and component.status != _follows(live, component)
    ]


def _follows(live: dict[str, Said], component: SourceComponent) -> str:
    return live[component.id].status if component.id in live else ComponentStatus.OPERATIONAL


def _setting(component: SourceComponent, live: Said | None, known_until: datetime) -> Said:
    since = component.updated_at or known_until
    begun = max(since, live.begun) if live else since
    return Said(component.id, Source.SETTING, IMPORT, component.status, begun, None)

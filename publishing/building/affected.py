"""How long incidents that are over affected components: by their own word, as corrected since."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F

from components.choices import ComponentStatus, Source
from components.models import Statement
from components.timeline import Spoken, fold
from components.uptime import Gap, Interval, figure, intervals
from incidents.choices import IncidentKind
from incidents.models import Incident, IncidentComponent
from pages.models import StatusPage
from publishing.building.histories import known_since, policy_of
from publishing.lookups import any_of
from publishing.snapshot import AffectedTimeView

_SPOKEN = ("id", "source", "source_id", "status", "begun", "ended")


@dataclass(frozen=True, slots=True)
class AffectedTimes:
    """`said` by (incident id, component id), `corrections` by component id with their reasons."""

    page: StatusPage
    said: Mapping[tuple[str, str], list[Spoken]]
    corrections: Mapping[str, list[tuple[Spoken, str]]]
    gaps: Sequence[Gap]

    @classmethod
    def load(cls, page: StatusPage, notices: Iterable[Incident], gaps: Sequence[Gap]) -> AffectedTimes:
        """Two queries, none where no incident is over. `gaps`: the page's."""
        over = [one.pk for one in notices if one.resolved_at and one.kind == IncidentKind.INCIDENT]
        if not over:
            return cls(page, {}, {}, gaps)
        said = _said(over)
        return cls(page, said, _corrections({component_id for _, component_id in said}), gaps)

    def of(self, link: IncidentComponent) -> AffectedTimeView | None:
        """None where the incident never said that the component was anything but operational."""
        said = self.said.get((link.incident_id, link.component_id), [])
        harm = [(one.begun, one.ended) for one in said if one.status != ComponentStatus.OPERATIONAL]
        begun = min((begun for begun, _ in harm), default=None)
        ended = max((ended for _, ended in harm if ended), default=None)
        if begun is None or ended is None:
            return None
        corrections = [
            (one, reason)
            for one, reason in self.corrections.get(link.component_id, ())
            if one.begun < ended and (one.ended is None or one.ended > begun)
        ]
        found = fold([*said, *(one for one, _ in corrections)], ended)
        changes = [(change.at, change.status) for change in found]
        spans = intervals(changes, begun, ended)
        gaps = (*self.gaps, Gap(None, known_since(self.page, link.component)))
        counted = figure(intervals(changes, begun, ended, gaps), policy_of(self.page, link.component))
        return AffectedTimeView(
            name=link.component.name,
            seconds=_affected(spans),
            worst=ComponentStatus.worst(span.status for span in spans if span.status).value,
            down=int(counted.down.total_seconds()),
            corrections=tuple(dict.fromkeys(reason for _, reason in corrections)),
        )


def _affected(spans: Iterable[Interval]) -> int:
    harmed = (span.length for span in spans if span.status != ComponentStatus.OPERATIONAL)
    return int(sum(harmed, timedelta()).total_seconds())


def _said(incident_ids: list[str]) -> dict[tuple[str, str], list[Spoken]]:
    """What these incidents no longer say; what one still says has no length yet."""
    found: dict[tuple[str, str], list[Spoken]] = defaultdict(list)
    rows = Statement.objects.filter(
        any_of("source_id", incident_ids), source=Source.INCIDENT, ended__gt=F("begun")
    )
    for component_id, *row in rows.values_list("component_id", *_SPOKEN):
        spoken = Spoken(*row)
        found[spoken.source_id, component_id].append(spoken)
    return found


def _corrections(component_ids: Iterable[str]) -> dict[str, list[tuple[Spoken, str]]]:
    found: dict[str, list[tuple[Spoken, str]]] = defaultdict(list)
    rows = Statement.objects.filter(any_of("component_id", component_ids), source=Source.CORRECTION)
    for component_id, reason, *row in rows.values_list("component_id", "reason", *_SPOKEN):
        found[component_id].append((Spoken(*row), reason))
    return found

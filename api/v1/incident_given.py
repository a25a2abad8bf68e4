"""What a body says of an incident, as the verbs take it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

from api.v1.incident_shapes import AT_ENDS, told_status
from common.errors import Refused
from components.choices import ComponentStatus
from incidents.choices import IncidentKind, IncidentStatus
from incidents.models import Incident
from incidents.steps import Statuses, Words
from pages.models import StatusPage

_HOUR_BEFORE = 60
_MAINTENANCE = IncidentStatus.of_kind(IncidentKind.MAINTENANCE)
# What a maintenance makes of its components anyhow.
_EXPECTED = {None, ComponentStatus.OPERATIONAL.value, ComponentStatus.UNDER_MAINTENANCE.value}
_FIELDS = ("name", "impact_override", "metadata")
_OPTIONS = {
    "auto_start": "scheduled_auto_in_progress",
    "auto_complete": "scheduled_auto_completed",
    **AT_ENDS,
}


@dataclass(frozen=True, slots=True)
class Asked:
    """`fields`: name, impact and metadata where given; `ids`: all components, None: not given."""

    status: str
    body: str
    statuses: Statuses
    ids: list[str] | None
    deliver: bool
    fields: dict[str, Any]
    options: dict[str, Any]
    times: dict[str, datetime]
    backfilled: bool = False
    backfill_date: str = ""
    back_to_operational: bool = False

    @property
    def components(self) -> Statuses:
        """All that it is to be about."""
        return {**dict.fromkeys(self.ids or ()), **self.statuses}

    @property
    def only(self) -> list[str] | None:
        """Where the set is given: all of it."""
        return None if self.ids is None else list(self.components)

    @property
    def is_maintenance(self) -> bool:
        return bool(self.times) or self.status in _MAINTENANCE

    def words(self, status: str, statuses: Statuses) -> Words:
        return Words(status, self.body, components=statuses, deliver=self.deliver)

    def update_of(self, incident: Incident) -> Words | None:
        """The update that is asked for; none where there is neither text nor another status."""
        former = told_status(incident.status)
        if not self.body.strip() and self.status in {"", former}:
            return None
        statuses = self.statuses
        if incident.status == IncidentStatus.SCHEDULED and self.status in {"", former}:
            statuses = self.attached()
        return self.words(self.status or former, statuses)

    def attached(self) -> Statuses:
        """The same components without statuses, of a maintenance that has not begun. Raises Refused for a
        status that it would have to say now."""
        if not set(self.statuses.values()) <= _EXPECTED:
            message = "A maintenance that has not begun does not change components."
            raise Refused(message, "components")
        return dict.fromkeys(self.statuses)


def read(given: dict[str, Any]) -> Asked:
    said = {name: value for name, value in given.items() if value is not None}
    components, ids = said.get("components", {}), said.get("component_ids")
    if isinstance(components, list):
        ids, components = [*(ids or []), *components], {}
    return Asked(
        status=said.get("status", ""),
        body=said.get("body") or said.get("message") or "",
        statuses=components,
        ids=ids,
        deliver=said.get("deliver_notifications", True),
        fields=_fields(said),
        options=_options(said),
        times={name: said[name] for name in ("scheduled_for", "scheduled_until") if name in said},
        backfilled=said.get("backfilled", False),
        backfill_date=said.get("backfill_date", ""),
        back_to_operational=said.get("auto_transition_to_operational_state", False),
    )


def _fields(said: dict[str, Any]) -> dict[str, Any]:
    fields: dict[str, Any] = {
        name: said[name] for name in ("name", "impact_override", "metadata") if name in said
    }
    if "impact_override" in fields:
        fields["impact_override"] = fields["impact_override"] or None
    return fields


def _options(said: dict[str, Any]) -> dict[str, Any]:
    options = {ours: said[theirs] for ours, theirs in _OPTIONS.items() if theirs in said}
    if "scheduled_auto_transition" in said:
        both = dict.fromkeys(["auto_start", "auto_complete"], said["scheduled_auto_transition"])
        options = both | options
    if "scheduled_remind_prior" in said:
        options["reminders"] = [_HOUR_BEFORE] if said["scheduled_remind_prior"] else []
    return options


def moment_of(page: StatusPage, said: str, now: datetime) -> datetime:
    """When something was: a day means its noon in the page's zone; nothing later than now. Raises Refused."""
    try:
        at = datetime.fromisoformat(said.strip())
    except ValueError as error:
        message = "This is neither a day such as 2026-01-31 nor an instant."
        raise Refused(message, "backfill_date") from error
    if len(said.strip()) <= len("2026-01-31"):
        at = datetime.combine(at, time(12), page.zone)
    elif at.tzinfo is None:
        at = at.replace(tzinfo=UTC)
    if at.date() > now.astimezone(at.tzinfo).date():
        message = "This lies in the future."
        raise Refused(message, "backfill_date")
    return min(at, now)

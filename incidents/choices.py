"""The words for notices: their kinds, their statuses, their impact."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from components.choices import ComponentStatus


class IncidentKind(TextChoices):
    INCIDENT = "incident", _("Incident")
    MAINTENANCE = "maintenance", _("Maintenance")


class IncidentStatus(TextChoices):
    """Where a notice is in its life; which ones apply depends on its kind."""

    INVESTIGATING = "investigating", _("Investigating")
    IDENTIFIED = "identified", _("Identified")
    MONITORING = "monitoring", _("Monitoring")
    RESOLVED = "resolved", _("Resolved")
    POSTMORTEM = "postmortem", _("Postmortem")
    SCHEDULED = "scheduled", _("Scheduled")
    IN_PROGRESS = "in_progress", _("In progress")
    VERIFYING = "verifying", _("Verifying")
    COMPLETED = "completed", _("Completed")

    @property
    def is_open(self) -> bool:
        """Whether the notice still concerns somebody; a scheduled maintenance does."""
        return self not in _CLOSED

    @classmethod
    def of_kind(cls, kind: str) -> tuple[IncidentStatus, ...]:
        """The statuses that `kind` may have, in the order of its life."""
        return _OF_KIND[kind]

    @classmethod
    def open_of_kind(cls, kind: str) -> tuple[IncidentStatus, ...]:
        """The statuses in which a notice of `kind` is open, in the order of its life."""
        return tuple(status for status in _OF_KIND[kind] if status.is_open)


_CLOSED = frozenset({IncidentStatus.RESOLVED, IncidentStatus.POSTMORTEM, IncidentStatus.COMPLETED})

_OF_KIND: dict[str, tuple[IncidentStatus, ...]] = {
    IncidentKind.INCIDENT: (
        IncidentStatus.INVESTIGATING,
        IncidentStatus.IDENTIFIED,
        IncidentStatus.MONITORING,
        IncidentStatus.RESOLVED,
        IncidentStatus.POSTMORTEM,
    ),
    IncidentKind.MAINTENANCE: (
        IncidentStatus.SCHEDULED,
        IncidentStatus.IN_PROGRESS,
        IncidentStatus.VERIFYING,
        IncidentStatus.COMPLETED,
    ),
}


class Impact(TextChoices):
    """How much a notice hurts."""

    NONE = "none", _("None")
    MINOR = "minor", _("Minor")
    MAJOR = "major", _("Major")
    CRITICAL = "critical", _("Critical")
    MAINTENANCE = "maintenance", _("Maintenance")

    @property
    def severity(self) -> int:
        """From 0 (none) to 4 (critical); announced work hurts less than any fault."""
        return _SEVERITY[self]

    @classmethod
    def of_component_status(cls, status: str) -> Impact:
        """The impact of an incident whose worst affected component has `status`."""
        return _OF_COMPONENT_STATUS.get(status, cls.NONE)

    @classmethod
    def worst(cls, impacts: Iterable[str]) -> Impact:
        """The most severe of `impacts`; none where there are none."""
        return cls(max(impacts, key=_SEVERITY.__getitem__, default=cls.NONE))


_SEVERITY: dict[str, int] = {
    Impact.NONE: 0,
    Impact.MAINTENANCE: 1,
    Impact.MINOR: 2,
    Impact.MAJOR: 3,
    Impact.CRITICAL: 4,
}

_OF_COMPONENT_STATUS: dict[str, Impact] = {
    ComponentStatus.DEGRADED_PERFORMANCE: Impact.MINOR,
    ComponentStatus.PARTIAL_OUTAGE: Impact.MAJOR,
    ComponentStatus.MAJOR_OUTAGE: Impact.CRITICAL,
}

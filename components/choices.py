"""The words for what a component does, and for who said so."""

from __future__ import annotations

from collections.abc import Iterable

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class ComponentStatus(TextChoices):
    """What a component does, in the order a person chooses from; `severity` is the order of harm."""

    OPERATIONAL = "operational", _("Operational")
    DEGRADED_PERFORMANCE = "degraded_performance", _("Degraded performance")
    PARTIAL_OUTAGE = "partial_outage", _("Partial outage")
    MAJOR_OUTAGE = "major_outage", _("Major outage")
    UNDER_MAINTENANCE = "under_maintenance", _("Under maintenance")

    @property
    def severity(self) -> int:
        """From 0 (operational) to 4 (major outage); announced work harms less than any fault."""
        return _SEVERITY[self]

    @classmethod
    def worst(cls, statuses: Iterable[str]) -> ComponentStatus:
        """The most severe of `statuses`; operational where there are none."""
        return cls(max(statuses, key=_SEVERITY.__getitem__, default=cls.OPERATIONAL))


# Keyed by plain text as well: a TextChoices member hashes and compares as its value.
_SEVERITY: dict[str, int] = {
    ComponentStatus.OPERATIONAL: 0,
    ComponentStatus.UNDER_MAINTENANCE: 1,
    ComponentStatus.DEGRADED_PERFORMANCE: 2,
    ComponentStatus.PARTIAL_OUTAGE: 3,
    ComponentStatus.MAJOR_OUTAGE: 4,
}


class Source(TextChoices):
    """Who speaks in a statement."""

    SETTING = "setting", _("Set by hand")
    INCIDENT = "incident", _("Incident")
    MAINTENANCE = "maintenance", _("Maintenance")
    MONITOR = "monitor", _("Monitor")
    CORRECTION = "correction", _("Correction")

    @property
    def is_human(self) -> bool:
        """Whether a person, or a key acting for one, stands behind the statement."""
        return self is not Source.MONITOR

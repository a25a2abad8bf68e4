"""The one line at the top of a page: how its components are, in one word and one of seven sentences.

The words, the sentences and the rule are Statuspage's ("Top-level status and incident impact
calculations"), which many readers of `/api/v2/status.json` compare letter by letter.
"""

from __future__ import annotations

from collections.abc import Collection

from django.utils.translation import gettext_noop

from components.choices import ComponentStatus
from pages.choices import PageIndicator

# Marked for translation, never translated here: JSON says them in English, a page in its own language.
ALL_OPERATIONAL = gettext_noop("All Systems Operational")
MAJOR_OUTAGE = gettext_noop("Major System Outage")
PARTIAL_OUTAGE = gettext_noop("Partial System Outage")
MINOR_OUTAGE = gettext_noop("Minor Service Outage")
DEGRADED = gettext_noop("Degraded System Service")
PARTIALLY_DEGRADED = gettext_noop("Partially Degraded Service")
UNDER_MAINTENANCE = gettext_noop("Service Under Maintenance")

Line = tuple[PageIndicator, str]


def indicator(statuses: Collection[str], open_impacts: Collection[str]) -> Line:
    """The page indicator and its English sentence.

    `statuses`: of the components that the viewer may see, groups left out.
    `open_impacts`: of the unresolved incidents and the maintenances in progress; they matter only on a
    page without components, for there they are all that is known (`_of_impacts`).
    """
    if not statuses:
        return _of_impacts(open_impacts)
    return _of_statuses(frozenset(statuses))


def _of_statuses(kinds: frozenset[str]) -> Line:
    """The line for a page whose components have the statuses `kinds`, each at least once."""
    everywhere = len(kinds) == 1
    if ComponentStatus.MAJOR_OUTAGE in kinds:
        return (PageIndicator.CRITICAL, MAJOR_OUTAGE) if everywhere else (PageIndicator.MAJOR, PARTIAL_OUTAGE)
    if ComponentStatus.PARTIAL_OUTAGE in kinds:
        return (PageIndicator.MAJOR, PARTIAL_OUTAGE) if everywhere else (PageIndicator.MINOR, MINOR_OUTAGE)
    if ComponentStatus.DEGRADED_PERFORMANCE in kinds:
        return PageIndicator.MINOR, DEGRADED if everywhere else PARTIALLY_DEGRADED
    if ComponentStatus.UNDER_MAINTENANCE in kinds:
        return PageIndicator.MAINTENANCE, UNDER_MAINTENANCE
    return PageIndicator.NONE, ALL_OPERATIONAL


def _of_impacts(impacts: Collection[str]) -> Line:
    """The line for a page without components: that of the worst open impact.

    Statuspage says such a page is operational "unless there is an active incident", not what it says then.
    An incident of impact `none` counts as minor here: without components no incident has a computed
    impact, and a page that reports an open incident cannot say that all is well.
    """
    for impact, line in _BY_IMPACT.items():
        if impact in impacts:
            return line
    return PageIndicator.NONE, ALL_OPERATIONAL


# Worst first. The keys are the values of incidents.choices.Impact, which this layer cannot import.
_BY_IMPACT: dict[str, Line] = {
    "critical": (PageIndicator.CRITICAL, MAJOR_OUTAGE),
    "major": (PageIndicator.MAJOR, PARTIAL_OUTAGE),
    "minor": (PageIndicator.MINOR, MINOR_OUTAGE),
    "none": (PageIndicator.MINOR, PARTIALLY_DEGRADED),
    "maintenance": (PageIndicator.MAINTENANCE, UNDER_MAINTENANCE),
}

"""What the forms of page hosts ask and what was answered."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from typing import Any

from django.http import QueryDict

from common.limits import UNPRINTABLE
from components.models import Component
from incidents.choices import Impact
from pages.choices import Language
from pages.models import StatusPage
from public.ways import Way
from publishing.building.page import by_group, ordered
from subscribers.actions import Who
from subscribers.choices import Cadence, Scope
from subscribers.facts import seen
from subscribers.wishes import EVERYTHING, Wish, time_zones

# Maintenance has no impact of its own to choose by.
_IMPACTS = [one for one in Impact if one != Impact.MAINTENANCE]


def plain(answers: QueryDict) -> QueryDict:
    """The answers, with a sign for each character that neither the database nor a page can hold: what it
    stands in is then no address, no id and no choice, and is refused as such."""
    found = answers.copy()
    for name, values in answers.lists():
        found.setlist(name, [UNPRINTABLE.sub("\ufffd", value) for value in values])
    return found


def wish_from(answers: QueryDict, before: Wish = EVERYTHING) -> Wish:
    """What the form's answers ask for, unchecked. What the form does not ask stays as it was `before`."""
    scope = answers.get("scope", Scope.PAGE)
    chosen = scope == Scope.COMPONENTS
    wish = replace(
        before,
        scope=scope,
        component_ids=frozenset(answers.getlist("components")) if chosen else frozenset(),
        group_ids=frozenset(answers.getlist("groups")) if chosen else frozenset(),
        incident_id=answers.get("incident", before.incident_id) if scope == Scope.INCIDENT else None,
        wants_incidents="incidents" in answers,
        wants_maintenance="maintenance" in answers,
        min_impact=answers.get("impact", before.min_impact),
        cadence=answers.get("cadence", Cadence.ALL),
    )
    return _timed(wish, answers) if "quiet_from" in answers else wish


def _timed(wish: Wish, answers: QueryDict) -> Wish:
    return replace(
        wish,
        language=answers.get("language", wish.language),
        time_zone=answers.get("time_zone", wish.time_zone),
        quiet_from=_time(answers.get("quiet_from", "")),
        quiet_until=_time(answers.get("quiet_until", "")),
        critical_breaks_quiet="critical_now" in answers,
        digest_at=_time(answers.get("digest_at", "")),
    )


def _time(answer: str) -> time | None:
    """A time of day as browsers send it; None for anything else."""
    try:
        return time.fromisoformat(answer).replace(tzinfo=None)
    except ValueError:
        return None


def wish_of_link(page: StatusPage, asked: QueryDict) -> Wish:
    """What a link to the form asks for: one incident, while that is open, or everything."""
    open_now = seen(page.incidents.unresolved()).filter(pk=plain(asked).get("incident", "")).first()
    return replace(EVERYTHING, scope=Scope.INCIDENT, incident_id=open_now.pk) if open_now else EVERYTHING


def who_from(answers: QueryDict, way: Way) -> Who:
    """Whose address was entered, unchecked."""
    contact = answers.get("contact", "") if way.has_owner else ""
    return Who(answers.get(way.field, ""), way.channel, contact=contact)


def choices(page: StatusPage, wish: Wish = EVERYTHING) -> dict[str, Any]:
    """What can be chosen on the page, and what is."""
    components: list[Component] = list(page.components.public())
    members = by_group(components)
    groups = ordered(page.groups.present(), members)
    parts = [(group, members[group.pk if group else None]) for group in groups]
    return {"wish": wish, "parts": parts, **_words(page, wish)}


def _words(page: StatusPage, wish: Wish) -> dict[str, Any]:
    """What else the form lists, and what of it is chosen."""
    zone, language = wish.time_zone or page.time_zone, wish.language or page.language
    followed = seen(page.incidents.all()).filter(pk=wish.incident_id).first() if wish.incident_id else None
    return {
        "followed": followed,
        "impacts": _IMPACTS,
        "languages": [(one.value, one.label, one == language) for one in Language],
        "zones": [(one, one == zone) for one in sorted({*time_zones(), zone})],
    }

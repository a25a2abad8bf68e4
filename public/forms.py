"""What the forms of page hosts ask and what was answered."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.http import QueryDict

from common.limits import UNPRINTABLE
from components.models import Component
from pages.models import StatusPage
from public.ways import Way
from publishing.building.page import by_group, ordered
from subscribers.actions import Who
from subscribers.choices import Cadence, Scope
from subscribers.wishes import EVERYTHING, Wish


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
    return replace(
        before,
        scope=scope,
        component_ids=frozenset(answers.getlist("components")) if chosen else frozenset(),
        group_ids=frozenset(answers.getlist("groups")) if chosen else frozenset(),
        wants_incidents="incidents" in answers,
        wants_maintenance="maintenance" in answers,
        cadence=answers.get("cadence", Cadence.ALL),
    )


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
    return {"wish": wish, "parts": parts}

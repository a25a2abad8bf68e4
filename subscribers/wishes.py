"""What somebody asks to be told, checked and put into a subscriber's row."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import time
from functools import cache
from typing import Any
from zoneinfo import available_timezones

from django.db import connection
from django.utils.translation import gettext as _

from common.errors import Refused
from components.models import Component, ComponentGroup
from incidents.choices import Impact
from pages.choices import Language
from pages.models import StatusPage
from subscribers.choices import Cadence, Scope
from subscribers.models import Subscriber


@dataclass(frozen=True, slots=True)
class Wish:
    """`component_ids` count where `scope` is components, `incident_id` where it is one incident.

    Times are of `time_zone`'s clock. Language and zone may be empty: the page's own, or as they were.
    """

    scope: str = Scope.PAGE
    component_ids: frozenset[str] = frozenset()
    group_ids: frozenset[str] = frozenset()
    incident_id: str | None = None
    wants_incidents: bool = True
    wants_maintenance: bool = True
    min_impact: str = Impact.NONE
    cadence: str = Cadence.ALL
    language: str = ""
    time_zone: str = ""
    quiet_from: time | None = None
    quiet_until: time | None = None
    critical_breaks_quiet: bool = True
    """Whether critical incidents are told at once, whatever the hour."""
    digest_at: time | None = None
    """When one mail a day says it all; None: each message at once."""


EVERYTHING = Wish()
_ID = re.compile(r"[0-9a-z]{1,32}")
_WORDED = ["language", "time_zone"]
COLUMNS = [
    *("scope", "incident_id", "wants_incidents", "wants_maintenance", "min_impact", "cadence"),
    *("quiet_from", "quiet_until", "critical_breaks_quiet", "digest_at"),
    *_WORDED,
]
_REGIONS = {"Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian"}
_REGIONS |= {"Pacific"}


def check(page: StatusPage, wish: Wish) -> None:
    """Raises Refused, naming the field, for a wish that nothing would ever fulfil or that names what the
    page does not show."""
    check_plain(wish)
    _check_ids(wish.component_ids | wish.group_ids, "components")
    _check_ids([wish.incident_id] if wish.incident_id else [], "incident_id")
    if wish.scope == Scope.COMPONENTS:
        _check_parts(page, wish)
    if wish.scope == Scope.INCIDENT:
        _check_incident(page, wish)


def check_plain(wish: Wish) -> None:
    """The part of `check` that no row of the database has a say in."""
    _check_words(wish)
    _check_times(wish)
    if not (wish.wants_incidents or wish.wants_maintenance):
        message = _("Choose incidents, maintenance or both: otherwise there would be nothing to tell.")
        raise Refused(message, "wants_incidents")


def apply(subscriber: Subscriber, wish: Wish) -> None:
    """Step: set the columns and what was chosen. The caller saves COLUMNS; the row exists already."""
    for name in COLUMNS:
        if name not in _WORDED or getattr(wish, name):
            setattr(subscriber, name, getattr(wish, name))
    if wish.scope != Scope.INCIDENT:
        subscriber.incident_id = None
    chosen = wish.scope == Scope.COMPONENTS
    _forget_choice(subscriber)
    subscriber.components.add(*Component.objects.filter(pk__in=wish.component_ids if chosen else []))
    subscriber.groups.add(*ComponentGroup.objects.filter(pk__in=wish.group_ids if chosen else []))


def _forget_choice(subscriber: Subscriber) -> None:
    """By the same statements whatever was chosen before: nobody is to learn that from how long it takes."""
    for through in (Subscriber.components.through, Subscriber.groups.through):
        table = connection.ops.quote_name(through._meta.db_table)
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table} WHERE subscriber_id = %s", [subscriber.pk])  # noqa: S608


def of(subscriber: Subscriber) -> Wish:
    """What the subscriber wishes now."""
    columns: dict[str, Any] = {name: getattr(subscriber, name) for name in COLUMNS}
    return Wish(
        component_ids=frozenset(subscriber.components.values_list("pk", flat=True)),
        group_ids=frozenset(subscriber.groups.values_list("pk", flat=True)),
        **columns,
    )


def _check_ids(ids: Iterable[str], field: str) -> None:
    """What is no id at all is told apart from one that is gone, and never gets to the database."""
    if not all(_ID.fullmatch(one) for one in ids):
        message = _("This cannot be chosen here. Please open the form again.")
        raise Refused(message, field)


def _check_words(wish: Wish) -> None:
    known = {"scope": Scope.values, "min_impact": Impact.values, "cadence": Cadence.values}
    known["language"] = ["", *Language.values]
    for field, values in known.items():
        if getattr(wish, field) not in values:
            message = _("“%(value)s” cannot be chosen here.") % {"value": getattr(wish, field)}
            raise Refused(message, field)


# Python looks through all its files for them.
_time_zones = cache(available_timezones)


@cache
def time_zones() -> list[str]:
    """Those that somebody can choose: regions and their cities, which Python and PostgreSQL both know."""
    regional = {name for name in _time_zones() if name.partition("/")[0] in _REGIONS}
    return ["UTC", *sorted(regional)]


def _check_times(wish: Wish) -> None:
    if wish.time_zone and wish.time_zone not in _time_zones():
        message = _("“%(value)s” is no time zone. One is called like Europe/Berlin.")
        raise Refused(message % {"value": wish.time_zone}, "time_zone")
    if (wish.quiet_from is None) != (wish.quiet_until is None):
        message = _("Quiet hours need a beginning and an end.")
        raise Refused(message, "quiet_from")
    if wish.quiet_from is not None and wish.quiet_from == wish.quiet_until:
        message = _("Quiet hours end at another time than they begin.")
        raise Refused(message, "quiet_until")


def _check_parts(page: StatusPage, wish: Wish) -> None:
    if not wish.component_ids and not wish.group_ids:
        message = _("Choose at least one component, or the whole page.")
        raise Refused(message, "components")
    components = page.components.public().filter(pk__in=wish.component_ids)
    groups = page.groups.present().filter(pk__in=wish.group_ids)
    if components.count() != len(wish.component_ids) or groups.count() != len(wish.group_ids):
        message = _("A component that you chose is not on this page any more. Please choose again.")
        raise Refused(message, "components")


def _check_incident(page: StatusPage, wish: Wish) -> None:
    if not page.incidents.unresolved().filter(pk=wish.incident_id).exists():
        message = _("This incident is over, or there is none of this name.")
        raise Refused(message, "incident_id")

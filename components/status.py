"""What is said of components, and what follows: the only place that writes statements and their history.

Steps: they take the open change first and work on many components at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext as _

from common.errors import Refused
from common.limits import UNPRINTABLE
from common.rows import state
from components.choices import ComponentStatus, Source
from components.indicator import indicator
from components.models import Component, Statement, StatementQuerySet, StatusChange
from components.timeline import SILENCE, Effective, Spoken, effective, fold
from pages.change import Change
from pages.choices import PageIndicator
from pages.clock import next_tick, schedule


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who says something: an incident, a window, a monitor … For a person's setting the id is empty."""

    source: Source
    id: str = ""


SETTING = Speaker(Source.SETTING)


def say(
    change: Change,
    speaker: Speaker,
    statuses: Mapping[str, str],
    *,
    begun: datetime | None = None,
    notify: bool = False,
) -> None:
    """From `begun` (now, unless told otherwise) these components have these statuses, `speaker` says.

    Its former word on them ends there. Records an event for each component whose status now differs.
    """
    begun = begun or change.now
    with_effect(change, statuses, begun, notify, lambda: _replace(speaker, statuses, begun))


def take_back(
    change: Change, speaker: Speaker, *, at: datetime | None = None, only: Collection[str] | None = None
) -> None:
    """`speaker` no longer says anything of its components (or of `only` these)."""
    at = at or change.now
    live = Statement.objects.live().of(speaker.source, speaker.id)
    if only is not None:
        live = live.filter(component_id__in=only)
    touched = list(live.values_list("component_id", flat=True))
    with_effect(change, touched, at, False, lambda: _end(live, at))


def with_effect(
    change: Change, ids: Iterable[str], since: datetime, notify: bool, write: Callable[[], object]
) -> None:
    """Run `write`, which changes statements of these components from `since` on, and draw the conclusions."""
    touched = sorted(set(ids))
    if not touched:
        return
    before = current(touched)
    write()
    rebuild(touched, since, change.now)
    after = current(touched)
    moved = {one: (before[one], after[one]) for one in touched if before[one] != after[one]}
    _record(change, moved, notify)
    refresh_indicator(change)


def current(ids: Collection[str]) -> dict[str, str]:
    """The status of each of these components, as its history says."""
    return dict(Component.objects.with_status().filter(pk__in=ids).values_list("pk", "status"))


def rebuild(ids: Collection[str], since: datetime, now: datetime) -> None:
    """Make these components' history from `since` on what their statements say. Queries: a fixed number."""
    said = spoken(ids, since)
    before = _before(ids, since)
    rows = [row for one in ids for row in _history(one, said[one], before.get(one, SILENCE), since, now)]
    StatusChange.objects.filter(component_id__in=ids, at__gte=since).delete()
    StatusChange.objects.bulk_create(rows, batch_size=1000)


def check(change: Change, statuses: Mapping[str, str | None]) -> None:
    """Raises Refused unless these are the page's components and known statuses (None: unchanged)."""
    known = set(change.page.components.present().filter(pk__in=_ids(statuses)).values_list("pk", flat=True))
    missing = sorted(str(one) for one in statuses if one not in known)
    if missing:
        message = _("This page has no component %(ids)s.") % {"ids": ", ".join(missing[:10])}
        raise Refused(message, "components")
    wrong = [one for one in statuses.values() if one is not None and one not in ComponentStatus.values]
    if wrong:
        message = _("“%(status)s” is not a component status.") % {"status": wrong[0]}
        raise Refused(message, "status")


def _ids(asked: Iterable[object]) -> list[str]:
    """Those that can be ids at all: the database takes no other text."""
    return [one for one in asked if isinstance(one, str) and not UNPRINTABLE.search(one)]


def refresh_indicator(change: Change) -> None:
    """Bring the page's indicator in line with what everybody may see of its components."""
    page = change.page
    statuses = page.components.public().with_status().values_list("status", flat=True)
    page.indicator = indicator(list(statuses), [page.open_impact] if page.open_impact else [])[0]
    if page.indicator != PageIndicator.NONE:
        schedule(page, next_tick(page, change.now))


def _replace(speaker: Speaker, statuses: Mapping[str, str], begun: datetime) -> None:
    former = Statement.objects.of(speaker.source, speaker.id).filter(component_id__in=statuses)
    # A word said for a later time, or for this very one, is replaced as a whole.
    former.filter(begun__gte=begun).delete()
    _end(former.live(), begun)
    Statement.objects.bulk_create(
        Statement(component_id=one, source=speaker.source, source_id=speaker.id, status=status, begun=begun)
        for one, status in statuses.items()
    )


def _end(statements: StatementQuerySet, at: datetime) -> None:
    """End statements at `at`; those that begin only then are withdrawn."""
    statements.filter(begun__gte=at).delete()
    statements.update(ended=at)


def spoken(ids: Collection[str], since: datetime) -> dict[str, list[Spoken]]:
    """What was said of each of these components and was live at `since` or later. One query."""
    found: dict[str, list[Spoken]] = defaultdict(list)
    rows = Statement.objects.filter(component_id__in=ids).filter(Q(ended=None) | Q(ended__gt=since))
    for row in rows.values_list("component_id", "id", "source", "source_id", "status", "begun", "ended"):
        found[row[0]].append(Spoken(*row[1:]))
    return found


def _before(ids: Collection[str], since: datetime) -> dict[str, Effective]:
    newest = (
        StatusChange.objects.filter(component_id__in=ids, at__lt=since)
        .order_by("component_id", "-at")
        .distinct("component_id")
    )
    return {
        one: Effective(status, source, source_id)
        for one, status, source, source_id in newest.values_list(
            "component_id", "status", "source", "source_id"
        )
    }


def _history(
    component_id: str, spoken: list[Spoken], before: Effective, since: datetime, now: datetime
) -> Iterable[StatusChange]:
    first = effective(spoken, since)
    if first != before:
        yield _row(component_id, since, first)
    for one in fold(spoken, now):
        if one.at > since:
            yield _row(component_id, one.at, Effective(one.status, one.source, one.source_id))


def _row(component_id: str, at: datetime, now: Effective) -> StatusChange:
    return StatusChange(
        component_id=component_id, at=at, status=now.status, source=now.source, source_id=now.source_id
    )


def _record(change: Change, moved: Mapping[str, tuple[str, str]], notify: bool) -> None:
    for component in Component.objects.filter(pk__in=moved).order_by("position", "pk"):
        old, new = moved[component.pk]
        facts = state(component, status=new, old_status=old, page_name=change.page.name)
        change.record("component.status_changed", "component", component.pk, facts, notify=notify)

"""Verbs on components and groups."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Max
from django.utils.translation import gettext as _

from common.errors import Refused
from common.ids import new_id
from common.rows import add, given, state
from common.rows import change as change_row
from components.choices import ComponentStatus, Source
from components.models import Component, ComponentGroup, Statement
from components.status import SETTING, check, current, refresh_indicator, say, with_effect
from events.actor import Actor
from pages.change import Change, page_change
from pages.models import StatusPage

COMPONENT_FIELDS = frozenset(
    [
        "group",
        "name",
        "purpose",
        "description",
        "position",
        "showcase",
        "only_show_if_degraded",
        "restricted",
        "start_date",
        "major_weight",
        "partial_weight",
        "degraded_weight",
        "maintenance_counts",
        "minimum_outage",
    ]
)
GROUP_FIELDS = frozenset({"name", "description", "position"})
_CORRECTED = frozenset({"begun", "ended", "reason"})


def create_component(
    page: StatusPage, actor: Actor, *, status: str = ComponentStatus.OPERATIONAL, **fields: Any
) -> Component:
    """Add a component, last unless `position` is given; `fields`: of COMPONENT_FIELDS."""
    fields = given(fields, COMPONENT_FIELDS, Component)
    with page_change(page, actor) as change:
        _check_group(change, fields.get("group"))
        fields.setdefault("position", _next_position(change.page.components.all()))
        component = add(Component(page=change.page, created_at=change.now, updated_at=change.now, **fields))
        _record_components(change, "component.created", [component])
        if status != ComponentStatus.OPERATIONAL:
            check(change, {component.pk: status})
            say(change, SETTING, {component.pk: status})
        refresh_indicator(change)
    return component


def update_component(
    page: StatusPage, component: Component, actor: Actor, *, status: str = "", **fields: Any
) -> Component:
    """Change what a component is and, where one is given, its status: as `set_status` does."""
    with page_change(page, actor) as change:
        component = _locked(change.page.components, component.pk)
        _check_group(change, fields.get("group"))
        if change_row(component, fields, change.now, COMPONENT_FIELDS):
            _record_components(change, "component.updated", [component])
            refresh_indicator(change)
        if status:
            check(change, {component.pk: status})
            say(change, SETTING, {component.pk: status}, notify=True)
    return component


def delete_component(page: StatusPage, component: Component, actor: Actor) -> None:
    """Take a component off the page. Its history keeps its name."""
    with page_change(page, actor) as change:
        component = _locked(change.page.components, component.pk)
        _delete(change, component)
        _record_components(change, "component.deleted", [component])
        refresh_indicator(change)


def set_status(page: StatusPage, statuses: Mapping[str, str], actor: Actor, *, notify: bool = True) -> None:
    """A person (or a key acting for one) says how components are, by id. All of them or none."""
    with page_change(page, actor, notify=notify) as change:
        check(change, statuses)
        say(change, SETTING, statuses, notify=True)


def create_group(
    page: StatusPage, actor: Actor, *, components: Collection[str] = (), **fields: Any
) -> ComponentGroup:
    """Add a group and move these components, by id, into it; `fields`: of GROUP_FIELDS."""
    fields = given(fields, GROUP_FIELDS, ComponentGroup)
    with page_change(page, actor) as change:
        fields.setdefault("position", _next_position(change.page.groups.all()))
        group = add(ComponentGroup(page=change.page, created_at=change.now, updated_at=change.now, **fields))
        change.record("group.created", "group", group.pk, state(group))
        _move(change, group, components)
    return group


def update_group(
    page: StatusPage,
    group: ComponentGroup,
    actor: Actor,
    *,
    components: Collection[str] | None = None,
    **fields: Any,
) -> ComponentGroup:
    """Change a group; `components` (ids) replaces its members."""
    with page_change(page, actor) as change:
        group = _locked(change.page.groups, group.pk)
        if change_row(group, fields, change.now, GROUP_FIELDS):
            change.record("group.updated", "group", group.pk, state(group))
        if components is not None:
            _move(change, None, set(_members(group)) - set(components))
            _move(change, group, components)
    return group


def delete_group(page: StatusPage, group: ComponentGroup, actor: Actor) -> None:
    """Dissolve a group; its components stay, by themselves."""
    with page_change(page, actor) as change:
        group = _locked(change.page.groups, group.pk)
        _move(change, None, _members(group))
        _delete(change, group)
        change.record("group.deleted", "group", group.pk, state(group))


def reorder(page: StatusPage, ids: Sequence[str], actor: Actor) -> None:
    """Put components into this order; those not named come after, in their former order."""
    with page_change(page, actor) as change:
        check(change, dict.fromkeys(ids))
        present = list(change.page.components.present())
        named = set(ids)
        rest = [one.pk for one in present if one.pk not in named]
        places = {pk: place for place, pk in enumerate([*ids, *rest])}
        _set_each(change, present, "position", places)


def correct_history(
    page: StatusPage,
    component: Component,
    actor: Actor,
    *,
    begun: datetime,
    ended: datetime,
    status: str,
    reason: str,
) -> Statement:
    """Say what a component's status really was in [begun, ended). Shown on the page with its reason."""
    span = given({"begun": begun, "ended": ended, "reason": reason}, _CORRECTED, Statement)
    begun, ended = span["begun"], span["ended"]
    with page_change(page, actor) as change:
        component = _locked(change.page.components, component.pk)
        _check_correction(change, begun, ended, span["reason"])
        statement = Statement(
            component=component,
            source=Source.CORRECTION,
            source_id=new_id(),
            status=status,
            begun=begun,
            ended=ended,
            reason=reason,
        )
        with_effect(change, [component.pk], begun, False, lambda: add(statement))
        change.record("component.corrected", "correction", str(statement.pk), state(statement))
    return statement


def _check_correction(change: Change, begun: datetime, ended: datetime, reason: str) -> None:
    if not begun < ended <= change.now:
        message = _("A correction begins before it ends, and ends in the past.")
        raise Refused(message, "ended")
    if not reason.strip():
        message = _("Say why the history is corrected: the reason is shown on the page.")
        raise Refused(message, "reason")


def withdraw_correction(page: StatusPage, statement: Statement, actor: Actor) -> None:
    """Take a correction back: the history is again what was said at the time."""
    with page_change(page, actor) as change:
        found = Statement.objects.filter(
            pk=statement.pk, source=Source.CORRECTION, component__page=change.page
        )
        if not found.exists():
            message = _("This correction has already been withdrawn.")
            raise Refused(message)
        with_effect(change, [statement.component_id], statement.begun, False, found.delete)
        change.record("component.correction_withdrawn", "correction", str(statement.pk), state(statement))


def _locked(rows: Any, pk: str) -> Any:
    """The page's own row, as it is now; what the caller holds may be old, or another page's."""
    found = rows.present().filter(pk=pk).first()
    if found is None:
        message = _("This has been deleted meanwhile.")
        raise Refused(message)
    return found


def _next_position(rows: Any) -> int:
    return int(rows.aggregate(last=Max("position"))["last"] or 0) + 1


def _members(group: ComponentGroup) -> list[str]:
    return list(group.components.present().values_list("pk", flat=True))


def _check_group(change: Change, group: ComponentGroup | None) -> None:
    if group is None:
        return
    if not isinstance(group, ComponentGroup) or not change.page.groups.present().filter(pk=group.pk).exists():
        message = _("This page has no such group.")
        raise Refused(message, "group")


def _move(change: Change, group: ComponentGroup | None, ids: Collection[str]) -> None:
    check(change, dict.fromkeys(ids))
    found = list(change.page.components.present().filter(pk__in=ids))
    _set_each(change, found, "group_id", dict.fromkeys(ids, group and group.pk))


def _set_each(
    change: Change, components: Sequence[Component], column: str, values: Mapping[str, object]
) -> None:
    """Give each component its value, with an event for those that had another. Queries: a fixed number."""
    changed = [one for one in components if getattr(one, column) != values[one.pk]]
    for component in changed:
        setattr(component, column, values[component.pk])
        component.updated_at = change.now
    Component.objects.bulk_update(changed, [column, "updated_at"], batch_size=1000)
    _record_components(change, "component.updated", changed)


def _delete(change: Change, row: Component | ComponentGroup) -> None:
    row.deleted_at = row.updated_at = change.now
    row.save(update_fields=["deleted_at", "updated_at"])


def _record_components(change: Change, name: str, components: Collection[Component]) -> None:
    statuses = current([component.pk for component in components])
    for component in components:
        facts = state(component, status=statuses[component.pk])
        change.record(name, "component", component.pk, facts)

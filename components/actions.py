"""Verbs on components and groups."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
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
from pages.actions import page_creation
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
_WELL = ComponentStatus.OPERATIONAL.value
_CORRECTED = frozenset({"begun", "ended", "reason"})
# A group's id, or None for those by themselves, and the ids of the components in it.
Block = tuple[str | None, Sequence[str]]


def begin_page(
    actor: Actor, *, name: str, slug: str, components: Sequence[tuple[str, str]], **fields: Any
) -> StatusPage:
    """`create_page` with what it reports on, in the same version: (its group's name or "", name) in their
    order. What is wrong with one of them names the field `components`.
    """
    with page_creation(actor, name=name, slug=slug, **fields) as change:
        try:
            _begin_components(change, components)
        except Refused as refusal:
            raise Refused(refusal.message, "components") from refusal
        refresh_indicator(change)
        return change.page


def _begin_components(change: Change, components: Sequence[tuple[str, str]]) -> None:
    own = {"page": change.page, "created_at": change.now, "updated_at": change.now}
    groups: dict[str, ComponentGroup | None] = {"": None}
    for place, (group, name) in enumerate(components):
        if group not in groups:
            groups[group] = made = add(ComponentGroup(name=group, position=2 * place, **own))
            change.record("group.created", "group", made.pk, state(made))
        component = add(Component(name=name, group=groups[group], position=2 * place + 1, **own))
        change.record("component.created", "component", component.pk, state(component, status=_WELL))


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


def arrange(page: StatusPage, blocks: Sequence[Block], actor: Actor) -> None:
    """Put the page into this order, and each component where its block says. All of it or nothing.

    What is not named comes after, in its former order, and stays in its group.
    """
    with page_change(page, actor) as change:
        homes = {pk: group for group, members in blocks for pk in members}
        check(change, dict.fromkeys(homes))
        groups, components = list(change.page.groups.present()), list(change.page.components.present())
        _check_groups(groups, homes.values())
        order = [pk for group, members in blocks for pk in (*([group] if group else []), *members)]
        rest = [one.pk for one in (*groups, *components) if one.pk not in order]
        places = {pk: place for place, pk in enumerate([*order, *rest])}
        _place_groups(change, groups, places)
        said = {
            one.pk: {"position": places[one.pk], "group_id": homes.get(one.pk, one.group_id)}
            for one in components
        }
        _set_each(change, components, said)


def _check_groups(groups: Sequence[ComponentGroup], asked: Iterable[str | None]) -> None:
    if set(asked) - {None, *(one.pk for one in groups)}:
        message = _("This page has no such group.")
        raise Refused(message, "group")


def _place_groups(change: Change, groups: Sequence[ComponentGroup], places: Mapping[str, int]) -> None:
    moved = [one for one in groups if one.position != places[one.pk]]
    for group in moved:
        group.position, group.updated_at = places[group.pk], change.now
        change.record("group.updated", "group", group.pk, state(group))
    ComponentGroup.objects.bulk_update(moved, ["position", "updated_at"], batch_size=1000)


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
    _set_each(change, found, {pk: {"group_id": group and group.pk} for pk in ids})


def _set_each(
    change: Change, components: Sequence[Component], values: Mapping[str, Mapping[str, object]]
) -> None:
    """Give each component its values by column, the same columns for all, with an event for those that had
    others. Queries: a fixed number."""
    changed = [
        one
        for one in components
        if any(getattr(one, name) != values[one.pk][name] for name in values[one.pk])
    ]
    for component in changed:
        for name, value in values[component.pk].items():
            setattr(component, name, value)
        component.updated_at = change.now
    columns = {name for one in changed for name in values[one.pk]}
    Component.objects.bulk_update(changed, [*sorted(columns), "updated_at"], batch_size=1000)
    _record_components(change, "component.updated", changed)


def _differs(row: Component, values: Mapping[str, object]) -> bool:
    return any(getattr(row, name) != value for name, value in values.items())


def _delete(change: Change, row: Component | ComponentGroup) -> None:
    row.deleted_at = row.updated_at = change.now
    row.save(update_fields=["deleted_at", "updated_at"])


def _record_components(change: Change, name: str, components: Collection[Component]) -> None:
    statuses = current([component.pk for component in components])
    for component in components:
        facts = state(component, status=statuses[component.pk])
        change.record(name, "component", component.pk, facts)

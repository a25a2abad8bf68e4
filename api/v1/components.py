"""Components."""

from __future__ import annotations

from typing import Any

from api.operations import Call, Takes, operation
from api.paging import PAGED, part_of_ids
from api.schema.components import Component as Given
from api.schema.components import ComponentInput, StatusesInput, described
from common.errors import Refused
from common.instants import utc_seconds
from components.actions import create_component, delete_component, set_status, update_component
from components.choices import ComponentStatus
from components.models import Component, ComponentGroup
from components.shape import component_shape, group_shape
from pages.models import StatusPage
from tenants.models import Role, Scope

_LIST = "pages/{page_id}/components"
_ONE = "pages/{page_id}/components/{component_id}"
_TAKES = Takes(ComponentInput, "component")
_MOST_AT_ONCE = 1_000
_FIELDS = ("name", "description", "showcase", "only_show_if_degraded", "start_date")


@operation("GET", _LIST, Scope.READ, Role.VIEWER, gives=Given, many=True, parameters=PAGED)
def list_components(call: Call, page: StatusPage) -> Any:
    """Components and groups, as on the page: each group before its members."""
    ids = part_of_ids(call, _order(page))
    found = shapes(page, ids)
    return [found[one] for one in ids if one in found]


@operation("POST", _LIST, Scope.COMPONENTS, Role.EDITOR, takes=_TAKES, gives=Given, status=201)
def add_component(call: Call, page: StatusPage) -> Any:
    """Add a component."""
    fields = _fields(call, page) | {"status": call.data.get("status") or ComponentStatus.OPERATIONAL}
    fields.setdefault("name", "")
    # As in the original: a client that says nothing of it plans for that.
    fields.setdefault("showcase", False)
    return shape_of(page, create_component(page, call.actor, **fields).pk)


@operation("PATCH", _LIST, Scope.COMPONENTS, Role.EDITOR, takes=Takes(StatusesInput), gives=Given, many=True)
def set_statuses(call: Call, page: StatusPage) -> Any:
    """Set the status of many components at once: all or none, one change of the page."""
    statuses = call.data.get("components", {})
    if not 1 <= len(statuses) <= _MOST_AT_ONCE:
        message = f"Between one and {_MOST_AT_ONCE} components are set at once."
        raise Refused(message, "components")
    set_status(page, statuses, call.actor)
    return list(shapes(page, list(statuses)).values())


@operation("GET", _ONE, Scope.READ, Role.VIEWER, gives=Given)
def get_component(call: Call, page: StatusPage, component_id: str) -> Any:
    """One component, or one group as it stands in the list."""
    return shape_of(page, component_id)


@operation("PATCH PUT", _ONE, Scope.COMPONENTS, Role.EDITOR, takes=_TAKES, gives=Given)
def change_component(call: Call, page: StatusPage, component_id: str) -> Any:
    """Change a component, its status included. What is not said stays."""
    component = page.components.present().get(pk=component_id)
    status = call.data.get("status") or ""
    update_component(page, component, call.actor, status=status, **_fields(call, page))
    return shape_of(page, component_id)


@operation("DELETE", _ONE, Scope.COMPONENTS, Role.EDITOR, status=204)
def remove_component(call: Call, page: StatusPage, component_id: str) -> None:
    """Take a component off the page."""
    delete_component(page, page.components.present().get(pk=component_id), call.actor)


def _fields(call: Call, page: StatusPage) -> dict[str, Any]:
    fields = described(call.data, *_FIELDS)
    if "group_id" in call.data:
        fields["group"] = _group(page, call.data["group_id"])
    return fields


def _group(page: StatusPage, group_id: str | None) -> ComponentGroup | None:
    if not group_id:
        return None
    found: ComponentGroup | None = page.groups.present().filter(pk=group_id).first()
    if found is None:
        message = f"This page has no group {group_id}."
        raise Refused(message, "group_id")
    return found


def shape_of(page: StatusPage, pk: str) -> dict[str, Any]:
    """One component or group of the page. Raises DoesNotExist where there is none."""
    found = shapes(page, [pk])
    if pk not in found:
        raise Component.DoesNotExist
    return found[pk]


def _order(page: StatusPage) -> list[str]:
    """Ids of components and groups as on the page: those without a group stand together."""
    rows = list(page.components.present().values_list("pk", "group_id", "position"))
    alone = min((position for _pk, group_id, position in rows if not group_id), default=0)
    sections: dict[str | None, tuple[int, int]] = {None: (alone, 0)}
    groups = page.groups.present().values_list("pk", "position")
    sections |= {pk: (position, place) for place, (pk, position) in enumerate(groups, 1)}
    order = [((*sections[pk], 0), pk) for pk in sections if pk]
    order += [((*sections[group_id], place), pk) for place, (pk, group_id, _at) in enumerate(rows, 1)]
    return [pk for _place, pk in sorted(order)]


def shapes(page: StatusPage, ids: list[str]) -> dict[str, dict[str, Any]]:
    """Of those ids that are the page's components or groups."""
    groups = list(page.groups.present().filter(pk__in=ids))
    known = page.components.present().with_status()
    wanted = list(known.filter(pk__in=ids) | known.filter(group__in=groups))
    shapes = {one.pk: _shape(component_shape(one, one.status, utc_seconds)) for one in wanted}
    for group in groups:
        members = [shapes[one.pk] for one in wanted if one.group_id == group.pk]
        shapes[group.pk] = _shape(group_shape(group, members, utc_seconds))
    return shapes


def _shape(shape: dict[str, Any]) -> dict[str, Any]:
    return shape | {"automation_email": ""}

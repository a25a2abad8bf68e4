"""Groups of components."""

from __future__ import annotations

from typing import Any

from api.operations import Call, Takes, operation
from api.paging import PAGED, part
from api.schema.components import Group, GroupBody, described
from common.errors import Refused
from common.instants import utc_seconds
from components.actions import create_group, delete_group, update_group
from components.models import Component, ComponentGroup
from pages.models import StatusPage
from tenants.models import Role, Scope

_LIST = "pages/{page_id}/component-groups"
_ONE = "pages/{page_id}/component-groups/{group_id}"
_TAKES = Takes(GroupBody)


@operation("GET", _LIST, Scope.READ, Role.VIEWER, gives=Group, many=True, parameters=PAGED)
def list_groups(call: Call, page: StatusPage) -> Any:
    """The groups of a page, in their order."""
    return _shapes(part(call, page.groups.present()))


@operation("POST", _LIST, Scope.COMPONENTS, Role.EDITOR, takes=_TAKES, gives=Group, status=201)
def add_group(call: Call, page: StatusPage) -> Any:
    """Add a group and move components into it."""
    fields = _fields(call)
    if not fields.get("components"):
        message = "A group has at least one component."
        raise Refused(message, "components")
    return _shape(create_group(page, call.actor, **{"name": ""} | fields))


@operation("GET", _ONE, Scope.READ, Role.VIEWER, gives=Group)
def get_group(call: Call, page: StatusPage, group_id: str) -> Any:
    """One group."""
    return _shape(page.groups.present().get(pk=group_id))


@operation("PATCH PUT", _ONE, Scope.COMPONENTS, Role.EDITOR, takes=_TAKES, gives=Group)
def change_group(call: Call, page: StatusPage, group_id: str) -> Any:
    """Change a group; `components` replaces its members."""
    group = page.groups.present().get(pk=group_id)
    return _shape(update_group(page, group, call.actor, **_fields(call)))


@operation("DELETE", _ONE, Scope.COMPONENTS, Role.EDITOR, gives=Group)
def remove_group(call: Call, page: StatusPage, group_id: str) -> Any:
    """Dissolve a group. Its components stay."""
    group = page.groups.present().get(pk=group_id)
    shape = _shape(group)
    delete_group(page, group, call.actor)
    return shape


def _fields(call: Call) -> dict[str, Any]:
    inside = call.data.get("component_group") or call.data.get("components_group") or {}
    outside = {"description": call.data["description"]} if "description" in call.data else {}
    return described(outside | inside, "name", "description", "components")


def _shape(group: ComponentGroup) -> dict[str, Any]:
    return _shapes([group])[0]


def _shapes(groups: list[ComponentGroup]) -> list[dict[str, Any]]:
    members = Component.objects.present().filter(group__in=groups).values_list("group_id", "pk")
    found: dict[str, list[str]] = {one.pk: [] for one in groups}
    for group_id, pk in members:
        found[group_id].append(pk)
    return [
        {
            "id": one.pk,
            "page_id": one.page_id,
            "name": one.name,
            "description": one.description or None,
            "components": found[one.pk],
            "position": one.position,
            "created_at": utc_seconds(one.created_at),
            "updated_at": utc_seconds(one.updated_at),
        }
        for one in groups
    ]

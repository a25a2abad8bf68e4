"""Page access groups: people who may see the same; and who may see one component."""

from __future__ import annotations

from typing import Any

from api.operations import Call, Takes, operation
from api.paging import PAGED, part
from api.schema.access import (
    AccessGroup,
    AccessGroupIds,
    AccessGroupInput,
    AccessUserIds,
    ComponentIds,
)
from api.schema.components import Component
from api.v1.access import (
    group_shape,
    named,
    see_less,
    see_more,
    see_one_less,
    see_only,
    seen_components,
    wanted,
)
from api.v1.components import shape_of
from pages.models import StatusPage
from tenants.models import Role, Scope
from viewers.actions import (
    COMPONENTS,
    create_group,
    delete,
    hide_component,
    show_component,
    update_group,
)
from viewers.models import PageAccessGroup, PageAccessUser

_LIST = "pages/{page_id}/page_access_groups"
_ONE = "pages/{page_id}/page_access_groups/{page_access_group_id}"
_COMPONENTS = f"{_ONE}/components"
_USERS_OF = "pages/{page_id}/components/{component_id}/page_access_users"
_GROUPS_OF = "pages/{page_id}/components/{component_id}/page_access_groups"
_TAKES = Takes(AccessGroupInput, "page_access_group")
_NEEDS = (Scope.ADMIN, Role.ADMIN)


@operation("GET", _LIST, *_NEEDS, gives=AccessGroup, many=True, parameters=PAGED)
def list_access_groups(call: Call, page: StatusPage) -> Any:
    """The groups of a page, oldest first."""
    return [group_shape(one) for one in part(call, _rows(page))]


@operation("POST", _LIST, *_NEEDS, takes=_TAKES, gives=AccessGroup, status=201)
def add_access_group(call: Call, page: StatusPage) -> Any:
    """Add a group."""
    return _answer(page, create_group(page, call.actor, **{"name": ""} | _fields(call)).pk)


@operation("GET", _ONE, *_NEEDS, gives=AccessGroup)
def get_access_group(call: Call, page: StatusPage, page_access_group_id: str) -> Any:
    """One group."""
    return _answer(page, page_access_group_id)


@operation("PATCH PUT", _ONE, *_NEEDS, takes=_TAKES, gives=AccessGroup)
def change_access_group(call: Call, page: StatusPage, page_access_group_id: str) -> Any:
    """Change a group; a list that is given replaces the one there is."""
    update_group(_row(page, page_access_group_id), call.actor, **_fields(call))
    return _answer(page, page_access_group_id)


@operation("DELETE", _ONE, *_NEEDS, gives=AccessGroup)
def remove_access_group(call: Call, page: StatusPage, page_access_group_id: str) -> Any:
    """Dissolve a group. Its users stay."""
    shape = _answer(page, page_access_group_id)
    delete(_row(page, page_access_group_id), call.actor)
    return shape


@operation("GET", _COMPONENTS, *_NEEDS, gives=Component, many=True, parameters=PAGED)
def list_access_group_components(call: Call, page: StatusPage, page_access_group_id: str) -> Any:
    """The components that its users may see."""
    return seen_components(call, page, _row(page, page_access_group_id))


@operation("PATCH PUT", _COMPONENTS, *_NEEDS, takes=Takes(ComponentIds), gives=AccessGroup)
def add_access_group_components(call: Call, page: StatusPage, page_access_group_id: str) -> Any:
    """Let its users see these components, too."""
    see_more(call, _row(page, page_access_group_id), COMPONENTS)
    return _answer(page, page_access_group_id)


@operation("POST", _COMPONENTS, *_NEEDS, takes=Takes(ComponentIds), gives=AccessGroup, status=201)
def replace_access_group_components(call: Call, page: StatusPage, page_access_group_id: str) -> Any:
    """Let its users see these components, and no others."""
    see_only(call, _row(page, page_access_group_id), COMPONENTS)
    return _answer(page, page_access_group_id)


@operation("DELETE", _COMPONENTS, *_NEEDS, takes=Takes(ComponentIds), gives=AccessGroup)
def remove_access_group_components(call: Call, page: StatusPage, page_access_group_id: str) -> Any:
    """Let its users see these components no more, or none at all."""
    see_less(call, _row(page, page_access_group_id), COMPONENTS)
    return _answer(page, page_access_group_id)


@operation("DELETE", f"{_COMPONENTS}/{{component_id}}", *_NEEDS, gives=AccessGroup)
def remove_access_group_component(
    call: Call, page: StatusPage, page_access_group_id: str, component_id: str
) -> Any:
    """Let its users see this component no more."""
    see_one_less(call, _row(page, page_access_group_id), COMPONENTS, component_id)
    return _answer(page, page_access_group_id)


@operation("POST", _USERS_OF, *_NEEDS, takes=Takes(AccessUserIds), gives=Component, status=201)
def add_component_access_users(call: Call, page: StatusPage, component_id: str) -> Any:
    """Let these users see a component."""
    component = page.components.present().get(pk=component_id)
    show_component(component, call.actor, PageAccessUser, wanted(call, "page_access_user_ids"))
    return shape_of(page, component_id)


@operation("DELETE", _USERS_OF, *_NEEDS, takes=Takes(AccessUserIds), gives=Component)
def remove_component_access_users(call: Call, page: StatusPage, component_id: str) -> Any:
    """Let these users, or none at all, see a component any more."""
    component = page.components.present().get(pk=component_id)
    hide_component(component, call.actor, PageAccessUser, call.data.get("page_access_user_ids"))
    return shape_of(page, component_id)


@operation("POST", _GROUPS_OF, *_NEEDS, takes=Takes(AccessGroupIds), gives=Component, status=201)
def add_component_access_groups(call: Call, page: StatusPage, component_id: str) -> Any:
    """Let the users of these groups see a component."""
    component = page.components.present().get(pk=component_id)
    show_component(component, call.actor, PageAccessGroup, wanted(call, "page_access_group_ids"))
    return shape_of(page, component_id)


@operation("DELETE", _GROUPS_OF, *_NEEDS, takes=Takes(AccessGroupIds), gives=Component)
def remove_component_access_groups(call: Call, page: StatusPage, component_id: str) -> Any:
    """Let the users of these groups, or of none at all, see a component any more."""
    component = page.components.present().get(pk=component_id)
    hide_component(component, call.actor, PageAccessGroup, call.data.get("page_access_group_ids"))
    return shape_of(page, component_id)


def _rows(page: StatusPage) -> Any:
    return PageAccessGroup.objects.filter(page=page).prefetch_related("users")


def _row(page: StatusPage, pk: str) -> PageAccessGroup:
    return PageAccessGroup.objects.get(page=page, pk=pk)


def _answer(page: StatusPage, pk: str) -> dict[str, Any]:
    return group_shape(_rows(page).get(pk=pk))


def _fields(call: Call) -> dict[str, Any]:
    same = {name: name for name in ("name", "external_identifier", "component_ids", "metric_ids")}
    return named(call.data, page_access_user_ids="user_ids", **same)

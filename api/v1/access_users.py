"""Page access users: who may see a page that is not for everybody, and what of it."""

from __future__ import annotations

from typing import Any

from api.operations import Call, Parameter, Takes, operation
from api.paging import PAGED, part
from api.schema.access import AccessUser, AccessUserInput, ComponentIds, MetricIds
from api.schema.components import Component
from api.v1.access import named, see_less, see_more, see_one_less, see_only, seen_components, user_shape
from pages.models import StatusPage
from tenants.models import Role, Scope
from viewers.actions import COMPONENTS, METRICS, create_user, delete, update_user
from viewers.models import PageAccessUser

_LIST = "pages/{page_id}/page_access_users"
_ONE = "pages/{page_id}/page_access_users/{page_access_user_id}"
_COMPONENTS, _METRICS = f"{_ONE}/components", f"{_ONE}/metrics"
_TAKES = Takes(AccessUserInput, "page_access_user")
_CHANGES = Takes(AccessUserInput, "page_access_user", bare=True)
_NEEDS = (Scope.ADMIN, Role.ADMIN)
_EMAIL = Parameter("email", "Only whoever has this address.")


@operation("GET", _LIST, *_NEEDS, gives=AccessUser, many=True, parameters=(*PAGED, _EMAIL))
def list_access_users(call: Call, page: StatusPage) -> Any:
    """Those who may see the page, oldest first."""
    rows = _rows(page)
    email = call.query.get("email")
    return [user_shape(one) for one in part(call, rows.at(email) if email else rows)]


@operation("POST", _LIST, *_NEEDS, takes=_TAKES, gives=AccessUser, errors=(409,))
def add_access_user(call: Call, page: StatusPage) -> Any:
    """Add somebody, by e-mail address, login or both. 409 where the page knows one of these."""
    return _answer(page, create_user(page, call.actor, **_fields(call)).pk)


@operation("GET", _ONE, *_NEEDS, gives=AccessUser)
def get_access_user(call: Call, page: StatusPage, page_access_user_id: str) -> Any:
    """One of them."""
    return _answer(page, page_access_user_id)


@operation("PATCH PUT", _ONE, *_NEEDS, takes=_CHANGES, gives=AccessUser, errors=(409,))
def change_access_user(call: Call, page: StatusPage, page_access_user_id: str) -> Any:
    """Change who they are and in which groups. What is not said stays."""
    update_user(_row(page, page_access_user_id), call.actor, **_fields(call))
    return _answer(page, page_access_user_id)


@operation("DELETE", _ONE, *_NEEDS, status=204)
def remove_access_user(call: Call, page: StatusPage, page_access_user_id: str) -> None:
    """Let them see nothing more."""
    delete(_row(page, page_access_user_id), call.actor)


@operation("GET", _COMPONENTS, *_NEEDS, gives=Component, many=True, parameters=PAGED)
def list_access_user_components(call: Call, page: StatusPage, page_access_user_id: str) -> Any:
    """The components that they were given by themselves, not by a group."""
    return seen_components(call, page, _row(page, page_access_user_id))


@operation("PATCH PUT", _COMPONENTS, *_NEEDS, takes=Takes(ComponentIds), gives=AccessUser)
def add_access_user_components(call: Call, page: StatusPage, page_access_user_id: str) -> Any:
    """Let them see these components, too."""
    see_more(call, _row(page, page_access_user_id), COMPONENTS)
    return _answer(page, page_access_user_id)


@operation("POST", _COMPONENTS, *_NEEDS, takes=Takes(ComponentIds), gives=AccessUser, status=201)
def replace_access_user_components(call: Call, page: StatusPage, page_access_user_id: str) -> Any:
    """Let them see these components, and no others."""
    see_only(call, _row(page, page_access_user_id), COMPONENTS)
    return _answer(page, page_access_user_id)


@operation("DELETE", _COMPONENTS, *_NEEDS, takes=Takes(ComponentIds), gives=AccessUser)
def remove_access_user_components(call: Call, page: StatusPage, page_access_user_id: str) -> Any:
    """Let them see these components no more, or none at all."""
    see_less(call, _row(page, page_access_user_id), COMPONENTS)
    return _answer(page, page_access_user_id)


@operation("DELETE", f"{_COMPONENTS}/{{component_id}}", *_NEEDS, gives=AccessUser)
def remove_access_user_component(
    call: Call, page: StatusPage, page_access_user_id: str, component_id: str
) -> Any:
    """Let them see this component no more."""
    see_one_less(call, _row(page, page_access_user_id), COMPONENTS, component_id)
    return _answer(page, page_access_user_id)


@operation("PATCH PUT", _METRICS, *_NEEDS, takes=Takes(MetricIds), gives=AccessUser)
def add_access_user_metrics(call: Call, page: StatusPage, page_access_user_id: str) -> Any:
    """Let them see these metrics, too."""
    see_more(call, _row(page, page_access_user_id), METRICS)
    return _answer(page, page_access_user_id)


@operation("POST", _METRICS, *_NEEDS, takes=Takes(MetricIds), gives=AccessUser, status=201)
def replace_access_user_metrics(call: Call, page: StatusPage, page_access_user_id: str) -> Any:
    """Let them see these metrics, and no others."""
    see_only(call, _row(page, page_access_user_id), METRICS)
    return _answer(page, page_access_user_id)


@operation("DELETE", _METRICS, *_NEEDS, takes=Takes(MetricIds), gives=AccessUser)
def remove_access_user_metrics(call: Call, page: StatusPage, page_access_user_id: str) -> Any:
    """Let them see these metrics no more, or none at all."""
    see_less(call, _row(page, page_access_user_id), METRICS)
    return _answer(page, page_access_user_id)


@operation("DELETE", f"{_METRICS}/{{metric_id}}", *_NEEDS, gives=AccessUser)
def remove_access_user_metric(call: Call, page: StatusPage, page_access_user_id: str, metric_id: str) -> Any:
    """Let them see this metric no more."""
    see_one_less(call, _row(page, page_access_user_id), METRICS, metric_id)
    return _answer(page, page_access_user_id)


def _rows(page: StatusPage) -> Any:
    return PageAccessUser.objects.filter(page=page).prefetch_related("groups")


def _row(page: StatusPage, pk: str) -> PageAccessUser:
    return PageAccessUser.objects.get(page=page, pk=pk)


def _answer(page: StatusPage, pk: str) -> dict[str, Any]:
    return user_shape(_rows(page).get(pk=pk))


def _fields(call: Call) -> dict[str, Any]:
    return named(call.data, email="email", external_login="external_login", page_access_group_ids="group_ids")

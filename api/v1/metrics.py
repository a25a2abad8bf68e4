"""Metrics, and their points."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from rest_framework import serializers

from api.bodies import is_form
from api.errors import ApiError
from api.operations import Call, Takes, operation
from api.paging import PAGED, part
from api.schema.metrics import Metric as Given
from api.schema.metrics import MetricInput, PointAdded, PointInput, PointsInput
from common.instants import utc_seconds
from metrics.actions import delete_metric, update_metric
from metrics.models import Metric
from metrics.points import add_points, reset_data
from metrics.shape import metric_shape
from pages.models import StatusPage
from tenants.models import Role, Scope
from viewers.models import PageAccessUser

_LIST = "pages/{page_id}/metrics"
_ONE = "pages/{page_id}/metrics/{metric_id}"
_WRITES = (Scope.COMPONENTS, Role.EDITOR)
_SAME = (
    "name",
    "metric_identifier",
    "application_id",
    "suffix",
    "y_axis_min",
    "y_axis_max",
    "y_axis_hidden",
    "display",
    "decimal_places",
    "tooltip_description",
)


@operation("GET", _LIST, Scope.READ, Role.VIEWER, gives=Given, many=True, parameters=PAGED)
def list_metrics(call: Call, page: StatusPage) -> Any:
    """The page's metrics, of all sources."""
    return shapes(part(call, page.metrics.order_by("position", "created_at", "pk")))


@operation("GET", _ONE, Scope.READ, Role.VIEWER, gives=Given)
def get_metric(call: Call, page: StatusPage, metric_id: str) -> Any:
    """One metric."""
    return metric_shape(page.metrics.get(pk=metric_id), utc_seconds)


@operation("PATCH PUT", _ONE, *_WRITES, takes=Takes(MetricInput, "metric"), gives=Given)
def change_metric(call: Call, page: StatusPage, metric_id: str) -> Any:
    """Change a metric. What is not said stays."""
    metric = update_metric(page, page.metrics.get(pk=metric_id), call.actor, **fields(call.data))
    return metric_shape(metric, utc_seconds)


@operation("DELETE", _ONE, *_WRITES, gives=Given)
def remove_metric(call: Call, page: StatusPage, metric_id: str) -> Any:
    """Take a metric off the page, with all its points."""
    metric = page.metrics.get(pk=metric_id)
    shape = metric_shape(metric, utc_seconds)
    delete_metric(page, metric, call.actor)
    return shape


@operation(
    "POST",
    f"{_ONE}/data",
    *_WRITES,
    takes=Takes(PointInput, "data"),
    gives=PointAdded,
    status=201,
    errors=(405,),
)
def add_point(call: Call, page: StatusPage, metric_id: str) -> Any:
    """Add a point. One that is there already at the same second is replaced."""
    point = _point(call, call.data)
    metric = page.metrics.select_related("provider").get(pk=metric_id)
    _check_takes_points([metric])
    add_points(page, {metric.pk: [point]}, call.now)
    return {"data": _shape(point)}


@operation("DELETE", f"{_ONE}/data", *_WRITES, gives=Given)
def reset_metric(call: Call, page: StatusPage, metric_id: str) -> Any:
    """Forget all points of a metric."""
    metric = page.metrics.get(pk=metric_id)
    reset_data(page, metric, call.actor, call.now)
    return metric_shape(metric, utc_seconds)


@operation(
    "POST",
    f"{_LIST}/data",
    *_WRITES,
    takes=Takes(PointsInput),
    gives=serializers.DictField,
    status=202,
    errors=(405,),
)
def add_points_to_metrics(call: Call, page: StatusPage) -> Any:
    """Add points to several metrics: all of them, or none. 3,000 at a time."""
    batch = {pk: [_point(call, one) for one in points] for pk, points in call.data["data"].items()}
    found = list(page.metrics.select_related("provider").filter(pk__in=batch))
    if missing := sorted(set(batch) - {metric.pk for metric in found}):
        raise ApiError(404, f"This page has no metric {missing[0][:40]}.")
    _check_takes_points(found)
    add_points(page, batch, call.now)
    return {pk: [_shape(point) for point in points] for pk, points in batch.items()}


@operation(
    "GET",
    "pages/{page_id}/page_access_users/{page_access_user_id}/metrics",
    Scope.ADMIN,
    Role.ADMIN,
    gives=Given,
    many=True,
    parameters=PAGED,
)
def list_access_user_metrics(call: Call, page: StatusPage, page_access_user_id: str) -> Any:
    """The metrics that somebody was given by themselves, not by a group."""
    user = PageAccessUser.objects.get(page=page, pk=page_access_user_id)
    seen = page.metrics.filter(pk__in=user.metric_ids).order_by("position", "created_at", "pk")
    return shapes(part(call, seen))


def shapes(metrics: Iterable[Metric]) -> list[dict[str, Any]]:
    return [metric_shape(metric, utc_seconds) for metric in metrics]


def fields(data: Mapping[str, Any]) -> dict[str, Any]:
    """What was given, as the verbs take it. Clients that have no transform send an empty one."""
    found = {name: data[name] for name in _SAME if name in data}
    return found | ({"transform": data["transform"]} if data.get("transform") else {})


def _check_takes_points(metrics: Iterable[Metric]) -> None:
    for metric in metrics:
        if not metric.provider.takes_points:
            source = metric.provider.get_kind_display()
            raise ApiError(405, f"The points of metric {metric.pk} are fetched from {source}.")


def _point(call: Call, given: Mapping[str, Any]) -> tuple[Any, Any]:
    """A form has nothing but text, in JSON text is no number."""
    found = given["timestamp"], given["value"]
    return (_number(found[0]), _number(found[1])) if is_form(call.request) else found


def _number(said: Any) -> Any:
    """What is none is left to be refused."""
    for kind in (int, float):
        with suppress(TypeError, ValueError):
            return kind(said)
    return said


def _shape(point: tuple[Any, Any]) -> dict[str, Any]:
    return {"timestamp": int(point[0]), "value": point[1]}

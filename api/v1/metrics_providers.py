"""Sources of metrics, and the metrics of each."""

from __future__ import annotations

from typing import Any

from api.operations import Call, Takes, operation
from api.paging import PAGED, part
from api.schema.metrics import Metric as GivenMetric
from api.schema.metrics import MetricInput, ProviderInput
from api.schema.metrics import Provider as Given
from api.v1.metrics import fields, shapes
from common.instants import utc_seconds
from metrics.actions import create_metric, create_provider, delete_provider, update_provider
from metrics.models import MetricsProvider
from metrics.shape import metric_shape, provider_shape
from pages.models import StatusPage
from tenants.models import Role, Scope

_LIST = "pages/{page_id}/metrics_providers"
_ONE = "pages/{page_id}/metrics_providers/{metrics_provider_id}"
_METRICS = f"{_ONE}/metrics"
# Keys of other services are for those who may see settings.
_WRITES = (Scope.COMPONENTS, Role.ADMIN)
_TAKES = Takes(ProviderInput, "metrics_provider", ("metric_provider",))


@operation("GET", "metrics_providers", Scope.READ, Role.VIEWER, gives=Given, many=True, parameters=PAGED)
def list_all_metrics_providers(call: Call) -> Any:
    """The sources of all pages that the key sees: as clients ask that know no page here."""
    found = MetricsProvider.objects.filter(page__deleted_at=None).order_by("created_at", "pk")
    if call.access.key.page_ids:
        found = found.filter(page__in=call.access.key.page_ids)
    return [provider_shape(one, utc_seconds) for one in part(call, found)]


@operation("GET", _LIST, Scope.READ, Role.VIEWER, gives=Given, many=True, parameters=PAGED)
def list_metrics_providers(call: Call, page: StatusPage) -> Any:
    """The page's sources of metrics."""
    found = part(call, page.metrics_providers.order_by("created_at", "pk"))
    return [provider_shape(one, utc_seconds) for one in found]


@operation("POST", _LIST, *_WRITES, takes=_TAKES, gives=Given, status=201)
def add_metrics_provider(call: Call, page: StatusPage) -> Any:
    """Add a source: "Self" for points that are pushed, or a service that is asked each minute."""
    given = _given(call.data)
    provider = create_provider(page, call.actor, kind=given.pop("kind", ""), **given)
    return provider_shape(provider, utc_seconds)


@operation("GET", _ONE, Scope.READ, Role.VIEWER, gives=Given)
def get_metrics_provider(call: Call, page: StatusPage, metrics_provider_id: str) -> Any:
    """One source."""
    return provider_shape(page.metrics_providers.get(pk=metrics_provider_id), utc_seconds)


@operation("PATCH PUT", _ONE, *_WRITES, takes=_TAKES, gives=Given)
def change_metrics_provider(call: Call, page: StatusPage, metrics_provider_id: str) -> Any:
    """Change a source. What is not said stays, and so do keys that are empty."""
    provider = page.metrics_providers.get(pk=metrics_provider_id)
    changed = update_provider(page, provider, call.actor, **_given(call.data))
    return provider_shape(changed, utc_seconds)


@operation("DELETE", _ONE, *_WRITES, gives=Given)
def remove_metrics_provider(call: Call, page: StatusPage, metrics_provider_id: str) -> Any:
    """Take a source away, with its metrics and all their points."""
    provider = page.metrics_providers.get(pk=metrics_provider_id)
    shape = provider_shape(provider, utc_seconds)
    delete_provider(page, provider, call.actor)
    return shape


@operation("GET", _METRICS, Scope.READ, Role.VIEWER, gives=GivenMetric, many=True, parameters=PAGED)
def list_metrics_of_provider(call: Call, page: StatusPage, metrics_provider_id: str) -> Any:
    """The metrics of a source."""
    provider = page.metrics_providers.get(pk=metrics_provider_id)
    return shapes(part(call, provider.metrics.order_by("position", "created_at", "pk")))


@operation(
    "POST",
    _METRICS,
    Scope.COMPONENTS,
    Role.EDITOR,
    takes=Takes(MetricInput, "metric"),
    gives=GivenMetric,
    status=201,
)
def add_metric(call: Call, page: StatusPage, metrics_provider_id: str) -> Any:
    """Add a metric to a source."""
    provider = page.metrics_providers.get(pk=metrics_provider_id)
    given = {"name": "", **fields(call.data)}
    return metric_shape(create_metric(page, provider, call.actor, **given), utc_seconds)


def _given(data: dict[str, Any]) -> dict[str, Any]:
    return {"kind" if name == "type" else name: value for name, value in data.items()}

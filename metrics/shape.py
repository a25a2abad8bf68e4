"""Metrics and their sources as Statuspage shapes them, for `/v1`: loaded values, no queries.

Numbers are never null: clients in Go would not take it. `transform` is left out as it is there, or a plan
that does not name one would never be settled.
"""

from __future__ import annotations

from typing import Any

from common.instants import Stamp, optional
from metrics.credentials import known
from metrics.models import Metric, MetricsProvider

Shape = dict[str, Any]


def metric_shape(metric: Metric, stamp: Stamp) -> Shape:
    return {
        "id": metric.pk,
        "metrics_provider_id": metric.provider_id,
        "metric_identifier": metric.metric_identifier,
        "name": metric.name,
        "display": metric.display,
        "tooltip_description": metric.tooltip_description,
        "backfilled": False,
        "y_axis_min": metric.y_axis_min or 0.0,
        "y_axis_max": metric.y_axis_max or 0.0,
        "y_axis_hidden": metric.y_axis_hidden,
        "suffix": metric.suffix,
        "decimal_places": metric.decimal_places,
        "most_recent_data_at": optional(stamp, metric.most_recent_data_at),
        "created_at": stamp(metric.created_at),
        "updated_at": stamp(metric.updated_at),
        "last_fetched_at": optional(stamp, metric.last_fetched_at),
        "backfill_percentage": 0,
        "reference_name": metric.name,
    }


def provider_shape(provider: MetricsProvider, stamp: Stamp) -> Shape:
    """`email` is no secret, and clients compare it with what they sent."""
    return {
        "id": provider.pk,
        "type": provider.kind,
        "email": known(provider.credentials).get("email"),
        "disabled": provider.disabled,
        "metric_base_uri": provider.metric_base_uri,
        "last_revalidated_at": optional(stamp, provider.last_revalidated_at),
        "created_at": stamp(provider.created_at),
        "updated_at": stamp(provider.updated_at),
        "page_id": provider.page_id,
    }

from __future__ import annotations

import time
from typing import Any

from metrics.actions import create_metric, create_provider
from tests.conftest import ACTOR

_POINT = {"timestamp": int(time.time()) - 60, "value": 12.5}
_METRIC = {
    "name": "Errors",
    "metric_identifier": "errors",
    "transform": "sum",
    "suffix": "%",
    "y_axis_min": 0,
    "y_axis_max": 100.5,
    "y_axis_hidden": True,
    "display": False,
    "decimal_places": 2,
    "tooltip_description": "Of all requests.",
}

BODIES: dict[str, Any] = {
    "patch_change_metric": {"metric": {"name": "Latency", "metric_identifier": "latency"}},
    "put_change_metric": {"metric": {"suffix": "s", "transform": ""}},
    "add_point": {"data": _POINT},
    "add_points_to_metrics": lambda ids: {"data": {ids["metric_id"]: [_POINT]}},
    "add_metrics_provider": {"metrics_provider": {"type": "Pingdom", "api_token": "token"}},
    "patch_change_metrics_provider": {"metrics_provider": {"disabled": True}},
    "put_change_metrics_provider": {"metrics_provider": {"type": "Self", "metric_base_uri": ""}},
    "add_metric": {"metric": _METRIC},
}


def build(world: Any) -> None:
    provider = create_provider(world.page, ACTOR, kind="Self")
    metric = create_metric(world.page, provider, ACTOR, name="Response time", suffix="ms")
    world.ids |= {"metrics_provider_id": provider.pk, "metric_id": metric.pk}

"""Answers of the services, shaped as their documentation shows them; moments are those of NOW."""

from __future__ import annotations

import json
from datetime import UTC, datetime

NOW = datetime(2026, 11, 20, 12, 2, 30, tzinfo=UTC)
AT = int(NOW.replace(second=0).timestamp())


def _iso(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


DATADOG = json.dumps(
    {
        "status": "ok",
        "res_type": "time_series",
        "resp_version": 1,
        "query": "avg:trace.http.request{env:prod}",
        "from_date": (AT - 300) * 1000,
        "to_date": AT * 1000,
        "series": [
            {
                "unit": None,
                "pointlist": [
                    [(AT - 120) * 1000.0, 120.5],
                    [(AT - 60) * 1000.0, None],
                    [AT * 1000.0, 140.0],
                ],
                "end": AT * 1000,
                "interval": 60,
                "start": (AT - 120) * 1000,
                "length": 3,
                "aggr": "avg",
                "metric": "trace.http.request",
                "tag_set": [],
                "expression": "avg:trace.http.request{env:prod}",
                "scope": "env:prod",
                "display_name": "trace.http.request",
            }
        ],
        "values": [],
        "times": [],
        "message": "",
        "group_by": [],
    }
)
NEW_RELIC = json.dumps(
    {
        "metric_data": {
            "from": _iso(AT - 180),
            "to": _iso(AT),
            "metrics_not_found": [],
            "metrics_found": ["HttpDispatcher"],
            "metrics": [
                {
                    "name": "HttpDispatcher",
                    "timeslices": [
                        {
                            "from": _iso(at),
                            "to": _iso(at + 60),
                            "values": {"average_response_time": value},
                        }
                        for at, value in ((AT - 120, 120.5), (AT, 140.0))
                    ],
                }
            ],
        }
    }
)
LIBRATO = json.dumps(
    {
        "type": "gauge",
        "display_name": "API response time",
        "resolution": 60,
        "period": 60,
        "name": "api.response",
        "attributes": {"display_units_short": "ms", "display_min": 0},
        "description": "",
        "measurements": {
            "all": [
                {
                    "measure_time": AT - 120,
                    "value": 120.5,
                    "count": 4,
                    "sum": 482.0,
                    "min": 90.0,
                    "max": 150.0,
                },
                {"measure_time": AT, "value": 140.0, "count": 1, "sum": 140.0, "min": 140.0, "max": 140.0},
            ]
        },
    }
)
PINGDOM = json.dumps(
    {
        "activeprobes": [257, 261],
        "results": [
            {"probeid": 257, "time": AT + 4, "status": "up", "responsetime": 140, "statusdesc": "OK"},
            {"probeid": 261, "time": AT - 60, "status": "down", "statusdesc": "HTTP 500"},
            {"probeid": 261, "time": AT - 115, "status": "up", "responsetime": 141, "statusdesc": "OK"},
            {"probeid": 257, "time": AT - 118, "status": "up", "responsetime": 100, "statusdesc": "OK"},
        ],
    }
)
# All four tell of the same two minutes.
TOLD = [(AT - 120, 120.5), (AT, 140.0)]

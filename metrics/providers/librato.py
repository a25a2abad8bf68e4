"""Librato: `GET /v1/metrics/<name>` of its API, all sources taken together."""

from __future__ import annotations

from base64 import b64encode
from typing import Any
from urllib.parse import quote, urlencode

from metrics.choices import Transform
from metrics.providers.service import Points, Service, Wanted, ask, by_minute

_FIELDS = {
    Transform.AVERAGE: "value",
    Transform.COUNT: "count",
    Transform.MAX: "max",
    Transform.MIN: "min",
    Transform.SUM: "sum",
}


def _fetch(wanted: Wanted) -> Points:
    asked = {
        "start_time": int(wanted.since.timestamp()),
        "end_time": int(wanted.until.timestamp()),
        "resolution": 60,
        "summarize_sources": "true",
    }
    login = b64encode(f"{wanted.keys['email']}:{wanted.keys['api_token']}".encode()).decode()
    path = f"/v1/metrics/{quote(wanted.identifier, safe='')}?{urlencode(asked)}"
    answer = ask(wanted.base + path, {"Authorization": f"Basic {login}"})
    measured = [one for source in answer["measurements"].values() for one in source]
    found = ((one["measure_time"], _value(one, wanted.transform)) for one in measured)
    return by_minute(found, wanted.transform)


def _value(measured: dict[str, Any], transform: Transform) -> float:
    """Gauges have each of them; counters a value alone."""
    return float(measured.get(_FIELDS[transform], measured["value"]))


SERVICE = Service("https://metrics-api.librato.com", (("email",), ("api_token",)), _fetch)

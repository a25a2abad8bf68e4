"""New Relic: `GET /v2/applications/<id>/metrics/data.json` of its REST API.

An identifier is a metric's name, or that, `#` and one of its values: `HttpDispatcher#requests_per_minute`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import quote, urlencode

from metrics.choices import Transform
from metrics.providers.service import Points, Service, Wanted, ask, by_minute

_VALUES = {
    Transform.AVERAGE: "average_response_time",
    Transform.COUNT: "call_count",
    Transform.MAX: "max_response_time",
    Transform.MIN: "min_response_time",
    Transform.SUM: "total_call_time_per_minute",
}


def _fetch(wanted: Wanted) -> Points:
    name, _sign, value = wanted.identifier.partition("#")
    value = value or _VALUES[wanted.transform]
    asked = [
        ("names[]", name),
        ("values[]", value),
        ("from", _spelled(wanted.since)),
        ("to", _spelled(wanted.until)),
        ("period", "60"),
    ]
    path = f"/v2/applications/{quote(wanted.application_id, safe='')}/metrics/data.json"
    answer = ask(f"{wanted.base}{path}?{urlencode(asked)}", {"Api-Key": wanted.keys["api_key"]})
    slices = [one for metric in answer["metric_data"]["metrics"] for one in metric["timeslices"]]
    found = (
        (datetime.fromisoformat(one["from"]).timestamp(), float(one["values"][value]))
        for one in slices
        if one["values"].get(value) is not None
    )
    return by_minute(found, wanted.transform)


def _spelled(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds")


SERVICE = Service("https://api.newrelic.com", (("api_key",),), _fetch)

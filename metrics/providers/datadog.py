"""Datadog: `GET /api/v1/query`, the timeseries query of its API."""

from __future__ import annotations

from urllib.parse import urlencode

from django.utils.translation import gettext as _

from common.fetching import FetchError
from metrics.choices import Transform
from metrics.providers.service import Points, Service, Wanted, ask, by_minute

_AGGREGATORS = {
    Transform.AVERAGE: "avg",
    Transform.COUNT: "count",
    Transform.MAX: "max",
    Transform.MIN: "min",
    Transform.SUM: "sum",
}


def _fetch(wanted: Wanted) -> Points:
    """Of several series the first: a query that names groups has one each."""
    asked = {
        "from": int(wanted.since.timestamp()),
        "to": int(wanted.until.timestamp()),
        "query": query(wanted),
    }
    headers = {"DD-API-KEY": wanted.keys["api_key"], "DD-APPLICATION-KEY": _application_key(wanted)}
    answer = ask(f"{wanted.base}/api/v1/query?{urlencode(asked)}", headers)
    if answer.get("error"):
        raise FetchError(
            _("Datadog does not know this query: %(said)s") % {"said": str(answer["error"])[:200]}
        )
    series = answer["series"]
    found = series[0]["pointlist"] if series else []
    return by_minute(
        ((at / 1000, float(value)) for at, value in found if value is not None), wanted.transform
    )


def _application_key(wanted: Wanted) -> str:
    return wanted.keys.get("application_key") or wanted.keys["api_token"]


def query(wanted: Wanted) -> str:
    """A plain metric's name is taken over all its hosts."""
    if "{" in wanted.identifier:
        return wanted.identifier
    return f"{_AGGREGATORS[wanted.transform]}:{wanted.identifier}{{*}}"


SERVICE = Service("https://api.datadoghq.com", (("api_key",), ("application_key", "api_token")), _fetch)

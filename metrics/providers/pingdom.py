"""Pingdom: `GET /api/3.1/results/<check>`, the response times of a check in milliseconds."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from metrics.providers.service import Points, Service, Wanted, ask, by_minute

# The most that one answer holds; a check runs once a minute at most.
_MOST = 1000


def _fetch(wanted: Wanted) -> Points:
    """A check that failed has no response time, and so makes no point."""
    asked = {
        "from": int(wanted.since.timestamp()),
        "to": int(wanted.until.timestamp()),
        "limit": _MOST,
    }
    path = f"/api/3.1/results/{quote(wanted.identifier, safe='')}?{urlencode(asked)}"
    answer = ask(wanted.base + path, {"Authorization": f"Bearer {wanted.keys['api_token']}"})
    found = (
        (one["time"], float(one["responsetime"]))
        for one in answer["results"]
        if one.get("responsetime") is not None
    )
    return by_minute(found, wanted.transform)


SERVICE = Service("https://api.pingdom.com", (("api_token",),), _fetch)

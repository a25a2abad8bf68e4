"""What the services that are asked for metrics have in common."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import fmean
from typing import Any

from django.utils.translation import gettext as _

from common.fetching import FetchError, fetch
from metrics.choices import Transform

Points = list[tuple[int, float]]
"""Seconds since 1970, and the value then."""
# What people see of a minute is one value.
_MINUTE = 60


@dataclass(frozen=True, slots=True)
class Wanted:
    """One metric over a stretch of time, as its service is asked for it. `keys`: by Statuspage's names."""

    base: str
    keys: dict[str, str]
    identifier: str
    application_id: str
    transform: Transform
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Service:
    """`needs`: keys without which it tells nothing, each with its other names. `fetch` may raise FetchError,
    and what taking an answer apart that is shaped in another way raises."""

    base: str
    needs: tuple[tuple[str, ...], ...]
    fetch: Callable[[Wanted], Points]


def ask(url: str, headers: dict[str, str]) -> Any:
    """The JSON at this address. Raises FetchError."""
    try:
        return json.loads(fetch(url, {"Accept": "application/json", **headers}))
    except (ValueError, RecursionError) as error:
        raise FetchError(_("The answer is no JSON.")) from error


def by_minute(found: Iterable[tuple[float, float]], transform: Transform) -> Points:
    """Many values of a minute become one, at its beginning."""
    minutes: dict[int, list[float]] = {}
    for at, value in found:
        minutes.setdefault(int(at) // _MINUTE * _MINUTE, []).append(value)
    return [(at, _FOLDS[transform](values)) for at, values in sorted(minutes.items())]


_FOLDS: dict[Transform, Callable[[list[float]], float]] = {
    Transform.AVERAGE: fmean,
    Transform.COUNT: lambda values: float(len(values)),
    Transform.MAX: max,
    Transform.MIN: min,
    Transform.SUM: sum,
}

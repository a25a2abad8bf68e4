"""The addresses below /v1, out of the table of operations. Importing a module adds its operations to it."""

from __future__ import annotations

import re
from itertools import groupby

from django.urls import URLPattern, re_path

from api.operations import OPERATIONS, Operation
from api.serving import Endpoint
from api.v1 import (
    access_groups,
    access_users,
    components,
    groups,
    incident_subscribers,
    incidents,
    metrics,
    metrics_providers,
    organisations,
    pages,
    postmortems,
    replays,
    subscribers,
    subscribers_together,
    templates,
    uptime,
)

MODULES = (
    pages,
    components,
    groups,
    incidents,
    access_users,
    access_groups,
    uptime,
    postmortems,
    replays,
    templates,
    organisations,
    subscribers,
    subscribers_together,
    incident_subscribers,
    metrics,
    metrics_providers,
)
_NAMED = re.compile(r"\{(\w+)\}")


def _order(operation: Operation) -> list[tuple[bool, str]]:
    """A word before an id: `incidents/unresolved` is no incident."""
    return [(part.startswith("{"), part) for part in operation.path.split("/")]


def _pattern(path: str, operations: list[Operation]) -> URLPattern:
    address = _NAMED.sub(r"(?P<\1>[0-9a-z]{1,32})", path)
    return re_path(f"^{address}$", Endpoint.of(operations).as_view())


urlpatterns = [
    _pattern(path, list(same))
    for path, same in groupby(sorted(OPERATIONS, key=_order), key=lambda one: one.path)
]

"""Documents that are wrong in any way that can be thought of."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

from importing.documents import COMPONENT_STATUSES, IMPACTS, INCIDENT_STATUSES, MAINTENANCE_STATUSES
from tests.importing.made import PAGE, TIME, component, document, incident, maintenance, update

FULL_COMPONENT = {"description": "D", "position": 1, "start_date": "2026-01-01", "updated_at": TIME}
FULL_NOTICE = {
    "updated_at": TIME,
    "started_at": TIME,
    "monitoring_at": None,
    "shortlink": "https://stspg.io/x",
    "postmortem_body": None,
    "postmortem_published_at": None,
}
FULL_UPDATE = {"updated_at": TIME, "display_at": TIME, "affected_components": None}
WHOLE = document(
    components=[
        component("g1", group=True, **FULL_COMPONENT),
        component("c1", group_id="g1", **FULL_COMPONENT),
        component("c2"),
    ],
    incidents=[
        incident(
            "i1", incident_updates=[update("u2", **FULL_UPDATE), update("u1", **FULL_UPDATE)], **FULL_NOTICE
        ),
        incident("i2", status="investigating", resolved_at=None),
    ],
    scheduled_maintenances=[
        maintenance("m1", **FULL_NOTICE),
        maintenance("m2", status="in_progress", incident_updates=[update("u3", status="in_progress")]),
    ],
)
anything = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(st.characters(codec=None))
    | st.sampled_from(
        [TIME, "c1", "g1", "i1", "operational", "resolved", "9999-12-31T23:59:59-12:00", "x" * 300_000]
    ),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from([*PAGE, *incident("i")]), inner)
    ),
    max_leaves=8,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path to each value inside, containers included."""
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, inner in inside for found in places(inner, (*path, key)))]


PLACES = [place for place in places(WHOLE) if place]


mutations = st.lists(st.tuples(st.sampled_from(PLACES), anything | st.just(...)), min_size=1, max_size=4)


def mutated(changes: list[tuple[Any, Any]]) -> Any:
    """The whole document with these changes, each (place, value)."""
    found = copy.deepcopy(WHOLE)
    for place, value in changes:
        mutate(found, place, value)
    return found


def mutate(whole: Any, place: tuple[Any, ...], value: Any) -> None:
    """Replace what is at `place`, or remove it for an ellipsis; nothing where the path is cut."""
    for key in place[:-1]:
        try:
            whole = whole[key]
        except (KeyError, IndexError, TypeError):
            return
    if isinstance(whole, dict) and isinstance(place[-1], str):
        whole.pop(place[-1], None)
        whole |= {} if value is ... else {place[-1]: value}
    elif isinstance(whole, list) and isinstance(place[-1], int):
        whole[place[-1] : place[-1] + 1] = [] if value is ... else [value]


TIMES = [
    "2000-01-01T00:00:00Z",
    "2025-12-31T23:59:59.999999999-07:00",
    "2026-01-01T10:30:00Z",
    "2026-01-01T11:00:00Z",
    "2100-12-31T23:59:59+00:00",
]
EXTREMES: dict[str, list[Any]] = {
    "name": ["x" * 120, "\U0001f600" * 100, "x\x00y"],
    "body": ["", "x" * 25_000, "\ud83d", "<script>"],
    "description": ["x" * 5_000, "\x1b[31m"],
    "status": [*INCIDENT_STATUSES, *MAINTENANCE_STATUSES, *COMPONENT_STATUSES],
    "impact": list(IMPACTS),
    "position": [0, 1_000_000],
    "group": [True, False],
    "start_date": ["2000-01-01", "2100-12-31"],
    "shortlink": ["https://stspg.io/" + "x" * 1_000],
    "time_zone": ["America/Argentina/ComodRivadavia", "Asia/Kathmandu"],
    "postmortem_body": ["x" * 100_000],
    "affected_components": [
        [{"code": code, "name": "A", "new_status": status}]
        for code in ("c1", "c2", "g1", "gone")
        for status in (*COMPONENT_STATUSES, None)
    ],
}


def _extreme(place: tuple[Any, ...]) -> st.SearchStrategy[tuple[Any, Any]]:
    known = EXTREMES.get(place[-1], TIMES if str(place[-1]).endswith(("_at", "_for", "_until")) else [])
    return st.tuples(st.just(place), st.sampled_from([*known, None, ...]))


# What a page might really say, at the edges of what is taken: most of these are stored.
extremes = st.lists(st.sampled_from(PLACES).flatmap(_extreme), min_size=1, max_size=6)

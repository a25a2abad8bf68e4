"""Documents that are wrong in any way that can be thought of."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

from tests.importing.made import PAGE, TIME, component, document, incident, maintenance, update

WHOLE = document(
    components=[component("g1", group=True), component("c1", group_id="g1"), component("c2")],
    incidents=[incident("i1"), incident("i2", incident_updates=[update("u2", affected_components=None)])],
    scheduled_maintenances=[maintenance("m1")],
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

"""The order in which a page shows its groups and components."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from components.models import ComponentGroup
from pages.models import StatusPage

END = "end"


@dataclass(frozen=True, slots=True)
class Shelf:
    """A group with its components, or, where `group` is None, some that stand by themselves."""

    group: ComponentGroup | None
    components: list[Any] = field(default_factory=list)


def layout(page: StatusPage) -> list[Shelf]:
    """As the public page has it, with groups that are empty: those by themselves stand together, where the
    first of them does."""
    groups = list(page.groups.present())
    members: dict[str | None, list[Any]] = {None: [], **{one.pk: [] for one in groups}}
    for one in page.components.present().with_status():
        members[one.group_id if one.group_id in members else None].append(one)
    placed = [(one.position, 1, Shelf(one, members[one.pk])) for one in groups]
    if alone := members[None]:
        placed.append((min(one.position for one in alone), 0, Shelf(None, alone)))
    return [shelf for *_place, shelf in sorted(placed, key=lambda one: one[:2])]


def moved(items: Sequence[str], item: str, way: str) -> list[str]:
    """`items` (`group:<id>`, `component:<id>`, `end` after a group's) with one moved a step up or down.

    A group moves as a whole, past a whole group or all that stand by themselves; a component moves past one,
    or into or out of a group. Where there is no further way, nothing moves.
    """
    if item not in items or way not in ("up", "down"):
        return list(items)
    pieces = _pieces(items) if item.startswith("group:") else [[one] for one in items]
    at = next(number for number, piece in enumerate(pieces) if item in piece)
    to = at + (1 if way == "down" else -1)
    if 0 <= to < len(pieces):
        pieces[at], pieces[to] = pieces[to], pieces[at]
    return [one for piece in pieces for one in piece]


def _pieces(items: Sequence[str]) -> list[list[str]]:
    """What a group moves past: whole groups, and those between them."""
    found: list[list[str]] = []
    ended = True
    for item in items:
        if ended or item.startswith("group:"):
            found.append([item])
        else:
            found[-1].append(item)
        ended = item == END
    return found

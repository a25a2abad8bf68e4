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
    """As the public page has it, with groups that are empty."""
    groups = {one.pk: one for one in page.groups.present()}
    shelves: dict[str, Shelf] = {pk: Shelf(group) for pk, group in groups.items()}
    alone: list[tuple[int, Shelf]] = []
    for one in page.components.present().with_status():
        if one.group_id in shelves:
            shelves[one.group_id].components.append(one)
        else:
            alone.append((one.position, Shelf(None, [one])))
    placed = [*((groups[pk].position, shelf) for pk, shelf in shelves.items()), *alone]
    return _joined([shelf for _place, shelf in sorted(placed, key=lambda one: one[0])])


def _joined(shelves: Sequence[Shelf]) -> list[Shelf]:
    found: list[Shelf] = []
    for shelf in shelves:
        if found and shelf.group is None and found[-1].group is None:
            found[-1].components.extend(shelf.components)
        else:
            found.append(shelf)
    return found


def moved(items: Sequence[str], item: str, way: str) -> list[str]:
    """`items` (`group:<id>`, `component:<id>`, `end` after a group's) with one moved a step up or down.

    A group moves as a whole, past a whole group or a component by itself; a component moves past one, or into
    or out of a group. Where there is no further way, nothing moves.
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
    """What a group moves past: whole groups, and components by themselves."""
    found: list[list[str]] = []
    inside = False
    for item in items:
        if inside:
            found[-1].append(item)
        else:
            found.append([item])
        inside = item != END and (inside or item.startswith("group:"))
    return found

"""Measuring, and lines of a table that say what came out."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any

WIDTHS = (52, 9, 9, 12, 16)
HEADINGS = ("", "wall", "CPU", "× reference", "aim")


@dataclass
class Took:
    """Seconds: by the clock, and of processors in this process."""

    wall: float = 0.0
    cpu: float = 0.0


@contextmanager
def took() -> Iterator[Took]:
    """Measures its block."""
    result = Took()
    wall, cpu = time.perf_counter(), time.process_time()
    try:
        yield result
    finally:
        result.wall, result.cpu = time.perf_counter() - wall, time.process_time() - cpu


def measured(work: Callable[[], object]) -> Took:
    with took() as result:
        work()
    return result


def middle(runs: Sequence[Took]) -> Took:
    """Medians of several runs."""
    return Took(statistics.median(run.wall for run in runs), statistics.median(run.cpu for run in runs))


def share_below(values: Sequence[float], share: float) -> float:
    """The smallest of `values` that at least this share of them does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


class Spent:
    """Seconds within some functions; what they call of each other counts once."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.depth = 0

    def around(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def measuring(*positional: Any, **named: Any) -> Any:
            self.depth += 1
            began = time.perf_counter()
            try:
                return function(*positional, **named)
            finally:
                self.depth -= 1
                if not self.depth:
                    self.seconds += time.perf_counter() - began

        return measuring


@contextmanager
def spent_in(owner: Any, *names: str) -> Iterator[Spent]:
    """Measures the functions of these names of a module or class while the block runs."""
    spent = Spent()
    with ExitStack() as former:
        for name in names:
            original = getattr(owner, name)
            former.callback(setattr, owner, name, original)
            setattr(owner, name, spent.around(original))
        yield spent


class Table:
    """Prints its heading at once, and each line when it is known. It is Markdown."""

    def __init__(self, title: str, headings: Sequence[str] = HEADINGS) -> None:
        print(f"\n### {title}\n")
        _row(headings)
        _row(["-" * width for width in WIDTHS])

    def time(
        self, what: str, time: Took | float, *, reference: float | None = None, aim: float | None = None
    ) -> None:
        """`reference` and `aim` are in seconds; an aim is met by less."""
        wall, cpu = (time.wall, duration(time.cpu)) if isinstance(time, Took) else (time, "")
        ratio = f"{wall / reference:.2f}" if reference else ""
        verdict = f"< {duration(aim)}: {'met' if wall < aim else 'missed'}" if aim else ""
        _row([what, duration(wall), cpu, ratio, verdict])

    def count(self, what: str, value: str, aim: str = "") -> None:
        """What is no time: a number with its unit."""
        _row([what, value, "", "", aim])

    def row(self, *cells: str) -> None:
        """One cell for each heading."""
        _row(cells)


def duration(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"


def _row(cells: Sequence[str]) -> None:
    first, *rest = (cell for cell in cells)
    others = [f"{cell:>{width}}" for cell, width in zip(rest, WIDTHS[1:], strict=True)]
    print("|", " | ".join([f"{first:<{WIDTHS[0]}}", *others]), "|", flush=True)

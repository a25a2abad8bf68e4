"""When an attempt that failed is made again."""

from __future__ import annotations

import random
from datetime import timedelta

from notifications.letters import Outcome

_JITTER = 0.2
Table = tuple[timedelta, ...]


def table(*seconds: int) -> Table:
    """The waits between attempts: one more attempt than waits."""
    return tuple(timedelta(seconds=one) for one in seconds)


def wait(outcome: Outcome, waits: Table) -> timedelta | None:
    """How long until the next attempt, 20 % sooner or later so that retries do not come in waves; None when
    every attempt has been made. What the other side asked for is obeyed up to twice the longer of the table's
    wait and the outcome's own pause."""
    if outcome.letter.attempt > len(waits):
        return None
    base = max(waits[outcome.letter.attempt - 1], outcome.pause)
    if outcome.retry_after is not None:
        return min(max(base, outcome.retry_after), 2 * base)
    return base * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 spreads load, guards nothing

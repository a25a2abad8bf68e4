"""What the store held when it was last looked at; kept through whatever happens to the disk."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

NEVER = float("-inf")


class Ordered(Protocol):
    @property
    def order(self) -> tuple[int, int]: ...


T = TypeVar("T", bound=Ordered)


@dataclass(slots=True)
class Seen(Generic[T]):
    """`stamp` is that of the file; None where the value came from Redis, or there is none."""

    value: T | None
    stamp: int | None
    checked_at: float = field(default_factory=time.monotonic)


def look(
    held: Seen[T] | None,
    stamp: Callable[[], int | None],
    read: Callable[[], T | None],
    is_gone: Callable[[], bool],
) -> Seen[T]:
    """Look again; reads only what has changed. A value that is lost, but not gone by intent, is kept."""
    found = stamp()
    last = held.value if held is not None else None
    if held is not None and last is not None and found == held.stamp:
        return Seen(last, found)
    value = read()
    if value is None and last is not None and not is_gone():
        value = last
    return Seen(value, found)


def newer(held: Seen[T] | None, seen: Seen[T]) -> Seen[T]:
    """`seen`, unless another look meanwhile found a newer value."""
    if held is None or held.value is None or seen.value is None or held.value.order <= seen.value.order:
        return seen
    return held

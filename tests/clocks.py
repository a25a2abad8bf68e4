"""Time on a machine that has others to serve: what is measured here would hold on a quiet one."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

# So much of a second counts while something on this machine waits for a processor or a disk.
STALLED = 0.05
# What `_sample` took where the limits of the tests were set.
_SAMPLE_SECONDS = 0.007
T = TypeVar("T")
_PRESSURE = Path("/proc/pressure")


class Stopwatch:
    """Counts the seconds in which the machine had time for everybody, and a twentieth of the others."""

    def __init__(self) -> None:
        self._began, self._stalled = time.monotonic(), _stalled()

    @property
    def passed(self) -> float:
        """All seconds, whoever had to wait."""
        return time.monotonic() - self._began

    @property
    def seconds(self) -> float:
        passed = self.passed
        if not _PRESSURE.exists():
            return passed / max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))
        return passed - (1 - STALLED) * min(passed, _stalled() - self._stalled)


def until(holds: Callable[[], object], said: Callable[[], str] = str, seconds: float = 30.0) -> float:
    """Wait until it holds; the seconds of a quiet machine that took. `said` tells why not."""
    watch = Stopwatch()
    while not holds():
        assert watch.seconds < seconds, f"It never came to hold. {said()}"
        time.sleep(0.02)
    return watch.seconds


async def within(seconds: float, awaited: Awaitable[T]) -> T:
    """What is awaited; TimeoutError once a quiet machine would have had so many seconds for it."""
    watch, task = Stopwatch(), asyncio.ensure_future(awaited)
    while not task.done() and watch.seconds < seconds:
        await asyncio.wait({task}, timeout=max(0.01, seconds - watch.seconds))
    return await asyncio.wait_for(task, 0)


def work(of: Callable[[], object], times: int = 5) -> float:
    """Processor seconds of this thread for the quickest of several runs, on a machine of the usual speed.

    What else runs makes a processor slower too, so a sample of work runs in turn, to compare with.
    """
    rounds = [(_spent(of), _spent(_sample)) for _ in range(times)]
    return min(spent for spent, _ in rounds) / min(sample for _, sample in rounds) * _SAMPLE_SECONDS


def _spent(on: Callable[[], object]) -> float:
    began = time.thread_time()
    on()
    return time.thread_time() - began


def _sample() -> dict[str, int]:
    found: dict[str, int] = {}
    for number in range(60_000):
        key = f"{number % 997}"
        found[key] = found.get(key, 0) + number
    return found


def _stalled() -> float:
    """Seconds since the start of the machine in which something waited for a processor or a disk."""
    seconds = [0.0]
    for name in ("cpu", "io"):
        with suppress(OSError):
            some = (_PRESSURE / name).read_text().splitlines()[0]
            seconds.append(int(some.rpartition("total=")[2]) / 1e6)
    return max(seconds)

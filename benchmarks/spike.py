"""A crowd looks at one page while PostgreSQL, Redis, and every process of Django are killed."""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop

from benchmarks.figures import Table
from benchmarks.load import CONNECTIONS, load, serving
from benchmarks.pace import Paced, pace
from benchmarks.servers import cleaned, folder
from tests.degraded.installation import HOST, Installation, installed
from tests.services import any_port

SHARE = 0.8
HALF, NEARLY_ALL = 0.050, 0.200
# One after the other, a pause before each.
_KILLED = (("postgres",), ("valkey",), ("worker", "ticker", "web"))
_SECONDS, _SECONDS_QUICK = 24.0, 8.0
_ROUNDS = 3


def measure(*options: str) -> None:
    seconds = _SECONDS_QUICK if "--quick" in options else _SECONDS
    with (
        folder() as base,
        cleaned(),
        installed(base) as installation,
        _edge(base, installation) as (port, pid),
    ):
        wanted = {"Host": HOST, "Accept-Encoding": "br"}
        most = statistics.median(load(port, pid, "/", wanted, 3).rate for _ in range(_ROUNDS))
        with _on_the_last_processor():
            healthy = uvloop.run(pace(port, HOST, SHARE * most, seconds))
            during = uvloop.run(_while_killing(installation, port, SHARE * most, seconds))
    _tell(most, healthy, during)


async def _while_killing(installation: Installation, port: int, rate: float, seconds: float) -> Paced:
    crowd = asyncio.create_task(pace(port, HOST, rate, seconds))
    for names in _KILLED:
        await asyncio.sleep(seconds / (len(_KILLED) + 1))
        await asyncio.to_thread(installation.kill, *names)
    return await crowd


@contextmanager
def _edge(base: Path, installation: Installation) -> Iterator[tuple[int, int]]:
    """One on a disk of its own, which it fills from Redis; its port and pid."""
    port = any_port()
    command = [sys.executable, "-m", "uvicorn", "edge.asgi:application", "--port", str(port)]
    command += ["--no-access-log", "--log-level", "error"]
    redis = installation.environment["REDIS_URL"]
    with serving(command, port, STORE_DIR=str(base / "spiked"), REDIS_URL=redis) as pid:
        yield port, pid


@contextmanager
def _on_the_last_processor() -> Iterator[None]:
    """The edge has the first."""
    former = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(former)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, former)


def _tell(most: float, healthy: Paced, during: Paced) -> None:
    table = Table(
        f"One page at {SHARE} of the edge's most, over {CONNECTIONS} connections, while all else is killed"
    )
    table.count("most requests a second (wrk)", f"{most:,.0f}")
    table.count("requests a second", f"{SHARE * most:,.0f}")
    for name, paced in (("all is well", healthy), ("while they are killed", during)):
        failures = len(paced.failures)
        table.count(f"{name}: answers, failures", f"{len(paced.waits):,}, {failures}", _none(failures))
        table.time(f"{name}: half within", paced.within(0.5), aim=HALF)
        table.time(f"{name}: 99 % within", paced.within(0.99), aim=NEARLY_ALL)
        table.time(f"{name}: all within", paced.within(1.0))
    table.time("the crowd itself was late: 99 % by less than", _late(during))
    table.count("processor that the crowd took", f"{during.busy:.0%}")


def _none(failures: int) -> str:
    return "none: met" if not failures else "none: missed"


def _late(paced: Paced) -> float:
    return sorted(paced.late)[int(0.99 * (len(paced.late) - 1))] if paced.late else 0.0

"""A fan-out to 20,000 by every channel while senders are killed, Redis emptied and PostgreSQL restarted."""

from __future__ import annotations

import random
import time
from contextlib import ExitStack

from benchmarks.figures import Table, duration
from benchmarks.servers import cleaned, folder
from tests.degraded.fire import Fire, burn
from tests.degraded.installation import installed
from tests.hooks import hooks

SIZE, KILLS = 20_000, 15
_QUICK = 2_000, 5
_MACHINES = 10
_PATIENCE = 900.0


def measure(*options: str) -> None:
    size, kills = _QUICK if "--quick" in options else (SIZE, KILLS)
    with folder() as base, cleaned(), ExitStack() as stack:
        machines = [stack.enter_context(hooks(f"127.0.0.{number + 2}")) for number in range(_MACHINES)]
        running = stack.enter_context(installed(base, EGRESS_ALLOW_NETS="127.0.0.0/8"))
        fire = Fire(running, machines, random.Random(1))
        fire.invite(size)
        began = time.perf_counter()
        fire.tell()
        burn(fire, kills, 1.0)
        heard = fire.put_out(_PATIENCE)
        took = time.perf_counter() - began
    told = sum(1 for one in fire.everybody if heard[one])
    twice = sum(times - 1 for times in heard.values())
    table = Table(f"{size:,} recipients by six channels, {kills} deaths of every sender")
    table.count("told at least once", f"{told:,}", f"all: {'met' if told == size else 'missed'}")
    table.count(
        "told more than once",
        f"{twice:,}",
        f"≤ on the wire: {'met' if twice <= fire.in_flight else 'missed'}",
    )
    table.count("on the wire at deaths, in all", f"{fire.in_flight:,}")
    table.count("until the last was told", duration(took))

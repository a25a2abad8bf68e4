"""A fan-out to 20,000 by every channel while senders are killed, Redis emptied and PostgreSQL restarted."""

from __future__ import annotations

import random
import time

from benchmarks.figures import Table, duration
from benchmarks.servers import cleaned, folder
from tests.degraded.fire import burn, drill

SIZE, KILLS, AWAY = 20_000, 15, 40.0
_QUICK = 2_000, 5, 5.0
_MACHINES = 10
_PATIENCE = 900.0
# So many of the many may be told before another organisation's few: a quarter, or what is claimed at once.
_SHARE, _CLAIMED = 0.25, 2_000


def measure(*options: str) -> None:
    size, kills, away = _QUICK if "--quick" in options else (SIZE, KILLS, AWAY)
    with folder() as base, cleaned(), drill(base, _MACHINES, random.Random(1)) as fire:
        fire.invite(size)
        began = time.perf_counter()
        burn(fire, kills, 1.0, away)
        heard = fire.put_out(_PATIENCE)
        took = time.perf_counter() - began
        few, before = fire.few_heard(), fire.before_few()
        mails, texts = fire.by_second()
    told = sum(1 for one in fire.everybody if heard[one])
    twice = sum(times - 1 for times in heard.values())
    table = Table(f"{size:,} recipients by seven channels, {kills} deaths of every sender")
    table.count("told at least once", f"{told:,}", f"all: {_met(told == size)}")
    table.count("told more than once", f"{twice:,}", f"≤ on the wire: {_met(twice <= fire.in_flight)}")
    table.count("on the wire at deaths, in all", f"{fire.in_flight:,}")
    table.count("by the second mail server, where the first failed", f"{mails:,}", f"> 0: {_met(mails > 0)}")
    table.count("by the second provider of SMS", f"{texts:,}", f"> 0: {_met(texts > 0)}")
    told_few = all(len(came) == len(fire.few) for came in few.values())
    table.count(f"times that another organisation's {len(fire.few)} were told", str(len(few)), _met(told_few))
    most = max(int(_SHARE * size), _CLAIMED)
    table.count(
        "of the many before the last of those, at most", f"{before:,}", f"≤ {most:,}: {_met(before <= most)}"
    )
    table.time("while PostgreSQL was away for", away)
    table.count("until the last was told", duration(took))


def _met(is_met: bool) -> str:
    return "met" if is_met else "missed"

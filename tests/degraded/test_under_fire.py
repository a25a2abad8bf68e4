"""Nobody is skipped, whatever dies; who is told twice was on the wire when it did."""

from __future__ import annotations

import random
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.degraded.fire import Fire, burn
from tests.degraded.installation import installed
from tests.hooks import hooks

pytestmark = [pytest.mark.process, pytest.mark.timeout(240)]
SIZE, KILLS = 600, 4


def test_everybody_is_told_while_everything_dies(tmp_path: Path) -> None:
    with ExitStack() as stack:
        machines = [stack.enter_context(hooks(f"127.0.0.{number}")) for number in range(2, 6)]
        running = stack.enter_context(installed(tmp_path, EGRESS_ALLOW_NETS="127.0.0.0/8"))
        fire = Fire(running, machines, random.Random(7))
        fire.invite(SIZE)
        for machine in machines:
            fire.trouble(machine)
        running.mail.delay = 0.002
        fire.tell()
        burn(fire, KILLS, 0.8)
        running.mail.delay = 0
        heard = fire.put_out(120)

    assert set(heard) >= fire.everybody
    twice = sum(times - 1 for times in heard.values())
    assert twice <= fire.in_flight, f"{twice} were told twice, {fire.in_flight} were on the wire"
    ids: dict[str, set[str]] = {}
    for machine in machines:
        for one in machine.got:
            if "webhook-id" in one.headers:
                ids.setdefault(one.path, set()).add(one.headers["webhook-id"])
    assert all(len(mine) == 1 for mine in ids.values()), "Each message keeps its id."

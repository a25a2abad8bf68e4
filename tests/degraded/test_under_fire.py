"""Nobody is skipped, whatever dies; who is told twice was on the wire when it did."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.degraded.fire import burn, drill

pytestmark = [pytest.mark.process, pytest.mark.timeout(400)]
SIZE, KILLS = 600, 4


def test_everybody_is_told_while_everything_dies(tmp_path: Path) -> None:
    with drill(tmp_path, 4, random.Random(7)) as fire:
        fire.invite(SIZE)
        for machine in fire.machines:
            fire.trouble(machine)
        burn(fire, KILLS, 0.8)
        heard = fire.put_out(120)

    assert set(heard) >= fire.everybody
    twice = sum(times - 1 for times in heard.values())
    assert twice <= fire.in_flight, f"{twice} were told twice, {fire.in_flight} were on the wire"
    assert all(fire.by_second()), (
        "Where the first mail server and provider of SMS fail, the second take over."
    )
    assert all(len(came) == len(fire.few) for came in fire.few_heard().values())
    ids: dict[str, set[str]] = {}
    for machine in fire.machines:
        for one in machine.got:
            if "webhook-id" in one.headers:
                ids.setdefault(one.path, set()).add(one.headers["webhook-id"])
    assert all(len(mine) == 1 for mine in ids.values()), "Each message keeps its id."

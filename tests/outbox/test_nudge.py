"""A hint costs next to nothing where nobody takes it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import pytest

from outbox.registry import Lane
from statuspage.supervisor.programs import QUEUES
from tests.live import ROOT

CODE = """
import json
import django
django.setup()
from outbox.nudge import nudge
from outbox.registry import Lane
from tests.clocks import Stopwatch
watch = Stopwatch()
reached = nudge([Lane.PUBLISH, Lane.NOTIFY])
print(json.dumps([reached, watch.seconds]))
"""


@pytest.mark.process
@pytest.mark.parametrize("url", ["", "redis://127.0.0.1:1/0", "hanging"])
def test_without_a_broker_nobody_waits(url: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        reached, seconds = nudged(
            url if url != "hanging" else f"redis://127.0.0.1:{hanging.getsockname()[1]}/0"
        )

    assert not reached
    assert seconds < 1.5


def nudged(url: str) -> tuple[bool, float]:
    """Whether the broker was reached, and the seconds that took."""
    environment = os.environ | {"REDIS_URL": url, "DJANGO_SETTINGS_MODULE": "statuspage.settings"}
    done = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )
    reached, seconds = json.loads(done.stdout.splitlines()[-1])
    return reached, seconds


def test_the_worker_that_is_started_here_listens_to_every_lane() -> None:
    assert QUEUES.split(",") == [lane.value for lane in Lane]

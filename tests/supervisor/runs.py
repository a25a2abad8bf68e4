"""Runs of the supervisor with stand-in programs, as processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from statuspage.supervisor.state import start_time

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE = 240
READY = "Ctrl-C"
# What the session's own servers and settings have put there, and a fresh shell has not.
OURS = (
    "DATABASE_URL",
    "DATABASE_POOL",
    "REDIS_URL",
    "EMAIL_URL",
    "SECRET_KEY",
    "STORE_DIR",
    "PUBLIC_PORT",
    "DEBUG",
    "LOG_FORMAT",
    "DJANGO_SETTINGS_MODULE",
)


@dataclass(frozen=True)
class As:
    """Who runs it with which interpreter; by default we with ours."""

    python: str = sys.executable
    user: int | None = None


OURSELVES = As()


class Run:
    """One supervisor over the folder `var`. `text` is what it has printed so far."""

    def __init__(
        self,
        var: Path,
        settings: Mapping[str, str],
        port: int,
        who: As = OURSELVES,
        module: str = "tests.supervisor.stand_in",
    ) -> None:
        self.var = var
        self.lines: list[str] = []
        environment = {name: value for name, value in os.environ.items() if name not in OURS}
        self.process = subprocess.Popen(
            [who.python, "-m", module, "--var", str(var), "--port", str(port)],
            cwd=ROOT,
            env=environment | {"PYTHONUNBUFFERED": "1"} | dict(settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            user=who.user,
            group=who.user,
            extra_groups=None if who.user is None else [],
        )
        self.reading = threading.Thread(target=self._read, daemon=True)
        self.reading.start()

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def until_ready(self) -> Run:
        until(lambda: READY in self.text or self.process.poll() is not None, lambda: self.text)
        assert READY in self.text, self.text
        return self

    def ended(self) -> int:
        """Its exit code, once it has ended and all it has printed is in `text`."""
        code = self.process.wait(PATIENCE)
        self.reading.join(PATIENCE)
        return code

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.ended()

    def kill(self) -> None:
        self.stop(signal.SIGKILL)

    def children(self) -> dict[str, dict[str, int]]:
        state = json.loads((self.var / "run" / "children.json").read_text())
        return {child["name"]: child for child in state["children"]}

    def pids(self) -> list[int]:
        return [child["pid"] for child in self.children().values()]

    def port(self, name: str) -> int:
        return self.ports()[name]

    def ports(self) -> dict[str, int]:
        """By name; empty before the first has been chosen."""
        file = self.var / "run" / "ports.json"
        return json.loads(file.read_text()) if file.exists() else {}  # type: ignore[no-any-return]

    def settings(self) -> dict[str, str]:
        """What `. var/run/environment` sets in a shell."""
        command = ["sh", "-c", '. "$1" && env', "sh", str(self.var / "run" / "environment")]
        done = subprocess.run(command, env={}, capture_output=True, text=True, check=True)
        return dict(line.split("=", 1) for line in done.stdout.splitlines())

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(self.process.stdout)


def until(true: Callable[[], object], said: Callable[[], str] = str) -> None:
    """Wait until it is true; fail with what was said after too long."""
    deadline = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < deadline, said()
        time.sleep(0.02)


def alive(pids: list[int]) -> list[int]:
    return [pid for pid in pids if start_time(pid)]

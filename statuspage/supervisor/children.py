"""Processes that are kept running."""

import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import IO, cast

from statuspage.supervisor.errors import PortTakenError, StartError
from statuspage.supervisor.output import Follower, Output
from statuspage.supervisor.owner import Owner, ourselves
from statuspage.supervisor.ports import is_free
from statuspage.supervisor.state import Processes, signal_groups

# A child that ended comes back after the first pause; one that ends again soon waits twice as long.
FIRST_PAUSE, LONGEST_PAUSE = 0.1, 30.0
# Whoever ran so long counts as healthy: its next end is a first one.
HEALTHY_SECONDS = 20.0
POLL_SECONDS = 0.02


def _nothing() -> None:
    return None


@dataclass(frozen=True)
class Program:
    """What to run and how to treat it. `environment` None means our own; seconds are patience.

    A `quiet` one's lines go to its file only. `is_ready` gets its pid and tells whether this very process is
    ready; None where nothing can tell. `port` is where it listens on this machine.
    """

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] | None = None
    owner: Owner = field(default_factory=ourselves)
    quiet: bool = False
    stop_signal: signal.Signals = signal.SIGTERM
    kill_signal: signal.Signals = signal.SIGKILL
    stop_seconds: float = 1.5
    ready_seconds: float = 30
    prepare: Callable[[], None] = _nothing
    is_ready: Callable[[int], bool] | None = None
    port: int | None = None


class Child:
    """A program's process, started at once. It leads its own process group, so a Ctrl-C reaches only us."""

    def __init__(self, program: Program, output: Output, processes: Processes) -> None:
        self.program = program
        self.output = output
        self.processes = processes
        self.restarts = 0
        self.quick_ends = 0
        self.start()

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def pid(self) -> int | None:
        return self.process.pid if self.process.poll() is None else None

    def start(self) -> None:
        self.program.prepare()
        self.process: subprocess.Popen[bytes] = subprocess.Popen(
            self.program.owner.launch(self.program.command, self.program.stop_signal),
            env=self.program.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.processes.add(self.process.pid)
        self.follower: Follower = self.output.follow(
            self.name, cast("IO[bytes]", self.process.stdout), echo=not self.program.quiet
        )
        self.started_at, self.since = time.monotonic(), datetime.now(UTC)
        self.start_again_at: float | None = None

    def wait_until_ready(self, pause: Callable[[float], None] = time.sleep) -> None:
        """Return once it is ready; StartError, with the reason, where it ends or takes too long.

        PortTakenError where it has ended and another process listens on its port.
        """
        deadline = time.monotonic() + self.program.ready_seconds
        while self.pid is not None and time.monotonic() < deadline:
            if self.program.is_ready is None or self.program.is_ready(self.pid):
                return
            pause(POLL_SECONDS)
        how = "did not get ready" if self.pid else "ended"
        message = f"{self.name} {how}{self.reason()}"
        raise PortTakenError(message) if self._lost_its_port() else StartError(message)

    def _lost_its_port(self) -> bool:
        return self.pid is None and self.program.port is not None and not is_free(self.program.port)

    def wait_until_done(self, pause: Callable[[float], None] = time.sleep) -> None:
        """Return once it has ended well; StartError, with the reason, where it failed."""
        while self.pid is not None:
            pause(POLL_SECONDS)
        self.processes.remove(self.process.pid)
        if self.process.returncode != 0:
            message = f"{self.name} failed{self.reason()}"
            raise StartError(message)

    def revive(self) -> None:
        """Start it again where it has ended and its pause is over. Call this often."""
        if self.pid is not None:
            return
        if self.start_again_at is None:
            self.start_again_at = self._plan_restart()
        if time.monotonic() >= self.start_again_at:
            self.start()
            self.restarts += 1

    def _plan_restart(self) -> float:
        # A killed leader may leave members of its group that hold its port.
        signal_groups([self.process.pid], signal.SIGKILL)
        self.processes.remove(self.process.pid)
        lasted = time.monotonic() - self.started_at
        self.quick_ends = 0 if lasted > HEALTHY_SECONDS else self.quick_ends + 1
        pause = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(self.quick_ends, 10))
        self.output.say(f"{self.name} ended ({_ending(self.process.returncode)}); again in {pause:.1f} s.")
        return time.monotonic() + pause

    def ask_to_stop(self) -> None:
        if self.pid is not None:
            self.process.send_signal(self.program.stop_signal)

    def wait_stopped(self, deadline: float) -> None:
        """Wait for its end until the monotonic `deadline`, then make it end, and all it has started."""
        try:
            self.process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.send_signal(self.program.kill_signal)
            self._wait_killed()
        signal_groups([self.process.pid], signal.SIGKILL)
        self.processes.remove(self.process.pid)

    def _wait_killed(self) -> None:
        try:
            self.process.wait(1)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def stop(self) -> None:
        self.ask_to_stop()
        self.wait_stopped(time.monotonic() + self.program.stop_seconds)

    def reason(self) -> str:
        """Its last lines, or where they are, as the rest of a sentence that says that it failed."""
        self.follower.join(1)
        if not self.program.quiet:
            return "; its lines above say why."
        return ":\n" + "\n".join(f"  {line}" for line in self.follower.tail)


def _ending(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name

"""What outlives a supervisor that gets killed: who runs here, and which processes it left behind."""

import fcntl
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Self

from statuspage.supervisor.errors import StartError
from statuspage.supervisor.files import write_whole


class OnlyOne:
    """A lock that one supervisor per data folder can hold; the kernel drops it when the holder dies."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __enter__(self) -> Self:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        self.descriptor = os.open(self.file, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StartError(self._already_running()) from error
        self.note("")
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self.descriptor)

    def note(self, text: str) -> None:
        """What to tell someone who finds the lock taken."""
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, f"{os.getpid()}\n{text}".encode(), 0)

    def _already_running(self) -> str:
        holder, _, text = self.file.read_text().partition("\n")
        where = f" at {text}" if text else ""
        return f"It is already running{where} (process {holder}). Stop that one first: kill {holder}"


class Processes:
    """The processes started here, in a file: what a killed supervisor leaves, the next one ends."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.started: dict[int, str] = {}

    def add(self, pid: int) -> None:
        self.started[pid] = start_time(pid) or ""
        self._save()

    def remove(self, pid: int) -> None:
        self.started.pop(pid, None)
        self._save()

    def _save(self) -> None:
        write_whole(self.file, json.dumps(self.started))

    def end_left_behind(self, seconds: float = 3) -> int:
        """End what the file names and still runs; how many that were. None is mistaken for a newer one."""
        left = [pid for pid, started in self._recorded().items() if start_time(pid) == started]
        signal_groups(left, signal.SIGINT)
        signal_groups(still_running(left, 0.3), signal.SIGTERM)
        signal_groups(still_running(left, seconds), signal.SIGKILL)
        still_running(left, 1)
        self._save()
        return len(left)

    def _recorded(self) -> dict[int, str]:
        try:
            return {int(pid): str(started) for pid, started in json.loads(self.file.read_text()).items()}
        except (OSError, ValueError, AttributeError):
            return {}


def start_time(pid: int) -> str | None:
    """When the process began, in the system's own terms; None where it is gone or a mere zombie.

    A pid with its start time names one process for ever; a pid alone gets used again.
    """
    try:
        # After the command's name, in parentheses: state, … and as the 20th the start in clock ticks.
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] in "ZX" else fields[19]
    except OSError:
        return None if Path("/proc/self/stat").exists() else _start_time_by_ps(pid)


def command_name(pid: int) -> str:
    """The name of the program that the process runs; empty where there is no such process."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return "" if Path("/proc/self/stat").exists() else _ps(pid, "comm")


def signal_groups(pids: Iterable[int], number: signal.Signals) -> None:
    """Send the signal to each process and to all of its process group, which it leads."""
    for pid in pids:
        try:
            os.killpg(pid, number)
        except (ProcessLookupError, PermissionError):
            continue


def still_running(pids: Iterable[int], seconds: float) -> list[int]:
    """Those of the processes that run on after waiting up to `seconds` for their end."""
    deadline = time.monotonic() + seconds
    left = [pid for pid in pids if start_time(pid)]
    while left and time.monotonic() < deadline:
        time.sleep(0.02)
        left = [pid for pid in left if start_time(pid)]
    return left


def _start_time_by_ps(pid: int) -> str | None:
    status, _, started = _ps(pid, "stat", "lstart").partition(" ")
    return None if not status or status.startswith("Z") else started.strip()


def _ps(pid: int, *columns: str) -> str:
    # A column and its empty heading each: macOS takes a comma for part of the heading.
    wanted = [part for column in columns for part in ("-o", f"{column}=")]
    done = subprocess.run(["ps", *wanted, "-p", str(pid)], capture_output=True, text=True, check=False)
    return done.stdout.strip()

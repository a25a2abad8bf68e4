"""Load by wrk on one processor, against a server on another, and what both say of it."""

from __future__ import annotations

import os
import re
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.servers import ROOT

CONNECTIONS = 64
_RATE = re.compile(r"Requests/sec:\s+([0-9.]+)")
_WORST = re.compile(r"\s99%\s+([0-9.]+)(us|ms|s)\b")
_SECONDS = {"us": 1e-6, "ms": 1e-3, "s": 1.0}


@dataclass(frozen=True, slots=True)
class Run:
    """Requests a second; seconds of a processor that the server took for each; seconds of 99 in 100."""

    rate: float
    cpu: float
    p99: float


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    etag: str
    body: bytes


def load(port: int, pid: int, path: str, headers: Mapping[str, str], seconds: int) -> Run:
    """Ask for one path over keep-alive connections, as fast as one processor can."""
    used = processor(pid)
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency"]
    command += [word for name, value in headers.items() for word in ("-H", f"{name}: {value}")]
    said = subprocess.run(
        [*_pinned(-1), *command, f"http://127.0.0.1:{port}{path}"], capture_output=True, text=True, check=True
    ).stdout
    used = processor(pid) - used
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(said)
    rate, worst = _RATE.search(said), _WORST.search(said)
    assert rate is not None
    assert worst is not None
    requests = float(rate[1]) * seconds
    return Run(float(rate[1]), used / requests, float(worst[1]) * _SECONDS[worst[2]])


def ask(port: int, path: str, headers: Mapping[str, str]) -> Answer:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", path, headers=dict(headers))
        found = connection.getresponse()
        return Answer(found.status, found.headers.get("ETag", ""), found.read())
    finally:
        connection.close()


@contextmanager
def serving(command: Sequence[str], port: int, **environment: str) -> Iterator[int]:
    """A server pinned to the first processor; its pid."""
    process = subprocess.Popen([*_pinned(0), *command], cwd=ROOT, env=dict(os.environ) | environment)
    try:
        _wait(port)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def only_child(pid: int) -> int:
    return int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def processor(pid: int) -> float:
    """Seconds that the process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> int:
    """Bytes that the process itself holds."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) * 1024


def _pinned(which: int) -> list[str]:
    """Server and load each have a processor for themselves, where there are two."""
    mine = sorted(os.sched_getaffinity(0))
    return ["taskset", "-c", str(mine[which])] if len(mine) > 1 else []


def _wait(port: int) -> None:
    for _ in range(1000):
        try:
            ask(port, "/", {})
        except OSError:
            time.sleep(0.02)
        else:
            return
    message = f"Nothing answers on port {port}."
    raise RuntimeError(message)

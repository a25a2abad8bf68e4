"""Servers for tests, each with a folder, port and password of its own; gone with the `with` block."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from statuspage.supervisor.children import Child, Program
from statuspage.supervisor.output import Output
from statuspage.supervisor.ports import free_port
from statuspage.supervisor.postgres import Cluster
from statuspage.supervisor.state import Processes
from statuspage.supervisor.valkey import Server

_given: set[int] = set()


@contextmanager
def postgres(directory: Path, *, durable: bool = False, port: int | None = None) -> Iterator[str]:
    """Run PostgreSQL over `directory`; yields the URL of its empty database, owned by a superuser.

    Without `durable` it is fast (no fsync) and loses data only when the machine stops, not when a
    process gets killed. Over a directory used before, it has that one's data.
    """
    cluster = Cluster(directory / "data", directory / "password", port or any_port(), durable=durable)
    cluster.create()
    with running(cluster.program(), directory):
        yield cluster.url


@contextmanager
def valkey(directory: Path, *, durable: bool = False, port: int | None = None) -> Iterator[str]:
    """Run Valkey over `directory`; yields its URL without a database, such as `redis://:…@127.0.0.1:20001`."""
    server = Server(directory / "data", directory / "password", port or any_port(), durable=durable)
    server.create()
    with running(server.program(), directory):
        yield server.url


@contextmanager
def running(program: Program, directory: Path) -> Iterator[Child]:
    """Run `program` until the block ends; its output is in `directory`/<name>.log, its pid in the child."""
    # A machine with much to do starts nothing at once.
    patient = replace(program, ready_seconds=240)
    child = Child(patient, Output(directory), Processes(directory / "processes.json"))
    try:
        child.wait_until_ready()
        yield child
    finally:
        child.stop()


def any_port() -> int:
    """A free port that nobody is given twice: who has it may listen there later.

    Random, so that test runs beside each other seldom meet; the workers of one run never do.
    """
    each = 12_000 // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    first = 20_000 + each * (number % (12_000 // each))
    port = free_port(random.randrange(first, first + each - 200), _given)
    _given.add(port)
    return port

"""A real web process, for clients that are real as well."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from statuspage.supervisor.children import Program
from statuspage.supervisor.ports import is_free
from tests.live import Live
from tests.services import any_port, running


@contextmanager
def web(live: Live, folder: Path, *options: str, **environment: str) -> Iterator[int]:
    """The port at which it listens on this machine; `options`: uvicorn's."""
    port = any_port()
    command = [sys.executable, "-m", "uvicorn", "statuspage.asgi:application", "--port", str(port)]
    program = Program(
        "web",
        [*command, "--http", "edge.protocol:Protocol", "--no-access-log", *options],
        live.env | {"PUBLIC_PORT": str(port)} | environment,
        is_ready=lambda _pid: not is_free(port),
        ready_seconds=60,
        port=port,
    )
    with running(program, folder):
        yield port

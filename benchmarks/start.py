"""Starting and stopping the whole service: in a fresh clone, and again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.figures import Table, took
from benchmarks.servers import ROOT, clean_environment, folder, running
from tests.services import any_port, postgres, valkey

AIM_WARM, AIM_STOP = 5.0, 3.0
_ROUNDS = 3


def measure(*options: str) -> None:
    table = Table("Starting and stopping")
    with folder() as base:
        reference = _reference(base / "reference")
        clone = base / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        page, up, stopped = _run(clone)
        table.time("first start in a clone: a page answers", page)
        table.time("first start: everything runs", up)
        table.time("stop", stopped, aim=AIM_STOP)
        runs = [_run(clone) for _ in range(1 if "--quick" in options else _ROUNDS)]
        page, up, stopped = (sorted(values)[len(values) // 2] for values in zip(*runs, strict=True))
        table.time("second start: a page answers", page, reference=reference, aim=AIM_WARM)
        table.time("second start: everything runs", up, reference=reference)
        table.time("stop", stopped, aim=AIM_STOP)
        table.time("reference: both databases, then one web process", reference)


def _run(clone: Path) -> tuple[float, float, float]:
    """Seconds until a page answers, until all runs, and from Ctrl-C to the end."""
    port = any_port()
    command = ["make", "--no-print-directory", "run", f"ARGS=--port {port}"]
    with running(command, clone, clone / "var", port) as service:
        return service.until_page("acme.localhost"), service.until_up(), service.stop()


def _reference(base: Path) -> float:
    """Seconds to start empty databases that are there already, and to load what the web server loads."""
    for name in ("postgres", "valkey"):
        (base / name).mkdir(parents=True)
    _databases(base)
    with took() as starting:
        _databases(base)
        _load()
    return starting.wall


def _databases(base: Path) -> None:
    with postgres(base / "postgres", durable=True), valkey(base / "valkey", durable=True):
        pass


def _load() -> None:
    settings = {"DEBUG": "true", "SECRET_KEY": "unused", "DATABASE_URL": "postgresql://127.0.0.1:1/none"}
    command = [sys.executable, "-c", "import statuspage.asgi"]
    subprocess.run(command, cwd=ROOT, env=clean_environment() | settings, check=True)

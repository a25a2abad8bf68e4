"""Starting and stopping the whole service: in a fresh clone, and again."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from benchmarks.figures import Table, Took, middle, took
from benchmarks.servers import ROOT, clean_environment, folder, running
from tests.services import any_port, postgres, valkey

AIM_WARM, AIM_STOP = 5.0, 3.0
_ROUNDS = 3
# Seconds between the start and Ctrl-C: by then every process has come up.
_VISIT = 5.0


def measure(*options: str) -> None:
    table = Table("Starting and stopping")
    with folder() as base:
        reference = _reference(base / "reference")
        clone = base / "clone"
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True)
        page, stop, whole = _run(clone)
        table.time("first start in a clone: a page answers", page, reference=reference)
        table.time("stop", stop, aim=AIM_STOP)
        table.time("first run from start to end", whole)
        runs = [_run(clone) for _ in range(1 if "--quick" in options else _ROUNDS)]
        pages, stops, wholes = zip(*runs, strict=True)
        table.time("second start: a page answers", median(pages), reference=reference, aim=AIM_WARM)
        table.time("stop", median(stops), aim=AIM_STOP)
        table.time("second run from start to end", middle(wholes))
        table.time("reference: both databases, then one web process", reference)


def _run(clone: Path) -> tuple[float, float, Took]:
    """Seconds until a page answers, and from Ctrl-C to the end; the whole run with all its processes."""
    port = any_port()
    command = ["make", "--no-print-directory", "run", f"ARGS=--port {port}"]
    before = _used_by_children()
    with took() as whole, running(command, clone, clone / "var", port) as service:
        page = service.until_page("acme.localhost")
        service.until_up()
        time.sleep(_VISIT)
        stop = service.stop()
    return page, stop, Took(whole.wall, _used_by_children() - before)


def _used_by_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _reference(base: Path) -> float:
    """Seconds to start empty databases that are there already, and to load what the web server loads."""
    for name in ("postgres", "valkey"):
        (base / name).mkdir(parents=True)
    with _databases(base):
        pass
    began = time.perf_counter()
    with _databases(base):
        _load()
        return time.perf_counter() - began


@contextmanager
def _databases(base: Path) -> Iterator[None]:
    with postgres(base / "postgres", durable=True), valkey(base / "valkey", durable=True):
        yield


def _load() -> None:
    settings = {"DEBUG": "true", "SECRET_KEY": "unused", "DATABASE_URL": "postgresql://127.0.0.1:1/none"}
    command = [sys.executable, "-c", "import statuspage.asgi"]
    subprocess.run(command, cwd=ROOT, env=clean_environment() | settings, check=True)

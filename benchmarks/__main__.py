"""Measures what is named, or everything, on servers of its own: `python -m benchmarks [NAME …] [--quick]`."""

from __future__ import annotations

import argparse
import os
import platform
import signal
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from benchmarks import fire, first, live, spike, start
from benchmarks.servers import ROOT, databases, folder, inside, running, supervisor
from statuspage.supervisor.postgres import version
from tests.services import any_port


def on_databases(module: str, *options: str) -> None:
    """PostgreSQL and Valkey, and nothing else that runs."""
    with databases() as environment:
        inside(environment, module, "measure", *options)


def on_service(module: str, *options: str) -> None:
    """The whole service with its example pages."""
    with folder() as base:
        port = any_port()
        command = supervisor(sys.executable, base / "var", port)
        with running(command, ROOT, base / "var", port) as service:
            service.until_up()
            inside(service.environment(), module, "measure", *options)


BENCHMARKS: dict[str, Callable[..., None]] = {
    "start": start.measure,
    "import": partial(on_databases, "imports"),
    "tenants": partial(on_databases, "tenants"),
    "publish": partial(on_databases, "publish"),
    "commit": partial(on_service, "commit"),
    "storm": partial(on_service, "storm"),
    "live": live.measure,
    "edge": partial(on_databases, "edge"),
    "spike": spike.measure,
    "fire": fire.measure,
    "memory": partial(on_databases, "memory"),
    "mail": partial(on_databases, "mail"),
    "webhooks": partial(on_databases, "webhooks"),
    "sms": partial(on_databases, "sms"),
    "first": first.measure,
    "expand": partial(on_databases, "expand"),
    "metrics": partial(on_databases, "metrics"),
    "api": partial(on_databases, "api"),
    "screens": partial(on_databases, "screens"),
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(BENCHMARKS)}; all without")
    parser.add_argument("--quick", action="store_true", help="fewer rounds and rows: to see that it works")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]}; there are {', '.join(BENCHMARKS)}")
    # So that what was started gets stopped.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    _about()
    for name in options.names or BENCHMARKS:
        BENCHMARKS[name](*(["--quick"] if options.quick else []))
        print(f"\n(load afterwards: {_load()})", flush=True)


def _about() -> None:
    commit = ["git", "describe", "--always", "--dirty"]
    said = subprocess.run(commit, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    print(f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC, commit {said or 'unknown'}: {' '.join(sys.argv[1:])}")
    print(f"{os.cpu_count()} processors, {platform.machine()}, {platform.system()} {platform.release()}")
    print(f"Python {platform.python_version()}, PostgreSQL {version()}, load {_load()}", flush=True)


def _load() -> str:
    return ", ".join(f"{value:.1f}" for value in os.getloadavg())


if __name__ == "__main__":
    main()

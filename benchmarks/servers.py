"""What benchmarks run against: databases alone, or the whole service. All of it ends with the block."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.services import postgres, valkey

ROOT = Path(__file__).resolve().parent.parent
READY = "Ctrl-C"
PATIENCE, PATIENCE_INSIDE = 300.0, 1800.0
# A person's own settings would have us measure on a person's own servers.
_SETTINGS = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "SECRET_KEY", "STORE_DIR", "PUBLIC_PORT", "DEBUG")


def clean_environment() -> dict[str, str]:
    names = {f"{name}{end}" for name in _SETTINGS for end in ("", "_FILE")}
    return {name: value for name, value in os.environ.items() if name not in names}


@contextmanager
def cleaned() -> Iterator[None]:
    """A person's own settings would have us measure on a person's own servers."""
    former, clean = dict(os.environ), clean_environment()
    os.environ.clear()
    os.environ.update(clean)
    try:
        yield
    finally:
        os.environ.update(former)


@contextmanager
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="statuspage-benchmark-") as name:
        yield Path(name)


@contextmanager
def databases() -> Iterator[dict[str, str]]:
    """PostgreSQL and Valkey, empty, as durable as in production; the environment that names them."""
    with folder() as base:
        for name in ("postgres", "valkey", "store"):
            (base / name).mkdir()
        with postgres(base / "postgres", durable=True) as url, valkey(base / "valkey", durable=True) as redis:
            yield clean_environment() | {
                "DJANGO_SETTINGS_MODULE": "statuspage.settings",
                # As in production: with DEBUG, Django keeps every query.
                "DEBUG": "false",
                "SECRET_KEY": "only for benchmarks",
                "APP_HOSTS": "localhost",
                "PAGES_DOMAIN": "localhost",
                "DEFAULT_FROM_EMAIL": "status@example.com",
                "DATABASE_URL": url,
                "REDIS_URL": redis,
                "STORE_DIR": str(base / "store"),
                "STATIC_ROOT": str(base / "static"),
            }


class Service:
    """A run of the whole service, by `command`, on a port of its own. Its data is in `var`."""

    def __init__(self, command: Sequence[str], root: Path, var: Path, port: int) -> None:
        self.var, self.port = var, port
        self.lines: list[str] = []
        self.began = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            cwd=root,
            env=clean_environment() | {"PYTHONUNBUFFERED": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def until_page(self, host: str) -> float:
        """Seconds from the start until the page of `host` is there for a visitor."""
        while not _answers(self.port, host):
            self._go_on()
        return time.perf_counter() - self.began

    def until_up(self) -> float:
        """Seconds from the start until everything runs."""
        while not any(READY in line for line in self.lines):
            self._go_on()
        return time.perf_counter() - self.began

    def stop(self) -> float:
        """What Ctrl-C does; seconds until all has ended."""
        began = time.perf_counter()
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGINT)
            self.process.wait(30)
        return time.perf_counter() - began

    def environment(self) -> dict[str, str]:
        """The settings that reach it."""
        lines = (self.var / "run" / "environment").read_text().splitlines()
        pairs = (shlex.split(line)[1].split("=", 1) for line in lines)
        return clean_environment() | dict(pairs) | {"DJANGO_SETTINGS_MODULE": "statuspage.settings"}

    def _go_on(self) -> None:
        if self.process.poll() is not None or time.perf_counter() - self.began > PATIENCE:
            self.reader.join(1)
            raise SystemExit("The service did not come up:\n" + "".join(self.lines))
        time.sleep(0.01)

    def _read(self) -> None:
        assert self.process.stdout is not None
        self.lines.extend(self.process.stdout)


@contextmanager
def running(command: Sequence[str], root: Path, var: Path, port: int) -> Iterator[Service]:
    service = Service(command, root, var, port)
    try:
        yield service
    finally:
        service.stop()


def supervisor(python: str | Path, var: Path, port: int) -> list[str]:
    return [str(python), "-m", "statuspage.supervisor", "--var", str(var), "--port", str(port)]


def inside(environment: Mapping[str, str], *arguments: str) -> None:
    """Run a function of a benchmark's module in a process with this environment."""
    command = [sys.executable, "-m", "benchmarks.inside", *arguments]
    code = subprocess.run(
        command, cwd=ROOT, env=dict(environment), check=False, timeout=PATIENCE_INSIDE
    ).returncode
    if code:
        raise SystemExit(code)


def _answers(port: int, host: str) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/", headers={"Host": host})
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()

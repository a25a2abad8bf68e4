"""A copy of the test database for tests that commit, and processes that work on it and get killed."""

from __future__ import annotations

import itertools
import json
import os
import select
import signal
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import urlsplit, urlunsplit

import psycopg
import redis

from statuspage.supervisor.programs import QUEUES
from tests.clocks import until
from tests.services import any_port

ROOT = Path(__file__).resolve().parent.parent
TEMPLATE = "tests_template"
_numbers = itertools.count(1)
_SERVE = """
import uvicorn
uvicorn.run("statuspage.asgi:application", port={port}, log_level="warning")
"""
_PRELUDE = """
import json, os, signal, sys, time
import django
django.setup()
from django.db import connection
from common.tenancy import in_tenant
from tenants.models import Tenant
acme = Tenant.objects.get(slug="acme")
globex = Tenant.objects.get(slug="globex")
def answer(value):
    print("ANSWER " + json.dumps(value, default=str), flush=True)
def say(word):
    print("SAY " + word, flush=True)
"""


# To start Python with all that we import takes a second, to fork it nothing: this runs one piece of Python
# after the other, each in a process of its own. Says how each ended.
_RUNNER = """
import json, os, sys
import django
django.setup()
import statuspage.celery, statuspage.urls
for line in sys.stdin:
    asked = json.loads(line)
    child = os.fork()
    if not child:
        break
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
else:
    sys.exit()
for number, path in enumerate(asked["files"]):
    os.dup2(os.open(path, os.O_RDWR), number)
exec(asked["code"])
"""


@dataclass
class Live:
    """`run` answers what a piece of Python prints by `answer(value)`; `start` leaves it running."""

    database_url: str
    redis_url: str
    store: Path
    processes: list[subprocess.Popen[str]] = field(default_factory=list)
    runners: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def start(cls, template: str, directory: Path) -> Iterator[Live]:
        number = next(_numbers)
        name = f"live_{number}"
        _admin(f'CREATE DATABASE "{name}" TEMPLATE "{template}" STRATEGY file_copy')
        live = cls(_url(name), _redis_url(), directory / "store")
        redis.Redis.from_url(live.redis_url).flushall()
        try:
            yield live
        finally:
            live.kill_all()
            _admin(f'DROP DATABASE "{name}" WITH (FORCE)')

    @staticmethod
    def make_template(source: str, template: str) -> None:
        _admin(f'CREATE DATABASE "{template}" TEMPLATE "{source}"')

    @property
    def env(self) -> dict[str, str]:
        return os.environ | {
            "DATABASE_URL": self.database_url,
            "REDIS_URL": self.redis_url,
            "STORE_DIR": str(self.store),
            "DJANGO_SETTINGS_MODULE": "statuspage.settings",
            "PYTHONUNBUFFERED": "1",
        }

    def run(self, code: str, timeout: float = 300) -> Any:
        """Run Python in a process of its own; the value it gave to `answer`. Fails with its traceback."""
        with tempfile.TemporaryDirectory() as folder:
            out, err = Path(folder, "out"), Path(folder, "err")
            for path in (out, err):
                path.touch()
            files = [os.devnull, str(out), str(err)]
            status = self._ask({"code": _PRELUDE + code, "files": files}, timeout)
            said = out.read_text()
            assert status == 0, f"{said}\n{err.read_text()}"
        answers = [line for line in said.splitlines() if line.startswith("ANSWER ")]
        return json.loads(answers[-1].removeprefix("ANSWER ")) if answers else None

    def _ask(self, what: dict[str, Any], timeout: float) -> int:
        """Have the runner do this; how it ended."""
        # Who asks is another in each phase of a test.
        env = {name: value for name, value in self.env.items() if name != "PYTEST_CURRENT_TEST"}
        key = json.dumps(env, sort_keys=True)
        if key not in self.runners:
            self.runners[key] = self._popen([sys.executable, "-c", _RUNNER], stdin=subprocess.PIPE)
        runner = self.runners[key]
        assert runner.stdin is not None
        assert runner.stdout is not None
        runner.stdin.write(json.dumps(what) + "\n")
        runner.stdin.flush()
        assert select.select([runner.stdout], [], [], timeout)[0], "It never ended."
        return int(runner.stdout.readline() or self._failed(runner))

    def start_python(self, code: str) -> subprocess.Popen[str]:
        return self._popen([sys.executable, "-c", _PRELUDE + code])

    def serve(self) -> str:
        """The address of the app host, once a web server answers there."""
        port = any_port()
        self.start_python(_SERVE.format(port=port))
        until(lambda: self._answers(port), seconds=60)
        return f"http://localhost:{port}"

    @staticmethod
    def _answers(port: int) -> bool:
        with suppress(OSError):
            return urllib.request.urlopen(f"http://localhost:{port}/livez", timeout=1).status == 200
        return False

    def manage(self, *arguments: str) -> subprocess.Popen[str]:
        return self._popen([sys.executable, "manage.py", *arguments])

    def worker(self) -> subprocess.Popen[str]:
        command = "celery -A statuspage.celery worker -P threads -c 2 --without-mingle"
        return self._popen([sys.executable, "-m", *command.split(), "-Q", QUEUES])

    def wait_for(self, process: subprocess.Popen[str], word: str) -> None:
        """Until the process says `word`."""
        assert process.stdout is not None
        for line in process.stdout:
            if line.strip() == f"SAY {word}":
                return
        self._failed(process, f" without saying {word}")

    def _failed(self, process: subprocess.Popen[str], how: str = "") -> NoReturn:
        message = f"The process ended{how}: {process.stderr.read() if process.stderr else ''}"
        raise AssertionError(message)

    def kill(self, process: subprocess.Popen[str]) -> None:
        process.send_signal(signal.SIGKILL)
        process.wait()

    def kill_all(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                self.kill(process)
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    stream.close()

    def _popen(self, command: list[str], **more: Any) -> subprocess.Popen[str]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | more
        process = subprocess.Popen(command, cwd=ROOT, env=self.env, text=True, **pipes)
        self.processes.append(process)
        return process


def _admin(statement: str) -> None:
    with psycopg.connect(_url("postgres"), autocommit=True) as connection:
        connection.execute(statement)  # type: ignore[call-overload]


def _url(name: str) -> str:
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


def _redis_url() -> str:
    """Databases 0 to 2 are the test process's own."""
    return os.environ["REDIS_URL"]

"""A whole installation of a test's own: servers that are killed, frozen and started again by name."""

from __future__ import annotations

import http.client
import json
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from statuspage.supervisor.children import Child, Program
from statuspage.supervisor.output import Output
from statuspage.supervisor.postgres import Cluster
from statuspage.supervisor.programs import QUEUES, answers_http
from statuspage.supervisor.state import Processes, signal_groups
from statuspage.supervisor.valkey import Server
from store import Manifest, Store
from tests import prepared
from tests.clocks import until
from tests.services import any_port
from tests.sink import Sink, sink

ROOT = Path(__file__).resolve().parent.parent.parent
HOST = "acme.localhost"
EMAIL, PASSWORD = "admin@example.com", "a password for tests"
INSTANCE = "degraded"
# Seconds without a heartbeat after which the edge `worried` says how old pages are; others take two minutes.
WORRIED_AFTER = 13
_PRELUDE = """
import json
import django
django.setup()
from common.tenancy import in_tenant
from tenants.models import Tenant
def answer(value):
    print("ANSWER " + json.dumps(value, default=str), flush=True)
"""
_FILL = """
from django.core.management import call_command
# What was prepared is an empty organisation in place of acme.
for tenant in Tenant.objects.all():
    tenant.delete(force_drop=True)
call_command("migrate_all")
from events.actor import SYSTEM
from outbox.drain import drain_lanes
from outbox.registry import Lane
from pages.actions import create_page
from pages.models import StatusPage
from statuspage.seeding import seed_acme, seed_staff
from tenants.actions import create_tenant
seed_acme(seed_staff({email!r}, {password!r}))
with in_tenant(create_tenant("Globex", "globex").id):
    create_page(SYSTEM, name="Globex", slug="globex")
drain_lanes(Lane.PUBLISH, Lane.ARCHIVE, seconds=60)
with in_tenant(Tenant.objects.get(slug="acme").id):
    answer(StatusPage.objects.get().pk)
"""

_DIFFERENCES = """
from pages.models import StatusPage
from tests.publishing.published import fresh_build, stored
with in_tenant(Tenant.objects.get(slug="acme").id):
    page = StatusPage.objects.get()
    fresh, found = fresh_build(page), stored(page)
    # Charts follow the clock, and are of no version.
    kept = {path for path in found if path in fresh or not path.startswith("/assets/")}
    of_versions = {path for path in kept | fresh.keys() if not path.startswith("/metrics")}
    answer(sorted(path for path in of_versions if fresh.get(path) != found.get(path)))
"""


@dataclass
class Installation:
    """`page_id` is acme's. The edges: `edge` shares the publisher's disk and knows no Redis, `mirror` has a
    disk of its own, `control` a copy that nothing ever reaches, `worried` has little patience."""

    base: Path
    ports: Mapping[str, int]
    environment: dict[str, str]
    mail: Sink
    children: dict[str, Child] = field(default_factory=dict)
    page_id: str = ""

    @property
    def store(self) -> Store:
        """What the publisher's disk holds."""
        return Store(self.base / "store", None)

    def manifest(self) -> Manifest:
        found = self.store.manifest(self.page_id)
        assert found is not None
        return found

    def run(self, program: Program) -> None:
        child = Child(program, Output(self.base / "log"), Processes(self.base / f"{program.name}.json"))
        self.children[program.name] = child
        child.wait_until_ready()

    def kill(self, *names: str) -> None:
        """All at once, without a word: nothing that they hold gets written."""
        for name in names:
            child = self.children[name]
            signal_groups([child.process.pid], signal.SIGCONT)
            child.wait_stopped(time.monotonic())

    def is_alive(self, name: str) -> bool:
        return self.children[name].pid is not None

    def start(self, *names: str) -> None:
        for name in names:
            self.children[name].start()
        for name in names:
            self.children[name].wait_until_ready()

    def freeze(self, *names: str) -> None:
        """It takes connections and never answers."""
        for name in names:
            self._signal(name, signal.SIGSTOP)

    def thaw(self, *names: str) -> None:
        for name in names:
            self._signal(name, signal.SIGCONT)

    def _signal(self, name: str, number: signal.Signals) -> None:
        """First to the one that is known, so that it makes no more: PostgreSQL's others lead groups of their
        own."""
        pid = self.children[name].process.pid
        signal_groups([pid], number)
        found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
        signal_groups(map(int, found.stdout.split()), number)

    def end(self) -> None:
        self.kill(*self.children)

    def python(self, code: str) -> Any:
        """What the code gives to `answer`, in a process with Django."""
        done = subprocess.run(
            [sys.executable, "-"],
            input=_PRELUDE + code,
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
        )
        assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
        answers = [line for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
        return json.loads(answers[-1].removeprefix("ANSWER ")) if answers else None

    def differences(self) -> list[str]:
        """Paths of acme's page at which what is stored is not what the database says now."""
        found: list[str] = self.python(_DIFFERENCES)
        return found

    def fill_disk(self, *names: str, full: bool = True) -> None:
        """No file takes a byte more from these processes, or again as much as before."""
        for name in names:
            pid = self.children[name].process.pid
            _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0 if full else most, most))

    def manage(self, *arguments: str) -> str:
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def health(self) -> tuple[int, dict[str, Any]]:
        """Status and content of the health page; 0 where nobody answers."""
        with suppress(OSError, http.client.HTTPException, ValueError):
            status, body = ask(self.ports["web"], "/health", "localhost")
            return status, json.loads(body)
        return 0, {}

    def until_healthy(self) -> None:
        until(lambda: self.health()[0] == 200, lambda: str(self.health()))


def ask(port: int, path: str, host: str = HOST) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers={"Host": host})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


@contextmanager
def installed(base: Path, **settings: str) -> Iterator[Installation]:
    """Everything runs, with these settings, and acme's page is published."""
    names = ("postgres", "valkey", "web", "edge", "mirror", "control", "worried")
    with sink() as mail:
        ports = {name: any_port() for name in names}
        installation = Installation(base, ports, settings, mail)
        try:
            _databases(installation)
            fill = _FILL.format(email=EMAIL, password=PASSWORD)
            installation.page_id = installation.python(fill)
            _servers(installation)
            installation.until_healthy()
            yield installation
        finally:
            installation.end()


def _databases(installation: Installation) -> None:
    base, ports = installation.base, installation.ports
    (base / "postgres").mkdir()
    prepared.copy_to(base / "postgres")
    data, password = (base / "postgres" / part for part in prepared.PARTS)
    cluster = Cluster(data, password, ports["postgres"], durable=False)
    server = Server(base / "valkey", base / "valkey-password", ports["valkey"], durable=False)
    for one in (cluster, server):
        one.create()
        installation.run(one.program())
    installation.environment |= os.environ | {
        "DEBUG": "true",
        "SECRET_KEY": "only for tests",
        "LOG_FORMAT": "json",
        "DATABASE_URL": cluster.url,
        "REDIS_URL": server.url,
        "STORE_DIR": str(base / "store"),
        "DATABASE_POOL": "8",
        "DJANGO_SETTINGS_MODULE": "statuspage.settings",
        "PUBLIC_PORT": str(ports["web"]),
        "EMAIL_URL": f"smtp://127.0.0.1:{installation.mail.port}",
        "INSTANCE": INSTANCE,
        "PYTHONUNBUFFERED": "1",
    }


def _servers(installation: Installation) -> None:
    base, ports = installation.base, installation.ports
    python, redis = sys.executable, installation.environment["REDIS_URL"]
    celery = f"celery --quiet -A statuspage.celery worker -P threads -c 2 -Q {QUEUES} --without-mingle"
    _, hosts = installation.manifest(), installation.store.hosts()
    assert hosts is not None
    (base / "copy").mkdir()
    subprocess.run(["cp", "-r", str(base / "store"), str(base / "copy" / "store")], check=True)
    whole = installation.environment
    for program in (
        Program(
            "web", _uvicorn("statuspage.asgi", ports["web"]), whole, quiet=True, is_ready=_lives(ports["web"])
        ),
        Program("worker", [python, "-m", *celery.split()], whole, quiet=True),
        Program("ticker", [python, "manage.py", "tick"], whole, quiet=True),
        _edge("edge", ports, STORE_DIR=str(base / "store")),
        _edge("mirror", ports, STORE_DIR=str(base / "mirror"), REDIS_URL=redis),
        _edge("control", ports, STORE_DIR=str(base / "copy" / "store")),
        _edge("worried", ports, STORE_DIR=str(base / "store"), STALE_AFTER=str(WORRIED_AFTER)),
    ):
        installation.run(program)


def _edge(name: str, ports: Mapping[str, int], **environment: str) -> Program:
    """It gets nothing of ours but what it reads."""
    known = {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", **environment}
    return Program(name, _uvicorn("edge.asgi", ports[name]), known, quiet=True, is_ready=_serves(ports[name]))


def _uvicorn(module: str, port: int) -> Sequence[str]:
    options = ["--port", str(port), "--no-access-log", "--timeout-graceful-shutdown", "1"]
    return [sys.executable, "-m", "uvicorn", f"{module}:application", *options]


def _lives(port: int) -> Callable[[int], bool]:
    return answers_http(port, INSTANCE)


def _serves(port: int) -> Callable[[int], bool]:
    def serves(_pid: int) -> bool:
        with suppress(OSError, http.client.HTTPException):
            return ask(port, "/")[0] == 200
        return False

    return serves

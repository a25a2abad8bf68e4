"""Brings the service up in order, keeps it up, brings it down in order."""

import json
import os
import secrets
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from statuspage.supervisor import environment, postgres, valkey
from statuspage.supervisor.children import Child, Program
from statuspage.supervisor.environment import Place, is_given, without_ours
from statuspage.supervisor.errors import PortTakenError
from statuspage.supervisor.files import write_whole
from statuspage.supervisor.interrupts import Interrupts
from statuspage.supervisor.output import Output
from statuspage.supervisor.ports import Ports
from statuspage.supervisor.programs import Programs, Setup
from statuspage.supervisor.state import Processes

Started = TypeVar("Started")

MAIL_PORT, POSTGRES_PORT, VALKEY_PORT = 8025, 15432, 16379
# The longest that a change of a child may go unnoticed; ends of children wake us at once.
LOOK_SECONDS = 1.0
# How often others may be quicker to take a port that was free, before that is told as a failure.
PORT_ATTEMPTS = 5


class Supervisor:
    """One run of the service: `databases` start first and stop last, `apps` need them."""

    def __init__(self, place: Place, interrupts: Interrupts) -> None:
        self.place = place
        self.interrupts = interrupts
        self.output = Output(place.var / "log")
        self.processes = Processes(place.run / "processes.json")
        self.ports = Ports(place.run / "ports.json")
        self.databases: list[Child] = []
        self.apps: list[Child] = []
        # A shell may have read the settings that an earlier run has left; its servers are not given to us.
        self.given = without_ours(os.environ, place.run / "environment")
        self.instance = secrets.token_hex(8)
        self.written = ""

    def bring_up(self, programs: Callable[[Setup], Programs], web_port: int) -> Setup:
        """Start everything, each part once what it needs is ready."""
        self._end_left_behind()
        urls = self._on_free_ports(self._start_databases, self.databases)
        return self._on_free_ports(lambda: self._start_apps(programs, urls, web_port), self.apps)

    def keep_up(self) -> None:
        """Start again what ends, until asked to stop."""
        while True:
            self._pause(LOOK_SECONDS)

    def bring_down(self) -> None:
        """Stop the apps, all together, then the databases."""
        for group in (self.apps, self.databases):
            _stop(group)
        self.place.children.unlink(missing_ok=True)

    def _end_left_behind(self) -> None:
        left = self.processes.end_left_behind()
        if left:
            self.output.say(f"Ended what an earlier run had left behind: {left} process(es).")

    def _on_free_ports(self, start: Callable[[], Started], group: list[Child]) -> Started:
        """`start`, again with other ports where somebody took one between our look and our use of it."""
        for _attempt in range(PORT_ATTEMPTS - 1):
            try:
                return start()
            except PortTakenError as taken:
                self.output.say(f"{taken}\nSomebody else took its port meanwhile: trying another.")
                _stop(group)
                group.clear()
        return start()

    def _start_apps(
        self, programs: Callable[[Setup], Programs], urls: dict[str, str], web_port: int
    ) -> Setup:
        setup = self._setup(urls, web_port)
        parts = programs(setup)
        for job in parts.jobs:
            self._do(job)
        for stage in parts.stages:
            self._start(stage, self.apps)
        return setup

    def _start_databases(self) -> dict[str, str]:
        """Start those that nobody has given us; the settings that name them."""
        urls: dict[str, str] = {}
        programs: list[Program] = []
        if not is_given("DATABASE_URL", self.given):
            cluster = self._cluster()
            urls["DATABASE_URL"] = cluster.url
            programs.append(cluster.program())
        if not is_given("REDIS_URL", self.given):
            server = self._valkey()
            urls["REDIS_URL"] = server.url
            programs.append(server.program())
        self._start(programs, self.databases)
        return urls

    def _cluster(self) -> postgres.Cluster:
        data, password = self.place.var / "postgres", self.place.secret("postgres-password")
        cluster = postgres.Cluster(data, password, self.ports.get("postgres", POSTGRES_PORT))
        if not data.exists():
            self.output.say("Making a PostgreSQL database …")
        cluster.create()
        return cluster

    def _valkey(self) -> valkey.Server:
        data, password = self.place.var / "valkey", self.place.secret("valkey-password")
        server = valkey.Server(data, password, self.ports.get("valkey", VALKEY_PORT))
        server.create()
        return server

    def _setup(self, urls: dict[str, str], web_port: int) -> Setup:
        web = self.ports.get_fresh("web", web_port)
        mail = None if is_given("EMAIL_URL", self.given) else self.ports.get("mail", MAIL_PORT)
        settings = environment.local_settings(self.place, web) | urls
        if mail:
            settings |= {"EMAIL_URL": f"smtp://127.0.0.1:{mail}", "MESSAGES_DIR": str(self.place.mail)}
            settings |= environment.sms_settings(web)
        environment.save(settings, self.place.run / "environment")
        whole = environment.combined(self.given, settings) | {"INSTANCE": self.instance}
        return Setup(self.place.root, whole, web, mail, self.place.mail, self.instance)

    def _start(self, programs: Sequence[Program], group: list[Child]) -> None:
        began = time.monotonic()
        before = len(group)
        group.extend(Child(program, self.output, self.processes) for program in programs)
        for child in group[before:]:
            child.wait_until_ready(self.interrupts.pause)
            reached = "is ready" if child.program.is_ready else "has started"
            self.output.say(f"{child.name} {reached} ({time.monotonic() - began:.1f} s)")
        self._write_children()

    def _do(self, job: Program) -> None:
        began = time.monotonic()
        child = Child(job, self.output, self.processes)
        try:
            child.wait_until_done(self._pause)
        finally:
            child.stop()
        self.output.say(f"{job.name} is done ({time.monotonic() - began:.1f} s)")

    def _pause(self, seconds: float) -> None:
        self.interrupts.pause(seconds)
        for child in self._kept():
            child.revive()
        self._write_children()

    def _kept(self) -> list[Child]:
        return [*self.databases, *self.apps]

    def _write_children(self) -> None:
        """For the health page: what runs here, since when, how often it had to be started again."""
        children = [
            {"name": c.name, "pid": c.pid, "restarts": c.restarts, "since": c.since.isoformat()}
            for c in self._kept()
        ]
        state = json.dumps({"supervisor": os.getpid(), "children": children}, indent=1)
        if state != self.written:
            write_whole(self.place.children, state, mode=0o644)
            self.written = state


def _stop(group: Sequence[Child]) -> None:
    """Stop all of them, together."""
    for child in group:
        child.ask_to_stop()
    asked_at = time.monotonic()
    for child in group:
        child.wait_stopped(asked_at + child.program.stop_seconds)

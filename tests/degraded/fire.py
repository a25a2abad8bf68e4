"""A fan-out to many while whatever can die dies: judged by what the recipients got, not by our own rows."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import psycopg

from tests.clocks import until
from tests.degraded.installation import Installation
from tests.hooks import Answer, Hooks

_PEOPLE = """
from django.utils import timezone
from pages.models import StatusPage
from subscribers.addresses import address_hash
from subscribers.models import Subscriber
with in_tenant(Tenant.objects.get(slug="acme").id):
    page, now = StatusPage.objects.get(), timezone.now()
    Subscriber.objects.all().delete()
    Subscriber.objects.bulk_create([
        Subscriber(page=page, channel=channel, address=address, address_hash=address_hash(channel, address),
                   state="active", created_at=now, updated_at=now, asked_at=now, confirmed_at=now,
                   since_version=0)
        for channel, address in {people}
    ], batch_size=2000)
"""
_INCIDENT = """
from events.actor import SYSTEM
from incidents.actions.incident import open_incident
from incidents.steps import Words
from pages.models import StatusPage
with in_tenant(Tenant.objects.get(slug="acme").id):
    open_incident(StatusPage.objects.get(), SYSTEM, Words("investigating", "Looking."), name="Fire drill")
"""
_CHATS = ["slack", "discord", "google_chat", "teams"]
# What a machine that is in trouble answers now and then.
_TROUBLE = [Answer(429, headers={"Retry-After": "1"}), Answer(500), Answer(503), Answer(0), Answer(after=2.0)]


@dataclass
class Fire:
    """`in_flight`: how many messages were under lease at each death, in all."""

    installation: Installation
    machines: Sequence[Hooks]
    dice: random.Random
    mails: list[str] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    in_flight: int = 0

    def invite(self, size: int) -> None:
        """Half of them by mail, the rest machines and chats on several hosts."""
        people: list[tuple[str, str]] = []
        for number in range(size):
            if number % 2:
                people.append(("email", f"p{number}@example.org"))
                self.mails.append(f"p{number}@example.org")
                continue
            machine = self.machines[number // 2 % len(self.machines)]
            channel = _CHATS[number // 20 % 4] if number % 10 == 0 else "webhook"
            people.append((channel, machine.url(f"/{number}")))
            self.paths.append(f"/{number}")
        self.installation.python(_PEOPLE.format(people=json.dumps(people)))

    def tell(self) -> None:
        self.installation.python(_INCIDENT)

    def trouble(self, machine: Hooks) -> None:
        machine.answers += self.dice.choices(_TROUBLE, k=3)

    def kill_senders(self) -> None:
        """Worker and ticker at once, at any moment of their work; then what a minute or two would do."""
        self.installation.kill("worker", "ticker")
        self._count_leases()
        self.let_time_pass()
        self.installation.start("worker", "ticker")

    def restart(self, name: str) -> None:
        self.installation.kill(name)
        time.sleep(self.dice.uniform(0.2, 1.0))
        self.installation.start(name)
        if name == "postgres":
            self._count_leases()

    def let_time_pass(self) -> None:
        """Retries are due, and what dead senders held is free. Only where no sender lives."""
        self._run("UPDATE notifications_delivery SET next_attempt_at = now() WHERE status = 'pending'")
        self._run(
            "UPDATE notifications_delivery SET lease_until = now() - interval '1 s' WHERE status = 'leased'"
        )
        self._run(
            "UPDATE outbox_outboxitem SET lease_until = now() - interval '1 s' WHERE lease_until > now()"
        )

    def hurry(self) -> None:
        """Retries are due."""
        self._run("UPDATE notifications_delivery SET next_attempt_at = now() WHERE status = 'pending'")

    def heard(self) -> Counter[str]:
        """How often each recipient was told; what a machine refused counts for nothing."""
        told = Counter(self.installation.mail.recipients)
        told.update(one.path.partition("?")[0] for machine in self.machines for one in machine.taken)
        return told

    @property
    def everybody(self) -> set[str]:
        return {*self.mails, *self.paths}

    def put_out(self, seconds: float) -> Counter[str]:
        """Until everybody has been told."""
        end = time.monotonic() + seconds

        def done() -> bool:
            self.hurry()
            time.sleep(0.5)
            return self.everybody <= self.heard().keys()

        until(
            done, lambda: f"{len(self.everybody - self.heard().keys())} are missing.", end - time.monotonic()
        )
        return self.heard()

    def _count_leases(self) -> None:
        self.in_flight += self._run("SELECT count(*) FROM notifications_delivery WHERE status = 'leased'")

    def _run(self, statement: str) -> int:
        with psycopg.connect(self.installation.environment["DATABASE_URL"], autocommit=True) as connection:
            cursor = connection.execute(statement)
            row: Any = cursor.fetchone() if cursor.description else None
            return int(row[0]) if row else 0


def burn(fire: Fire, kills: int, pause: float) -> None:
    """`kills` deaths of the senders; between them Redis is emptied and restarted, PostgreSQL restarted, and
    machines get into trouble."""
    others: list[Callable[[], object]] = [
        lambda: fire.restart("valkey"),
        lambda: fire.restart("postgres"),
        *(partial(fire.trouble, machine) for machine in fire.machines),
    ]
    for number in range(kills):
        time.sleep(fire.dice.uniform(0.3, pause))
        others[number % len(others)]()
        time.sleep(fire.dice.uniform(0.1, pause))
        fire.kill_senders()

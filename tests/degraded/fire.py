"""A fan-out to many while whatever can die dies: judged by what the recipients got, not by our own rows."""

from __future__ import annotations

import json
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import psycopg
import redis

from tests.clocks import until
from tests.degraded.installation import Installation, installed
from tests.hooks import Answer, Got, Hooks, hooks
from tests.sink import Sink, sink

_PEOPLE = """
from django.utils import timezone
from pages.models import StatusPage
from subscribers.addresses import address_hash
from subscribers.models import Subscriber
for slug, people in {people}:
    with in_tenant(Tenant.objects.get(slug=slug).id):
        page, now = StatusPage.objects.get(), timezone.now()
        StatusPage.objects.update(published=True)
        Subscriber.objects.all().delete()
        Subscriber.objects.bulk_create([
            Subscriber(page=page, channel=channel, address=address, state="active", created_at=now,
                       address_hash=address_hash(channel, address), updated_at=now, asked_at=now,
                       confirmed_at=now, since_version=0)
            for channel, address in people
        ], batch_size=2000)
"""
_INCIDENT = """
import time
from events.actor import SYSTEM
from incidents.actions.incident import open_incident
from incidents.steps import Words
from pages.models import StatusPage
for slug in {slugs}:
    with in_tenant(Tenant.objects.get(slug=slug).id):
        open_incident(StatusPage.objects.get(), SYSTEM, Words("investigating", "Looking."), name={name!r})
answer(time.monotonic())
"""
# At so many deaths another organisation tells its few again.
_FEW_EVERY = 5
# How long sending has to go on for each death.
_A_DEATH = 4.0
# What a process has under way; so many are mail, and about as many are not.
_MAIL_AT_ONCE, _POSTS_AT_ONCE = 8, 100
_SENDING = """
    SELECT (EXISTS (SELECT FROM notifications_delivery WHERE status = 'leased')
            OR NOT EXISTS (SELECT FROM notifications_delivery WHERE status = 'pending'))::int
"""
_PATIENCE = 10.0
_MANY, _FEW = "acme", "globex"
_CHATS = ["slack", "discord", "google_chat", "teams"]
# What a machine that is in trouble answers now and then.
_TROUBLE = [
    Answer(429, headers={"Retry-After": "1"}),
    Answer(500),
    Answer(503),
    Answer(0),
    Answer(after=2.0),
    Answer(half=True),
]
_DOWN = Answer(503)
_GATEWAY_TAKES = Answer(200, '{"id": "1"}')
_TWILIO_TAKES = Answer(201, '{"sid": "SM1", "status": "queued"}')
_SMS = {
    "SMS_PROVIDERS": "gateway,twilio",
    "SMS_COUNTRIES": "DE",
    "SMS_DAILY_CAP": "1000000",
    "SMS_GATEWAY_BODY": '{"to": "{to}", "text": "{text}"}',
    "SMS_GATEWAY_SECRET": "whsec_" + "c2VjcmV0" * 6,
    "TWILIO_ACCOUNT_SID": "AC1",
    "TWILIO_AUTH_TOKEN": "token",
    "TWILIO_MESSAGING_SERVICE": "MG1",
}


@dataclass
class Fire:
    """Two mail servers and two providers of SMS, of which the second takes over; `machines` get into trouble,
    `calm` does not. `in_flight`: how many messages were under lease at each death, in all."""

    installation: Installation
    machines: Sequence[Hooks]
    calm: Hooks
    mails: Sequence[Sink]
    gateway: Hooks
    twilio: Hooks
    dice: random.Random
    everybody: set[str] = field(default_factory=set)
    few: set[str] = field(default_factory=set)
    told_few_at: dict[str, float] = field(default_factory=dict)
    in_flight: int = 0

    def invite(self, size: int) -> None:
        """Of an organisation half by mail, a tenth each by SMS and in chats, the rest machines on several
        hosts; of another one a few."""
        people: list[tuple[str, str]] = []
        for number in range(size):
            if number % 2:
                people.append(("email", f"p{number}@example.org"))
            elif number % 10 == 4:
                people.append(("sms", f"+49151{10_000_000 + number}"))
            else:
                machine = self.machines[number // 2 % len(self.machines)]
                channel = _CHATS[number // 20 % 4] if number % 10 == 0 else "webhook"
                people.append((channel, machine.url(f"/{number}")))
        few = [("email", f"few{number}@example.net") for number in range(5)]
        few += [("webhook", self.calm.url(f"/few{number}")) for number in range(5)]
        self.everybody = {_who(address) for _channel, address in people}
        self.few = {_who(address) for _channel, address in few}
        self.installation.python(_PEOPLE.format(people=json.dumps([(_MANY, people), (_FEW, few)])))

    def tell(self, *slugs: str) -> None:
        """The few always, as they are waited for by the time of this commit."""
        name = f"Fire {len(self.told_few_at)}."
        self.told_few_at[name] = self.installation.python(_INCIDENT.format(slugs=[*slugs, _FEW], name=name))

    def trouble(self, machine: Hooks) -> None:
        machine.answers += self.dice.choices(_TROUBLE, k=3)

    def slow_down(self, seconds: float) -> None:
        """Let whoever is told take a while: so many seconds until all are, by a process alone. 0: no time."""
        each = seconds / (len(self.everybody) / 2)
        for mail in self.mails:
            mail.delay = _MAIL_AT_ONCE * each
        for machine in self.machines:
            machine.always = Answer(after=min(_POSTS_AT_ONCE * each, 1.0))

    def fail_over(self) -> None:
        """The first mail server and the first provider of SMS are away."""
        self.mails[0].shut, self.gateway.always = True, _DOWN

    def come_back(self) -> None:
        """Once the others have had to take over."""
        if all(self.by_second()):
            self.mails[0].shut, self.gateway.always = False, _GATEWAY_TAKES

    def flush(self) -> None:
        """Redis forgets everything while it runs."""
        with redis.Redis.from_url(self.installation.environment["REDIS_URL"]) as connection:
            connection.flushall()

    def until_sending(self) -> None:
        """Until something is on the wire, or nothing is left to be sent."""
        end = time.monotonic() + _PATIENCE
        while not self._run(_SENDING) and time.monotonic() < end:
            time.sleep(0.05)

    def kill_senders(self) -> None:
        """Worker and ticker at once, at any moment of their work; then what a minute or two would do."""
        self.installation.kill("worker", "ticker")
        self._count_leases()
        self.let_time_pass()
        self.installation.start("worker", "ticker")

    def restart(self, name: str, away: float) -> None:
        """Killed, and away for so many seconds."""
        self.installation.kill(name)
        time.sleep(away)
        self.installation.start(name)
        if name == "postgres":
            self._count_leases()

    def lose_database(self, away: float) -> None:
        """For longer than any lease, as far as those know that were under way when it went."""
        self.restart("postgres", away)
        # Leases are for 120 s: these are from before.
        self._run(
            "UPDATE notifications_delivery SET lease_until = now() - interval '1 s' WHERE status = 'leased'"
            " AND lease_until < now() + make_interval(secs => %s)",
            120 - away / 2,
        )

    def let_time_pass(self) -> None:
        """Retries are due, and what dead senders held is free. Only where no sender lives."""
        self.hurry()
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
        """How often each of the many was told; what was refused counts for nothing."""
        told = Counter(recipient for mail in self.mails for recipient, _content in mail.raw)
        told.update(one.path.partition("?")[0] for machine in self.machines for one in machine.taken)
        told.update(_number(one) for one in (*self.gateway.taken, *self.twilio.taken) if one.method == "POST")
        return Counter({who: times for who, times in told.items() if who in self.everybody})

    def by_second(self) -> tuple[int, int]:
        """How many the second mail server and the second provider of SMS took."""
        return len(self.mails[1].raw), sum(one.method == "POST" for one in self.twilio.taken)

    def few_heard(self) -> dict[str, list[float]]:
        """When who of the few was told of each of their incidents, whoever it was."""
        came: dict[str, dict[str, float]] = {name: {} for name in self.told_few_at}
        for who, at, content in self._everything():
            for name in came if who in self.few else ():
                if name.encode() in content:
                    came[name].setdefault(who, at)
        return {name: sorted(theirs.values()) for name, theirs in came.items()}

    def before_few(self) -> int:
        """How many messages of the many went, at most, from a commit for the few until the last of these had
        it."""
        times = [at for who, at, _content in self._everything() if who in self.everybody]
        spans = [(self.told_few_at[name], came[-1]) for name, came in self.few_heard().items()]
        return max(sum(begin < at < end for at in times) for begin, end in spans)

    def put_out(self, seconds: float) -> Counter[str]:
        """Until everybody has been told."""
        end = time.monotonic() + seconds

        def done() -> bool:
            self.come_back()
            self.hurry()
            time.sleep(0.5)
            few = all(len(came) == len(self.few) for came in self.few_heard().values())
            return few and self.everybody <= self.heard().keys()

        until(
            done, lambda: f"{len(self.everybody - self.heard().keys())} are missing.", end - time.monotonic()
        )
        return self.heard()

    def _everything(self) -> Iterator[tuple[str, float, bytes]]:
        """Who was told what, and when."""
        for mail in self.mails:
            for (recipient, content), at in zip(list(mail.raw), list(mail.at), strict=False):
                yield recipient, at, content
        for machine in (*self.machines, self.calm):
            for one in list(machine.taken):
                yield one.path.partition("?")[0], one.at, one.raw
        for phones in (self.gateway, self.twilio):
            for one in list(phones.taken):
                if one.method == "POST":
                    yield _number(one), one.at, one.raw

    def _count_leases(self) -> None:
        self.in_flight += self._run("SELECT count(*) FROM notifications_delivery WHERE status = 'leased'")

    def _run(self, statement: str, *values: float) -> int:
        with psycopg.connect(self.installation.environment["DATABASE_URL"], autocommit=True) as connection:
            cursor = connection.execute(statement, values or None)
            row: Any = cursor.fetchone() if cursor.description else None
            return int(row[0]) if row else 0


@contextmanager
def drill(base: Path, machines: int, dice: random.Random) -> Iterator[Fire]:
    """An installation that sends to two mail servers, two providers of SMS and so many machines."""
    with ExitStack() as stack:
        told = [stack.enter_context(hooks(f"127.0.0.{number + 2}")) for number in range(machines)]
        calm, gateway, twilio = (stack.enter_context(hooks(f"127.0.1.{number}")) for number in range(1, 4))
        gateway.always, twilio.always = _GATEWAY_TAKES, _TWILIO_TAKES
        # It knows of nothing when it is asked: what was lost is sent again.
        twilio.looked_up = Answer(200, '{"messages": []}')
        second = stack.enter_context(sink())
        running = stack.enter_context(
            installed(
                base,
                EGRESS_ALLOW_NETS="127.0.0.0/8",
                EMAIL_SECOND_URL=f"smtp://127.0.0.1:{second.port}",
                SMS_GATEWAY_URL=gateway.url(),
                TWILIO_API_URL=twilio.url(""),
                **_SMS,
            )
        )
        yield Fire(running, told, calm, (running.mail, second), gateway, twilio, dice)


def burn(fire: Fire, kills: int, pause: float, away: float = 0.0) -> None:
    """The many are told, and the senders die `kills` times. Between deaths Redis is emptied and stopped,
    PostgreSQL restarted and, where `away` says for how long, lost, machines get into trouble, and others are
    told. In the first half of it the second mail server and provider of SMS take over."""
    others: list[Callable[[], object]] = [
        lambda: fire.restart("valkey", fire.dice.uniform(0.2, 1.0)),
        lambda: fire.restart("postgres", fire.dice.uniform(0.2, 1.0)),
        fire.flush,
        *([partial(fire.lose_database, away)] if away else []),
        *(partial(fire.trouble, machine) for machine in fire.machines),
    ]
    fire.fail_over()
    fire.slow_down(_A_DEATH * kills)
    fire.tell(_MANY)
    for number, other in enumerate(islice(cycle(others), kills)):
        if number and number % _FEW_EVERY == 0:
            fire.tell()
        if number >= kills // 2:
            fire.come_back()
        time.sleep(fire.dice.uniform(0.3, pause))
        other()
        fire.until_sending()
        time.sleep(fire.dice.uniform(0.1, pause))
        fire.kill_senders()
    fire.slow_down(0)


def _who(address: str) -> str:
    """As the sinks know them: machines by their paths."""
    return f"/{address.rpartition('/')[2]}" if address.startswith("http") else address


def _number(got: Got) -> str:
    if got.headers["content-type"].startswith("application/json"):
        return str(got.body["to"])
    return parse_qs(got.raw.decode())["To"][0]

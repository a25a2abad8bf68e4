"""From a commit to the first message: alone, and while another organisation's many are being sent."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from smtplib import SMTP

import psycopg

from benchmarks.figures import Table, measured, share_below
from benchmarks.servers import cleaned, folder
from tests.clocks import until
from tests.degraded.installation import Installation, installed

MANY, FEW = 100_000, 10_000
# Changes, and seconds between them.
_CHANGES, _QUICK_CHANGES = (30, 1.0), (8, 0.25)
_HALF_WITHIN, _MOST_WITHIN, _ALL_WITHIN, _TIMES = 1.0, 3.0, 120.0, 2.0
_PATIENCE = 1_200.0
_PREPARE = """
from events.actor import SYSTEM
from pages.actions import update_page
from pages.models import StatusPage
from subscribers.actions import Who, add_confirmed
with in_tenant(Tenant.objects.get(slug="globex").id):
    page = StatusPage.objects.get()
    update_page(page, SYSTEM, published=True)
    add_confirmed(page, Who("first@example.org"), SYSTEM, "benchmark")
"""
# Says when each commit was done, by a clock that all processes share.
_CHANGE = """
import time
from events.actor import SYSTEM
from incidents.actions.incident import open_incident
from incidents.steps import Words
from pages.models import StatusPage
with in_tenant(Tenant.objects.get(slug="globex").id):
    page, at = StatusPage.objects.get(), []
    for number in range({changes}):
        open_incident(page, SYSTEM, Words("investigating", "Looking."), name="{mark} %d." % number)
        at.append(time.monotonic())
        time.sleep({pause})
    answer(at)
"""
_CROWD = """
from benchmarks.expand import fill
from pages.models import StatusPage
from subscribers.models import Subscriber
with in_tenant(Tenant.objects.get(slug="acme").id):
    Subscriber.objects.all().delete()
    fill(StatusPage.objects.get(), {size})
"""
_TELL = """
import time
from events.actor import SYSTEM
from incidents.actions.incident import open_incident
from incidents.steps import Words
from pages.models import StatusPage
with in_tenant(Tenant.objects.get(slug="acme").id):
    open_incident(StatusPage.objects.get(), SYSTEM, Words("investigating", "Looking."), name="Many.")
    answer(time.monotonic())
"""


class Post:
    """When (monotonic) what came; `first` alone is the one who is waited for."""

    def __init__(self) -> None:
        self.first: list[tuple[float, bytes]] = []
        self.others: list[float] = []

    def keep(self, _sender: str, recipients: Sequence[str], content: bytes) -> None:
        if recipients == ["first@example.org"]:
            self.first.append((time.monotonic(), content))
        elif recipients != ["nobody@example.org"]:
            self.others.append(time.monotonic())

    def came(self, mark: str) -> float | None:
        return next((at for at, content in self.first if mark.encode() in content), None)


def measure(*options: str) -> None:
    size, (changes, pause) = (FEW, _QUICK_CHANGES) if "--quick" in options else (MANY, _CHANGES)
    post = Post()
    with folder() as base, cleaned(), installed(base) as running:
        running.mail.keep = post.keep  # type: ignore[method-assign]
        running.python(_PREPARE)
        reference = sorted(measured(lambda: _least(running)).wall for _ in range(20))[10]
        rest = _delays(running, post, "Alone", changes, pause)
        running.python(_CROWD.format(size=size))
        committed: float = running.python(_TELL)
        busy = _delays(running, post, "Beside", changes, pause)
        were_left = size - len(post.others)
        until(lambda: len(post.others) >= size - 1, lambda: f"{len(post.others)} of {size}", _PATIENCE)
        took = share_below(post.others, 0.95) - committed
    table = Table(f"From commit to first mail, {changes} changes; {size:,} mails of another organisation")
    table.time("reference: a row committed, then Django hands a mail in", reference)
    median, most = _shares(rest)
    table.time("alone: half of them within", median, reference=reference, aim=_HALF_WITHIN)
    table.time("alone: 95 % of them within", most, reference=reference, aim=_MOST_WITHIN)
    aims = max(_TIMES * median, _HALF_WITHIN), max(_TIMES * most, _MOST_WITHIN)
    median, most = _shares(busy)
    table.time("beside the many: half of them within", median, reference=reference, aim=aims[0])
    table.time("beside the many: 95 % of them within", most, reference=reference, aim=aims[1])
    table.count("of the many, still to be sent after the last change", f"{were_left:,}", "> 0: it was beside")
    table.time("from the commit until 95 % of the many were taken", took, aim=_ALL_WITHIN)


def _delays(running: Installation, post: Post, mark: str, changes: int, pause: float) -> list[float]:
    """Seconds from each commit until the mail server had the message about it."""
    committed: list[float] = running.python(_CHANGE.format(changes=changes, mark=mark, pause=pause))
    names = [f"{mark} {number}." for number in range(changes)]
    until(lambda: all(post.came(name) for name in names), lambda: f"{len(post.first)} came", _PATIENCE)
    return [(post.came(name) or 0.0) - at for name, at in zip(names, committed, strict=True)]


def _least(running: Installation) -> None:
    """One durable row, one mail over a connection of its own."""
    with psycopg.connect(running.environment["DATABASE_URL"], autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bare (at timestamptz)")
        connection.execute("INSERT INTO bare VALUES (now())")
    with SMTP("127.0.0.1", running.mail.port) as server:
        server.sendmail("a@example.org", ["nobody@example.org"], "Subject: bare\r\n\r\nbare\r\n")


def _shares(delays: Sequence[float]) -> tuple[float, float]:
    return statistics.median(delays), share_below(delays, 0.95)

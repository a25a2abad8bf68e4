"""Changes to one page as fast as they come, from several processes; what they do to another page.

The same storm comes twice. The first time nobody publishes the page that it is about: then the other page
waits for processors and the database alone. What it waits more the second time is for publishing.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from benchmarks.figures import Table, share_below
from benchmarks.seeing import Visitor, noting_commits, until_at_rest, visiting
from common.tenancy import current_tenant_id, in_tenant
from events.actor import SYSTEM
from incidents.actions.incident import edit_incident, open_incident, resolve
from incidents.models import Incident
from incidents.steps import Words
from outbox.models import OutboxItem
from outbox.nudge import nudge
from outbox.queue import put
from outbox.registry import Lane
from pages.change import PUBLISH
from pages.models import StatusPage
from store import CHANNEL, Change, connect
from tenants.models import Tenant

CHANGES, WRITERS = 500, 4
MOST_A_SECOND = 10
VISIBLE = 1.0
_AT_REST = 25
_PAUSE = 0.2


@dataclass(frozen=True)
class Storm:
    """When (monotonic) its changes were committed, how long after the last the page showed it, and when the
    versions came into the store."""

    commits: list[float]
    shown: float
    publishes: list[float]


@dataclass(frozen=True)
class Delays:
    """Of the other page: at rest, while nobody publishes the first, and while it is published."""

    rest: list[float]
    unpublished: list[float]
    during: list[float]


def measure(*options: str) -> None:
    each = (100 if "--quick" in options else CHANGES) // WRITERS
    with visiting("demo.localhost") as visitor, visiting("acme.localhost") as other, _publishes() as seen:
        until_at_rest()
        with in_tenant(Tenant.objects.get(slug="acme").id):
            page = StatusPage.objects.present().get()
            incident = _open(page, "beside")
            rest = [_delay(page, incident, other, f"Rest {number}") for number in range(_AT_REST)]
            with _unpublished("demo"):
                _, unpublished = _storm(each, page, incident, other, "unpublished")
            until_at_rest()
            commits, during = _storm(each, page, incident, other, "published")
            resolve(page, incident, SYSTEM, notify=False)
        last = max(commits)
        shown = visitor.first_with(*(_name("published", writer, each - 1) for writer in range(WRITERS)))
        storm = Storm(commits, shown - last, [at for at in seen if at >= min(commits)])
        _tell(storm, Delays(rest, unpublished, during))


def write(storm: str, number: str, each: str) -> None:
    """One of the writers: waits for a word, then prints when (monotonic) each change was committed."""
    with in_tenant(Tenant.objects.get(slug="demo").id):
        page = StatusPage.objects.present().get()
        incident = _open(page, _name(storm, int(number), -1))
        print("ready", flush=True)
        sys.stdin.readline()
        times = [_rename(page, incident, _name(storm, int(number), place)) for place in range(int(each))]
        print(json.dumps(times), flush=True)


@contextmanager
def _unpublished(slug: str) -> Iterator[None]:
    """Nobody publishes this organisation's pages: somebody seems to be at it already."""
    rows = OutboxItem.objects.filter(tenant_id=Tenant.objects.get(slug=slug).id, topic=PUBLISH)
    with in_tenant(Tenant.objects.get(slug=slug).id):
        put(PUBLISH, current_tenant_id(), [StatusPage.objects.present().get().pk])
    rows.update(lease_token=uuid.uuid4(), lease_until=timezone.now() + timedelta(hours=1))
    try:
        yield
    finally:
        rows.update(lease_token=None, lease_until=None)
        nudge([Lane.PUBLISH])


def _name(storm: str, writer: int, place: int) -> str:
    return f"Storm, {storm}, {writer} change {place}."


def _open(page: StatusPage, name: str) -> Incident:
    component = page.components.present()[0].pk
    words = Words("investigating", "We look into it.", components={component: "degraded_performance"})
    return open_incident(page, SYSTEM, words, name=name, notify=False)


def _rename(page: StatusPage, incident: Incident, name: str) -> float:
    with noting_commits() as commits:
        edit_incident(page, incident, SYSTEM, name=name)
    return commits.at[-1]


def _delay(page: StatusPage, incident: Incident, visitor: Visitor, name: str) -> float:
    """Seconds from the commit of a change until it is on the page."""
    time.sleep(_PAUSE)
    at = _rename(page, incident, f"{name}.")
    return visitor.first_with(f"{name}.") - at


def _storm(
    each: int, page: StatusPage, incident: Incident, visitor: Visitor, storm: str
) -> tuple[list[float], list[float]]:
    """When its changes were committed, and the delays of the other page meanwhile."""
    with _writers(storm, each) as writers:
        for writer in writers:
            _say(writer, "go")
        delays: list[float] = []
        while any(writer.poll() is None for writer in writers):
            delays.append(_delay(page, incident, visitor, f"Meanwhile, {storm}, {len(delays)}"))
        return [at for writer in writers for at in json.loads(_heard(writer))], delays


@contextmanager
def _writers(storm: str, each: int) -> Iterator[list[subprocess.Popen[str]]]:
    """Processes that wait for a word to begin."""
    command = [sys.executable, "-m", "benchmarks.inside", "storm", "write", storm]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    writers = [subprocess.Popen([*command, str(n), str(each)], **pipes) for n in range(WRITERS)]  # type: ignore[call-overload]
    try:
        for writer in writers:
            _heard(writer)
        yield writers
    finally:
        for writer in writers:
            writer.kill()
            writer.wait()


def _say(writer: subprocess.Popen[str], word: str) -> None:
    assert writer.stdin is not None
    writer.stdin.write(f"{word}\n")
    writer.stdin.flush()


def _heard(writer: subprocess.Popen[str]) -> str:
    assert writer.stdout is not None
    return writer.stdout.readline()


@contextmanager
def _publishes() -> Iterator[list[float]]:
    """When (monotonic) each version of the page of `demo` came into the store, as it tells its listeners."""
    with in_tenant(Tenant.objects.get(slug="demo").id):
        page_id = StatusPage.objects.present().get().pk
    found: dict[int, float] = {}
    times: list[float] = []
    stopping = threading.Event()

    def listen() -> None:
        listening = connect(settings.STORE_REDIS_URL).pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        with listening as pubsub:
            pubsub.subscribe(CHANNEL)
            while not stopping.is_set():
                message = pubsub.get_message(timeout=0.5)
                change = Change.from_bytes(message["data"]) if message else None
                if change is not None and change.page_id == page_id and change.version not in found:
                    found[change.version] = time.monotonic()
                    times.append(found[change.version])

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    yield times
    stopping.set()
    listener.join(5)


def _tell(storm: Storm, other: Delays) -> None:
    commits, publishes = storm.commits, storm.publishes
    lasted = max(commits) - min(commits)
    busiest = max(sum(begun <= at < begun + 1 for at in publishes) for begun in publishes)
    table = Table(f"{len(commits)} changes to one page from {WRITERS} processes")
    table.time("the changes took", lasted)
    table.count("changes a second", f"{len(commits) / lasted:.0f}")
    table.count("versions published", f"{len(publishes)}")
    verdict = f"≤ {MOST_A_SECOND}: {'met' if busiest <= MOST_A_SECOND else 'missed'}"
    table.count("versions published in the busiest second", f"{busiest}", verdict)
    table.time("the last state is on the page, after the last commit", storm.shown, aim=VISIBLE)
    reference, worse = statistics.median(other.rest), share_below(other.rest, 0.95)
    for when, delays in (
        ("meanwhile", other.during),
        ("with nobody publishing the first", other.unpublished),
    ):
        table.time(f"another page {when}, half within", statistics.median(delays), reference=reference)
        table.time(f"another page {when}, 95 % within", share_below(delays, 0.95), reference=worse)
    table.count("its changes: at rest, so, so", ", ".join(f"{len(some)}" for some in astuple(other)))
    table.time("reference: that page at rest, half within", reference)
    table.time("reference: that page at rest, 95 % within", worse)

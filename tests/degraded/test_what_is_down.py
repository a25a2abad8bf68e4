"""The table of docs/operating.md: what is down, and what holds meanwhile. The servers are really killed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest

from benchmarks.figures import share_below
from store.emergency import RESERVED
from tests.degraded.installation import Installation, ask, until
from tests.degraded.visitors import Operator, Reader, Reply, Visitor, timed

pytestmark = [pytest.mark.process, pytest.mark.timeout(300)]

ADD = "/o/acme/admin/incidents/incident/add/"
SERVED = ("web", "edge", "mirror")
READER = "reader@example.com"
# Seconds in which a change is seen, whoever has to publish it, and those in which other edges then have it
# from the disk: they look once a second.
SOON, THEN = 6.0, 2.0
# Others may use the machine meanwhile: one round of these in which nobody disturbs is enough. So many seconds
# are quick in any case.
ROUNDS, QUICK = 20, 0.01
MARKED = ("text/html", "application/json")
DATABASE, REDIS = "The database does not answer.", "Redis does not answer: broker, store, limits."
WORKER = "No worker was seen lately; the ticker does its work, slower."
TICKER = "No ticker was seen lately."


@dataclass(frozen=True)
class Row:
    """Servers that are killed or frozen, and those that are started anew while these are away."""

    killed: tuple[str, ...] = ()
    frozen: tuple[str, ...] = ()
    anew: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def away(self) -> set[str]:
        return {*self.killed, *self.frozen}


# What two rows in a row have killed stays away in between.
ROWS = {
    "nothing": Row(),
    "redis": Row(("valkey",), problems=(REDIS,)),
    "redis hangs": Row(frozen=("valkey",), problems=(REDIS,)),
    "postgres": Row(("postgres",), problems=(DATABASE,)),
    "postgres hangs": Row(frozen=("postgres",), problems=(DATABASE,)),
    "both": Row(("postgres", "valkey"), problems=(DATABASE, REDIS)),
    "both, edges anew": Row(("postgres", "valkey"), anew=SERVED, problems=(DATABASE, REDIS)),
    "workers and ticker": Row(("worker", "ticker"), problems=(TICKER, WORKER)),
    "workers": Row(("worker",), problems=(WORKER,)),
}


@dataclass
class Ledger:
    """What was promised to people, and what was refused."""

    changes: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class People:
    """Whoever was there before anything was down. `form` and `ticket` are of forms that they hold open."""

    operator: Operator
    readers: Mapping[str, Reader]
    form: dict[str, Any]
    ticket: str
    ledger: Ledger


@dataclass(frozen=True)
class Scene:
    """A row while its servers are away."""

    name: str
    row: Row
    installation: Installation
    people: People


@pytest.fixture(scope="module")
def people(installation: Installation) -> Iterator[People]:
    with Visitor(installation.ports["web"]) as visitor:
        shown = visitor.ask("/subscriptions/new").text
    opened_at = time.monotonic()
    ticket = shown.partition('name="ticket" value="')[2].partition('"')[0]
    operator = Operator(installation.ports["web"])
    readers = {name: Reader(installation.ports[name]) for name in SERVED}
    # Nobody fills in a form quicker.
    time.sleep(max(0.0, opened_at + 2.5 - time.monotonic()))
    yield People(operator, readers, operator.shown(ADD), ticket, Ledger())
    for reader in readers.values():
        reader.leave()


@pytest.fixture(scope="module", params=ROWS)
def scene(request: pytest.FixtureRequest, installation: Installation, people: People) -> Iterator[Scene]:
    row = ROWS[request.param]
    recover(installation, people, set(row.killed))
    installation.kill(*row.killed, *row.anew)
    installation.freeze(*row.frozen)
    installation.start(*row.anew)
    yield Scene(request.param, row, installation, people)
    installation.thaw(*row.frozen)


def recover(installation: Installation, people: People, but: set[str]) -> None:
    """Start what is away, `but` for some. All come to the newest by themselves."""
    dead = [name for name in installation.children if name not in but and not installation.is_alive(name)]
    installation.start(*dead)
    if not but & {"postgres", "valkey", "worker"}:
        installation.until_healthy()
    if "valkey" not in but:
        for name, reader in people.readers.items():
            until_at_newest(installation, name, reader)


def until_at_newest(installation: Installation, name: str, reader: Reader) -> None:
    until(
        lambda: reader.version == installation.manifest().version,
        lambda: f"{name} is at {reader.version} of {installation.manifest().version}",
    )


def together(*asks: Callable[[], Any]) -> list[Any]:
    """What they give, asked at once: each may have to wait for a database that is away."""
    with ThreadPoolExecutor(len(asks)) as pool:
        return [one.result() for one in [pool.submit(one) for one in asks]]


@pytest.mark.parametrize("server", SERVED)
def test_every_public_form_answers_as_it_was_published(scene: Scene, server: str) -> None:
    with Visitor(scene.installation.ports[server]) as visitor:
        # Time may have passed on the page just now.
        until(lambda: visitor.has(scene.installation.manifest()), seconds=THEN)
        visitor.check_everything(scene.installation.manifest())


def test_answers_take_no_longer_than_those_of_a_healthy_edge(scene: Scene) -> None:
    for name in SERVED:
        assert any(_is_quick(scene, name) for _ in range(ROUNDS)), name


def _is_quick(scene: Scene, server: str) -> bool:
    """By 99 % of the answers, beside those of a server that misses nothing; and none takes a second."""
    ports = scene.installation.ports
    with Visitor(ports[server]) as visitor, Visitor(ports["control"]) as control:
        pairs = [(timed(lambda: visitor.ask("/")), timed(lambda: control.ask("/"))) for _ in range(300)]
    here, healthy = zip(*pairs, strict=True)
    usual = max(1.5 * share_below(healthy, 0.99), QUICK)
    return max(here) < 1.0 and share_below(here, 0.99) < usual


def test_the_team_gets_in_or_is_told_why_not(scene: Scene) -> None:
    operator = scene.people.operator
    for status, html in together(*(lambda path=path: operator.get(path) for path in ("/admin/", "/o/", ADD))):
        if "postgres" in scene.row.away:
            assert status == 503
            assert "Nothing was saved." in html
        else:
            assert status == 200
        assert "Traceback" not in html


def test_subscribing_works_or_waits_or_is_refused_in_the_pages_own_style(scene: Scene) -> None:
    address = f"{scene.name.replace(' ', '-').replace(',', '')}@example.org"
    asked, sent = together(lambda: _ask(scene, "web"), lambda: _subscribe(scene, address))

    assert asked.status == (503 if "postgres" in scene.row.away else 200)
    without_database = 202 if "postgres" in scene.row.away else 302
    assert sent.status == (503 if "valkey" in scene.row.away else without_database)
    if sent.status != 503:
        # Also what was only kept is promised.
        scene.people.ledger.addresses.append(address)
    if sent.status == 202:
        assert "Kept for later" in sent.text
        assert "Acme Cloud" in sent.text
    for reply in (asked, sent):
        if reply.status == 503:
            assert_says_not_now(reply)


def test_an_edge_alone_says_in_the_pages_own_style_that_it_cannot_subscribe(scene: Scene) -> None:
    reply = _ask(scene, "edge")

    assert reply.status == 503
    assert_says_not_now(reply)


def _ask(scene: Scene, server: str) -> Reply:
    with Visitor(scene.installation.ports[server]) as visitor:
        return visitor.ask("/subscriptions/new")


def _subscribe(scene: Scene, address: str) -> Reply:
    answers = {"email": address, "ticket": scene.people.ticket, "scope": "page", "incidents": "1"}
    with Visitor(scene.installation.ports["web"]) as visitor:
        return visitor.submit("/subscriptions/new-email", **answers)


def assert_says_not_now(reply: Reply) -> None:
    assert "Nothing was saved." in reply.text
    assert "Acme Cloud" in reply.text
    assert "Traceback" not in reply.text
    assert int(reply.headers["Retry-After"]) > 0
    assert "no-store" in reply.headers["Cache-Control"]


def test_those_who_ask_how_it_is_are_told(scene: Scene) -> None:
    web = scene.installation.ports["web"]
    lives, ready, _ = together(
        lambda: ask(web, "/livez", "localhost"),
        lambda: ask(web, "/readyz", "localhost"),
        lambda: until(lambda: _health(scene) == (503 if scene.row.problems else 200, scene.row.problems)),
    )

    assert lives == (200, b"ok\n")
    assert ready == ((503, f"{DATABASE}\n".encode()) if "postgres" in scene.row.away else (200, b"ok\n"))


def _health(scene: Scene) -> tuple[int, Any]:
    """Without the broker nobody can see a worker for long."""
    status, told = scene.installation.health()
    implied = {WORKER} if "valkey" in scene.row.away else set()
    return status, tuple(one for one in told.get("problems", ()) if one not in implied)


def test_a_change_is_seen_and_told_or_refused(scene: Scene) -> None:
    """Whoever's work it is, once it is known who is away."""
    name = f"Something fails: {scene.name}."
    before = scene.installation.manifest().version
    status, html = scene.people.operator.send(ADD, scene.people.form, name=name, body="We look into it.")

    if "postgres" in scene.row.away:
        assert status == 503
        assert "Nothing was saved." in html
        assert scene.installation.manifest().version == before
        scene.people.ledger.refused.append(name)
        return
    assert status == 200
    scene.people.ledger.changes.append(name)
    until(lambda: scene.installation.manifest().version > before, seconds=SOON)
    # A mirror without Redis hears nothing; it comes to the newest version later, see `recover`.
    hearing = ("web", "edge") if "valkey" in scene.row.away else SERVED
    together(*(lambda server=server: _until_seen(scene, server, name, before) for server in hearing))
    if "ticker" not in scene.row.away:
        until(lambda: _was_told(scene.installation, READER, name))


def _until_seen(scene: Scene, server: str, name: str, before: int) -> None:
    """By who asks, and by who had the page open."""
    with Visitor(scene.installation.ports[server]) as visitor:
        until(lambda: name in visitor.ask("/").text, lambda: server, THEN)
    until(lambda: scene.people.readers[server].version > before, lambda: f"The reader at {server}", THEN)


def _was_told(installation: Installation, address: str, words: str) -> bool:
    return any(words in str(mail["Subject"]) for mail in installation.mail.mail(address))


def test_what_nobody_confirms_any_more_says_since_when_and_nothing_else_changes(scene: Scene) -> None:
    """At an edge that worries after some seconds; the others serve the very bytes for two minutes."""
    stale = bool({"postgres", "ticker"} & scene.row.away)
    manifest = scene.installation.manifest()
    with Visitor(scene.installation.ports["worried"]) as visitor:
        until(lambda: ("stale_as_of" in json.loads(visitor.ask("/api/v2/status.json").body)) == stale)
        if not stale:
            return
        page = visitor.ask("/")
        assert "This page may be out of date. Last confirmed: <time" in page.text
        assert "-o" in page.headers["ETag"]
        for path, entry in manifest.entries.items():
            if not path.startswith(RESERVED) and not entry.type.startswith(MARKED):
                visitor.check(path, manifest)


def test_nothing_that_was_promised_got_lost(installation: Installation, people: People) -> None:
    recover(installation, people, set())
    shown = installation.python(_SHOWN)

    assert shown["opened"] == people.ledger.changes
    assert installation.differences() == []
    assert shown["versions"] == list(range(1, shown["version"] + 1))
    for name in people.ledger.changes:
        until(lambda name=name: _was_told(installation, READER, name), lambda name=name: name)  # type: ignore[misc]
    for address in people.ledger.addresses:
        until(lambda address=address: _was_told(installation, address, "Confirm"))  # type: ignore[misc]
    subjects = [str(mail["Subject"]) for mail in installation.mail.mail(READER)]
    assert len(subjects) == len(set(subjects))
    assert not any(name in subject for name in people.ledger.refused for subject in subjects)


_SHOWN = """
from events.models import Event
from incidents.models import Incident
from pages.models import StatusPage
with in_tenant(Tenant.objects.get(slug="acme").id):
    page = StatusPage.objects.get()
    versions = Event.objects.of_page(page.pk).exclude(version=None).values_list("version", flat=True)
    opened = Incident.objects.filter(name__startswith="Something fails").order_by("created_at")
    answer({
        "opened": list(opened.values_list("name", flat=True)),
        "versions": sorted(set(versions)), "version": page.version,
    })
"""

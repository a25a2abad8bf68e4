"""With everything stopped but one edge, a notice that somebody writes by hand is on the page at once."""

from __future__ import annotations

import asyncio
import http.client
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from store import Store
from store.emergency import derived, page_key
from tests.clocks import Stopwatch, until
from tests.edge.streaming import Follower
from tests.edge.streaming import serving as edge_serving
from tests.edge.test_alone import serving
from tests.edge.visitor import ACME_HOST, GLOBEX_HOST
from tests.emergency.kits import INSTALLATION, directory, done, make_kit, publish_acme
from tests.services import any_port
from tests.store.builders import ACME, GLOBEX, opened, text

pytestmark = pytest.mark.process

SAID = 'Logins <b>fail</b> & we "look".\nMore soon.'
SHOWN = "Logins &lt;b&gt;fail&lt;/b&gt; &amp; we &quot;look&quot;.<br>More soon."


class Visitor:
    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, path: str = "/", host: str = ACME_HOST, **headers: str) -> tuple[int, str, str]:
        """Status, ETag, body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", path, headers={"Host": host, **named})
        answer = connection.getresponse()
        found = answer.status, answer.headers.get("etag", ""), answer.read().decode()
        connection.close()
        return found

    def page(self, path: str = "/") -> str:
        return self.ask(path)[2]

    def json(self, name: str) -> dict:
        return json.loads(self.page(f"/api/v2/{name}.json"))

    def until(self, true: Callable[[], bool]) -> None:
        until(true, seconds=2.0)


@pytest.fixture
def visitor(root: Path, store: Store):
    with serving(STORE_DIR=str(root), EMERGENCY_KEY=INSTALLATION) as port:
        yield Visitor(port)


def test_a_notice_is_everywhere_within_two_seconds(visitor: Visitor, kit: Path) -> None:
    _, etag, calm = visitor.ask()
    machine_etag = visitor.ask("/api/v2/status.json")[1]
    other = visitor.ask(host=GLOBEX_HOST)
    assert "All systems operational" in calm

    done(kit, "say", SAID, "--name", "Logins fail", "--impact", "critical")
    visitor.until(lambda: "Logins fail" in visitor.page())

    status, new_etag, page = visitor.ask(If_None_Match=etag)
    assert (status, new_etag == etag) == (200, False)
    assert SHOWN in page
    assert "<b>fail" not in page
    assert '<h1 class="status" id="state">Major system outage</h1>' in page
    assert 'id="notice"' in page
    assert visitor.ask(If_None_Match=new_etag)[0] == 304

    assert visitor.json("status")["status"] == {"indicator": "critical", "description": "Major System Outage"}
    assert visitor.ask("/api/v2/status.json", If_None_Match=machine_etag)[0] == 200
    for name in ("summary", "incidents", "incidents/unresolved"):
        incident = visitor.json(name)["incidents"][0]
        assert (incident["name"], incident["impact"]) == ("Logins fail", "critical")
        assert incident["incident_updates"][0]["body"] == SAID
    assert "Logins fail" in visitor.page("/about")
    assert "Major system outage" in visitor.page("/badge.svg")
    assert "Logins fail" in visitor.page("/status.txt")
    assert "Logins fail" in visitor.page("/index.md")
    assert visitor.page(f"/incidents/{incident['id']}") == page
    assert visitor.ask(host=GLOBEX_HOST) == other


def test_updates_follow_and_the_end_gives_the_page_back(visitor: Visitor, kit: Path) -> None:
    calm = visitor.page()
    done(kit, "say", "We look.")
    done(kit, "update", "--status", "identified", "It is the disk.")
    visitor.until(lambda: "It is the disk." in visitor.page())
    page = visitor.page()
    assert page.index("It is the disk.") < page.index("We look.")
    assert "Identified" in page

    done(kit, "resolve", "It works again.")
    visitor.until(lambda: "It works again." in visitor.page())
    page = visitor.page()
    assert "All systems operational" in page
    assert "It works again." in page[: page.index("<main")]
    assert page[page.index("<main") :] == calm[calm.index("<main") :]
    assert visitor.json("status")["status"]["indicator"] == "none"
    assert visitor.json("incidents/unresolved")["incidents"] == []
    over = visitor.json("incidents")["incidents"][0]
    assert (over["status"], over["resolved_at"] is None) == ("resolved", False)
    assert [one["status"] for one in over["incident_updates"]] == ["resolved", "identified", "investigating"]


def test_what_is_ready_is_nobody_s_to_read(visitor: Visitor) -> None:
    for path in ("/.emergency/targets.bin", "/.emergency/major-index.html", "/.emergency/"):
        assert visitor.ask(path)[0] == 404
    assert visitor.ask(host=GLOBEX_HOST)[2] == text(GLOBEX, "/", 1).decode()


def test_redis_carries_it_to_edges_that_have_nothing_else(tmp_path: Path, redis_url: str) -> None:
    publish_acme(opened(tmp_path / "publisher", redis_url))
    mirror = str(tmp_path / "mirror")
    kit = make_kit(tmp_path / "kit.json", {"kind": "redis", "at": redis_url})
    with serving(STORE_DIR=mirror, STORE_REDIS_URL=redis_url, EMERGENCY_KEY=INSTALLATION) as port:
        visitor = Visitor(port)
        assert "All systems operational" in visitor.page()
        done(kit, "say", "We look.")
        visitor.until(lambda: "We look." in visitor.page())
    dead = f"redis://127.0.0.1:{any_port()}"
    with serving(STORE_DIR=mirror, REDIS_URL=dead, EMERGENCY_KEY=INSTALLATION) as port:
        visitor = Visitor(port)
        visitor.until(lambda: "We look." in visitor.page())


def test_an_edge_that_knows_the_secret_needs_no_other_key(root: Path, store: Store, tmp_path: Path) -> None:
    secret = "the secret of the installation"
    kit = make_kit(tmp_path / "kit.json", directory(root), key=page_key(derived(secret), ACME))
    with serving(STORE_DIR=str(root), SECRET_KEY=secret) as port:
        visitor = Visitor(port)
        done(kit, "say", "We look.")
        visitor.until(lambda: "We look." in visitor.page())


def test_who_follows_the_page_is_told_at_once(store: Store, kit: Path) -> None:
    async def scenario() -> None:
        async with edge_serving(store, emergency_key=INSTALLATION) as (_, port):
            follower = await Follower.connect(port)
            assert (await follower.event()).data == 1
            await asyncio.to_thread(done, kit, "say", "We look.")
            marks = [await mark_after(follower, "")]
            await asyncio.to_thread(done, kit, "update", "It is the disk.")
            marks.append(await mark_after(follower, marks[0]))
            assert len(set(marks)) == 2

    asyncio.run(scenario())


async def mark_after(follower: Follower, former: str) -> str:
    """The mark of the first beat with another than `former`."""
    watch = Stopwatch()
    while watch.seconds < 3:
        words = str((await follower.event(3)).data).split(" ")
        if len(words) == 2 and words[1] != former:
            return words[1]
    message = "Nobody was told."
    raise AssertionError(message)

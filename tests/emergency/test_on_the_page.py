"""With everything stopped but one edge, a notice that somebody writes by hand is on the page at once."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from store import Store
from tests.edge.test_alone import serving
from tests.edge.visitor import ACME_HOST, GLOBEX_HOST
from tests.emergency.kits import INSTALLATION, done
from tests.store.builders import GLOBEX, text

pytestmark = pytest.mark.process

SAID = 'Logins <b>fail</b> & we "look".\nMore soon.'
SHOWN = "Logins &lt;b&gt;fail&lt;/b&gt; &amp; we &quot;look&quot;.<br>More soon."


class Visitor:
    def __init__(self, port: int) -> None:
        self.port = port

    def ask(self, path: str = "/", host: str = ACME_HOST, **headers: str) -> tuple[int, str, str]:
        """Status, ETag, body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
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

    def until(self, true: Callable[[], bool], within: float = 2.0) -> None:
        deadline = time.monotonic() + within
        while not true():
            assert time.monotonic() < deadline, "Not within two seconds."
            time.sleep(0.05)


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

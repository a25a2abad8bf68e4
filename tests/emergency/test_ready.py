"""The ready page: whole as it is, in the page's language, and filled alike by the edge and by the tool."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from html import unescape
from typing import Any

import feedparser
import pytest

from edge.bodies import Body
from edge.overlay import Overlay
from publishing.emergency import ready
from publishing.forms import FeedEntry, FeedView
from publishing.rendering import feeds
from publishing.snapshot import PageView, UpdateView
from store import Document
from store.emergency import IMPACTS, STATUSES, Notice, Said, ready_path
from store.packing import compress
from tests.emergency.test_notices import ACME, KEY, NOW, TOOL, Log
from tests.publishing import samples

PAGES = {"en": samples.calm().page, "de": samples.german().page, "ar": samples.arabic().page}
TEXT = "a <b>&\"'\\ \\1 \\g<0> </script> <!--notice-->\nsecond line"


def document(page: PageView, impact: str, path: str = "/") -> Document:
    (found,) = [one for one in ready.documents(page) if one.path == ready_path(impact, path)]
    return found


def notice(*statuses: str, impact: str = "critical") -> Notice:
    updates = (
        Said(f"update{number:06}", status, NOW + timedelta(minutes=number), f"{number}: {TEXT}")
        for number, status in enumerate(statuses)
    )
    return Notice("n" * 12, "Logins <i>fail</i> & more", impact, NOW + timedelta(hours=6), tuple(updates))


def members(shown: Notice) -> dict[str, Any]:
    return json.loads(b"{" + Log(ACME, 1, (shown,)).to_bytes(KEY)[75:])["notices"][0]


def overlaid(made: Document, shown: Notice, path: str = "") -> str:
    overlay = Overlay(None, shown, 1)
    body = Body(made.hash, compress(made.body))
    return overlay.over(body, made.hash, path or made.path, made.content_type).chosen(b"").data.decode()


@pytest.mark.parametrize("language", PAGES)
@pytest.mark.parametrize("impact", IMPACTS)
def test_it_is_whole_before_anybody_writes(language: str, impact: str) -> None:
    page = document(PAGES[language], impact).body.decode()
    assert f'lang="{language}"' in page
    assert f"status-{impact}" in page
    assert page.count("<h1") == 1
    assert page.index("<h1") < page.index("<!--emergency-->") < page.index("<!--/emergency-->")


@pytest.mark.parametrize("language", PAGES)
def test_edge_and_tool_fill_it_alike(language: str) -> None:
    made, shown = document(PAGES[language], "critical"), notice(*STATUSES[:3])
    filled = overlaid(made, shown)
    assert filled == TOOL.filled(made.body, members(shown)).decode()
    assert "<b>" not in filled[filled.index("<article") :]
    assert filled.count("Logins &lt;i&gt;fail&lt;/i&gt; &amp; more") == 1
    assert filled.count("second line") == 3
    if language != "en":
        assert "Investigating" not in filled


@pytest.mark.parametrize("statuses", [("investigating",), STATUSES])
@pytest.mark.parametrize("name", ["status", "summary", "incidents", "incidents/unresolved"])
def test_edge_and_tool_say_the_same_to_machines(statuses: tuple[str, ...], name: str) -> None:
    page = {"id": ACME, "name": "Acme", "url": "https://acme.localhost", "time_zone": "Etc/UTC"}
    calm = {
        "page": page | {"updated_at": "2026-11-20T01:00:00.000Z"},
        "status": {"indicator": "minor", "description": "Minor Service Outage"},
        "incidents": [{"id": "another"}],
    }
    made = Document(f"/api/v2/{name}.json", json.dumps(calm).encode(), "application/json")
    ours = json.loads(overlaid(made, notice(*statuses)))
    theirs = TOOL.raised(json.loads(made.body), members(notice(*statuses)), name)
    theirs["status"].pop("published", None)
    assert ours["status"] == theirs["status"]
    assert ours["incidents"] == theirs["incidents"]
    is_open = statuses[-1] != "resolved"
    assert ours["status"]["indicator"] == ("critical" if is_open else "minor")
    assert len(ours["incidents"]) == (2 if is_open or name == "incidents" else 1)


def test_what_is_worse_already_stays_so() -> None:
    calm = {"page": {"url": "x"}, "status": {"indicator": "critical", "description": "Major System Outage"}}
    made = Document("/api/v2/status.json", json.dumps(calm).encode(), "application/json")
    assert json.loads(overlaid(made, notice("investigating", impact="minor")))["status"] == calm["status"]


def test_texts_are_shown_as_they_are() -> None:
    shown = replace(notice("investigating"), name="*Logins* #1")
    markdown = overlaid(document(PAGES["en"], "critical", "/index.md"), shown)
    assert "> \\*Logins\\* \\#1" in markdown
    assert "\\<b\\>" in markdown
    assert "*Logins* #1" in overlaid(document(PAGES["en"], "critical", "/status.txt"), shown)


def test_the_line_above_other_pages_leads_nowhere_but_home() -> None:
    made = Document("/about", b"<!--notice--><main></main>", "text/html")
    page = overlaid(made, notice("investigating"))
    assert page.count("<a ") == 1
    assert '<a href="/" dir="auto">Logins &lt;i&gt;' in page


def test_feeds_have_one_entry_more() -> None:
    view = FeedView(NOW - timedelta(days=1), (samples_entry(),))
    shown = notice("investigating", "resolved")
    for made, entries in zip(feeds.documents(PAGES["en"], view), (2, 2), strict=True):
        before, after = feedparser.parse(made.body), feedparser.parse(overlaid(made, shown))
        assert not after.bozo
        assert len(after.entries) == entries
        assert after.entries[1] == before.entries[0]
        new, old = after.entries[0], before.entries[0]
        assert unescape(new.title) == shown.name
        assert new.id == old.id.replace(samples_entry().id, shown.id)
        assert new.link == old.link.replace(samples_entry().id, shown.id)
        assert "Resolved" in new.summary
        assert "<b>" not in new.summary


def samples_entry() -> FeedEntry:
    said = UpdateView("u1", "resolved", "It works.", NOW - timedelta(days=1))
    return FeedEntry("k3v9x2m1q8za", "Old trouble", NOW - timedelta(days=2), NOW - timedelta(days=1), (said,))


def test_a_feed_without_entries_gets_one() -> None:
    for made in feeds.documents(PAGES["en"], FeedView(NOW, ())):
        assert len(feedparser.parse(overlaid(made, notice("investigating"))).entries) == 1

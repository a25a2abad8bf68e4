"""Atom, RSS and calendars, read by parsers that are not ours."""

from __future__ import annotations

import re
import unicodedata
from calendar import timegm
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.etree import ElementTree as ET

import feedparser
import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from components.actions import create_component, update_component
from components.models import Component
from incidents.actions.incident import backfill_incident, edit_incident, open_incident, post_update, resolve
from incidents.actions.maintenance import cancel_maintenance, edit_maintenance, schedule_maintenance
from incidents.models import Incident
from incidents.steps import Words
from pages.actions import update_page
from pages.models import StatusPage
from publishing.forms import CalendarEvent, CalendarView, FeedEntry, FeedView
from publishing.rendering import feeds, icalendar
from publishing.snapshot import UpdateView
from publishing.storage import store
from tests.conftest import ACTOR, CANARY
from tests.publishing.published import assert_published, drain_publishing
from tests.publishing.samples import PAGE

NOW = datetime(2026, 11, 8, 7, 5, 9, tzinfo=UTC)


def published(page: StatusPage, path: str) -> bytes:
    drain_publishing()
    manifest = store().manifest(page.pk)
    assert manifest is not None
    return store().body(manifest.entries[path].hash) or b""


def feed(page: StatusPage, path: str) -> Any:
    found = feedparser.parse(published(page, path))
    assert not found.bozo, found.get("bozo_exception")
    return found


def events(page: StatusPage, path: str = "/history.ics") -> dict[str, Any]:
    """By name; their required properties are checked."""
    found = Calendar.from_ical(published(page, path).decode())
    assert not found.errors
    assert found["METHOD"] == "PUBLISH"
    for one in found.walk("VEVENT"):
        assert not one.errors
        assert {"UID", "DTSTAMP", "DTSTART", "SEQUENCE", "SUMMARY", "STATUS", "URL"} <= set(one)
    return {str(one["SUMMARY"]): one for one in found.walk("VEVENT")}


def window(page: StatusPage, *components: Component, name: str = "New machines") -> Incident:
    begin = timezone.now().replace(microsecond=0) + timedelta(days=1)
    return schedule_maintenance(
        page,
        ACTOR,
        name=name,
        scheduled_for=begin,
        scheduled_until=begin + timedelta(hours=1),
        components=[one.pk for one in components],
    )


@pytest.fixture
def told(page: StatusPage, component: Component) -> Incident:
    words = Words("investigating", "We *look* & think.", components={component.pk: "major_outage"})
    incident = open_incident(page, ACTOR, words, name="Slow <answers> & \u201cmore\u201d")
    post_update(page, incident, ACTOR, Words("investigating", "Still looking."))
    return incident


@pytest.mark.parametrize("form", ["atom", "rss"])
def test_a_feed_tells_of_each_notice_once(page: StatusPage, told: Incident, form: str) -> None:
    window(page)
    found = feed(page, f"/history.{form}")
    entries = {one.title: one for one in found.entries}

    assert found.feed.title == "Acme Status - Incident History"
    assert found.feed.link == f"http://{page.primary_host}:8000"
    assert set(entries) == {told.name, "New machines"}
    entry = entries[told.name]
    assert entry.link == f"http://{page.primary_host}:8000/incidents/{told.pk}"
    newest = told.updates.all()[0]
    assert timegm(entry.published_parsed) == int(newest.display_at.timestamp())
    html = entry.content[0].value if form == "atom" else entry.summary
    assert re.findall(r"<strong>(.+?)</strong>", html) == ["Update", "Investigating"]
    assert "We <em>look</em> &amp; think." in html


def test_ids_stay_whatever_becomes_of_the_notice_and_the_hosts(page: StatusPage, told: Incident) -> None:
    before = feed(page, "/history.atom")
    resolve(page, told, ACTOR)
    edit_incident(page, told, ACTOR, name="Another name", started_at=timezone.now() - timedelta(days=2))
    StatusPage.objects.filter(pk=page.pk).update(primary_host="status.acme.test")
    after = feed(page, "/history.atom")

    assert after.feed.id == before.feed.id
    assert [one.id for one in after.entries] == [one.id for one in before.entries]
    assert re.fullmatch(rf"tag:[^,]+,2005:Incident/{told.pk}", after.entries[0].id)
    assert after.entries[0].link == f"http://status.acme.test:8000/incidents/{told.pk}"


def test_a_feed_is_as_statuspage_writes_it(page: StatusPage) -> None:
    """Its day is padded with a space, its zone is the page's, and each update is one paragraph."""
    ended = datetime(2026, 11, 8, 7, 5, 9, tzinfo=UTC)
    backfill_incident(
        page, ACTOR, name="Then", started_at=ended - timedelta(hours=1), resolved_at=ended, body="It was DNS."
    )
    text = published(page, "/history.atom").decode()

    assert (
        "&lt;p&gt;&lt;small&gt;Nov &lt;var data-var='date'&gt; 8&lt;/var&gt;, "
        "&lt;var data-var='time'&gt;08:05&lt;/var&gt; CET&lt;/small&gt;&lt;br&gt;"
        "&lt;strong&gt;Resolved&lt;/strong&gt; - It was DNS.&lt;/p&gt;"
    ) in text
    assert "<published>2026-11-08T08:05:09+01:00</published>" in text
    assert "<pubDate>Sun, 08 Nov 2026 08:05:09 +0100</pubDate>" in published(page, "/history.rss").decode()


def test_a_component_has_feeds_and_a_calendar_of_its_own(page: StatusPage, told: Incident) -> None:
    component = page.components.get()
    other = create_component(page, ACTOR, name="Web")
    window(page, component)
    window(page, other, name="Elsewhere")
    resolve(page, told, ACTOR)

    assert {one.title for one in feed(page, f"/components/{component.pk}/history.atom").entries} == {
        told.name,
        "New machines",
    }
    assert [one.title for one in feed(page, f"/components/{other.pk}/history.rss").entries] == ["Elsewhere"]
    assert set(events(page, f"/components/{component.pk}/history.ics")) == {"New machines"}
    assert set(events(page)) == {"New machines", "Elsewhere"}
    assert set(events(page, "/incidents.ics")) == {told.name}
    assert_published(page)


def test_a_window_is_the_same_event_through_its_life(page: StatusPage, component: Component) -> None:
    incident = window(page, component)
    first = events(page)["New machines"]
    assert first["DTSTART"].dt == incident.window.scheduled_for
    assert first["DTEND"].dt == incident.window.scheduled_until
    assert (first["STATUS"], first["CATEGORIES"].cats) == ("CONFIRMED", ["MAINTENANCE"])
    assert "API" in first["DESCRIPTION"]

    later = incident.window.scheduled_for + timedelta(days=1)
    edit_maintenance(page, incident, ACTOR, scheduled_for=later, scheduled_until=later + timedelta(minutes=5))
    moved = events(page)["New machines"]
    assert (moved["UID"], moved["DTSTART"].dt) == (first["UID"], later)
    assert moved["SEQUENCE"] > first["SEQUENCE"]

    cancel_maintenance(page, incident, ACTOR)
    gone = events(page)["New machines"]
    assert (gone["UID"], gone["STATUS"]) == (first["UID"], "CANCELLED")
    assert gone["SEQUENCE"] > moved["SEQUENCE"]
    assert events(page, f"/components/{component.pk}/history.ics")["New machines"] == gone
    assert_published(page)


def test_an_open_incident_has_no_end(page: StatusPage, told: Incident) -> None:
    assert "DTEND" not in events(page, "/incidents.ics")[told.name]
    edit_incident(page, told, ACTOR, started_at=timezone.now() - timedelta(hours=1))
    resolve(page, told, ACTOR)
    told.refresh_from_db()
    assert told.resolved_at is not None
    ended = events(page, "/incidents.ics")[told.name]
    assert ended["DTEND"].dt == told.resolved_at.replace(microsecond=0)


def test_what_is_restricted_is_in_no_feed(page: StatusPage, told: Incident) -> None:
    secret = create_component(page, ACTOR, name="Secret thing", restricted=True)
    window(page, secret, page.components.get(name="API"), name="Both")
    window(page, secret, name="Hidden window")
    drain_publishing()
    manifest = store().manifest(page.pk)
    assert manifest is not None
    paths = [path for path in manifest.entries if path.endswith((".atom", ".rss", ".ics"))]
    text = b"".join(store().body(manifest.entries[path].hash) or b"" for path in paths).replace(b"\r\n ", b"")

    assert f"/components/{secret.pk}/history.atom" not in paths
    assert b"Both" in text
    for word in ("Secret", secret.pk, "Hidden", CANARY):
        assert word.encode() not in text

    update_component(page, page.components.get(name="API"), ACTOR, restricted=True)
    assert set(events(page)) == set()
    assert_published(page)


def test_a_page_speaks_its_language(page: StatusPage) -> None:
    update_page(page, ACTOR, language="de")

    assert feed(page, "/history.atom").feed.language == "de"


anything = st.text(st.characters(codec="utf-8"), max_size=300)
written = st.one_of(anything, st.text("<>&\"'];,:\\\n\r\t\x0b\u2028 ü🦊a", max_size=200))


@given(name=written.filter(str.strip), body=written)
def test_no_text_breaks_a_feed(name: str, body: str) -> None:
    update = UpdateView("upd000000001", "investigating", body, NOW)
    view = FeedView(NOW, (FeedEntry("k3v9x2m1q8za", name, NOW, NOW, (update,)),), name, "/components/c")
    for document in feeds.documents(PAGE, view):
        found = feedparser.parse(document.body, sanitize_html=False)

        assert not found.bozo, found.get("bozo_exception")
        assert len(found.entries) == 1
        title = ET.fromstring(document.body).find(TITLES[document.path])  # noqa: S314 our own
        assert title is not None
        assert kept(title.text) == kept(name)


TITLES = {
    "/components/c/history.atom": ".//{http://www.w3.org/2005/Atom}entry/{http://www.w3.org/2005/Atom}title",
    "/components/c/history.rss": ".//item/title",
}


def kept(text: str | None) -> str:
    """Control characters are left out, for XML has no place for them."""
    return "".join(one for one in text or "" if unicodedata.category(one) not in {"Cc", "Cn"})


@given(name=written, body=written, components=st.lists(written, max_size=3))
def test_no_text_breaks_a_calendar(name: str, body: str, components: list[str]) -> None:
    event = CalendarEvent(
        id="k3v9x2m1q8za",
        name=name,
        kind="maintenance",
        sequence=0,
        begins=NOW,
        ends=NOW,
        created=NOW,
        updated=NOW,
        cancelled=False,
        components=tuple(components),
        latest=UpdateView("upd000000001", "scheduled", body, NOW),
    )
    document = icalendar.document(PAGE, CalendarView("/history", (event, event), name))
    lines = document.body.split(b"\r\n")
    found = Calendar.from_ical(document.body.decode())

    assert lines[-1] == b""
    assert max(map(len, lines)) <= 75
    assert not any(set(line) & set(range(32)) for line in lines)
    assert len(found.walk("VEVENT")) == 2
    for one in found.walk("VEVENT"):
        assert not one.errors
        assert as_read(str(one["SUMMARY"])) == as_read(name)


def as_read(text: str) -> str:
    """What is left where line ends are one kind of space and control characters are none."""
    return "".join(one for one in " ".join(text.split()) if one.isprintable()).replace(" ", "")

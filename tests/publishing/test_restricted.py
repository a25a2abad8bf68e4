"""Restriction denies: a restricted component, and a page that is not for everybody, are in no public form."""

from __future__ import annotations

import fnmatch
import time
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from components.actions import correct_history, create_component, create_group, set_status, update_component
from components.models import Component
from edge.fragments import changed, outline
from incidents.actions.announcement import create_announcement
from incidents.actions.incident import backfill_incident, open_incident, post_update
from incidents.actions.maintenance import schedule_maintenance
from incidents.actions.postmortem import publish_postmortem, write_postmortem
from incidents.actions.series import create_series
from incidents.steps import Words
from metrics.actions import create_metric, create_provider
from outbox.drain import drain
from pages.actions import update_page
from pages.change import PUBLISH
from pages.models import StatusPage
from publishing.preview import _document
from publishing.publish import publish
from publishing.storage import store
from subscribers.actions import Who, add_confirmed
from tests.conftest import ACTOR
from tests.publishing.published import assert_published, drain_publishing, stored

# Every form, and what of it there is at least. A document of no form fails a test below.
FORMS = {
    "status page": ["/"],
    "history": ["/history", "/history/*"],
    "uptime": ["/uptime", "/uptime/*"],
    "notices": ["/incidents/*"],
    "components": ["/components/*"],
    "about": ["/about"],
    "v2 JSON": ["/api/v2/*.json"],
    "history.json": ["/history.json*"],
    "feeds": ["/history.atom", "/history.rss"],
    "calendars": ["/history.ics", "/incidents.ics"],
    "badges": ["/badge.svg", "/badge-plain.svg"],
    "texts": ["/status.txt", "/index.md", "/llms.txt"],
    "robots": ["/robots.txt"],
    "sitemap": ["/sitemap.xml"],
    "widget": ["/widget.js", "/embed/*"],
    "pictures": ["/preview/*"],
    "metrics": ["/metrics/*", "/metrics-display/*"],
    "emergency": ["/.emergency/*"],
    "words of the page": ["/404", "/503", "/202"],
    "assets": ["/assets/*", "/favicon.ico"],
}
# What is there for a page that is not for everybody.
CLOSED = {"status page", "words of the page", "robots", "assets"}
SECRET = "Hush"


@dataclass(frozen=True)
class Hidden:
    component: Component
    ids: tuple[str, ...]


def in_forms(paths: list[str], form: str) -> list[str]:
    return [path for path in paths if any(fnmatch.fnmatch(path, one) for one in FORMS[form])]


def tell(page: StatusPage, *, restricted: bool) -> Hidden:
    """All that can be told of a component and of another one, which everybody sees."""
    secret = create_component(
        page, ACTOR, name=f"{SECRET} one", purpose=f"{SECRET} use", restricted=restricted
    )
    seen = create_component(page, ACTOR, name="Open one")
    create_metric(page, create_provider(page, ACTOR, kind="Self"), ACTOR, name="Open metric")
    group = create_group(page, ACTOR, name=f"{SECRET} group", components=[secret.pk])
    now = timezone.now()
    set_status(page, {secret.pk: "degraded_performance"}, ACTOR)
    span = {"begun": now - timedelta(days=40), "ended": now - timedelta(days=39)}
    correct_history(page, secret, ACTOR, status="major_outage", reason=f"{SECRET} reason", **span)
    both = Words("investigating", "Looking.", components={one.pk: "major_outage" for one in (secret, seen)})
    shared = open_incident(page, ACTOR, both, name="Open trouble")
    post_update(page, shared, ACTOR, Words("identified", "Found.", components=both.components))
    alone = Words("investigating", f"{SECRET} words", components={secret.pk: "partial_outage"})
    own = [
        open_incident(page, ACTOR, alone, name=f"{SECRET} trouble").pk,
        past(page, secret, 3),
        past(page, secret, 100),
        planned(page, secret),
    ]
    series = create_series(
        page,
        ACTOR,
        name=f"{SECRET} nights",
        rule="FREQ=WEEKLY",
        local_start=datetime(2026, 1, 6, 4, 0),  # noqa: DTZ001 wall-clock time
        duration=timedelta(hours=1),
        components=[secret.pk],
    )
    return Hidden(secret, (secret.pk, group.pk, series.pk, *own))


def past(page: StatusPage, component: Component, days: int) -> str:
    ended = timezone.now() - timedelta(days=days)
    incident = backfill_incident(
        page,
        ACTOR,
        name=f"{SECRET} {days} days ago",
        started_at=ended - timedelta(hours=3),
        resolved_at=ended,
        body=f"{SECRET} cause",
        components={component.pk: "partial_outage"},
    )
    write_postmortem(page, incident, ACTOR, f"{SECRET} lesson")
    publish_postmortem(page, incident, ACTOR)
    return incident.pk


def planned(page: StatusPage, component: Component) -> str:
    begin = timezone.now() + timedelta(days=2)
    until = begin + timedelta(hours=1)
    name = f"{SECRET} work"
    return schedule_maintenance(
        page, ACTOR, name=name, scheduled_for=begin, scheduled_until=until, components=[component.pk]
    ).pk


def leaks(documents: dict[str, bytes], words: tuple[str, ...]) -> list[str]:
    """Paths whose name or content has one of these words."""
    return [
        path
        for path, body in documents.items()
        if any(word in path or word.encode() in body for word in words)
    ]


@pytest.fixture
def later(page: StatusPage) -> Hidden:
    """Published for everybody, and restricted afterwards."""
    hidden = tell(page, restricted=False)
    drain_publishing()
    assert len(leaks(stored(page), (SECRET,))) > 20
    update_component(page, hidden.component, ACTOR, restricted=True)
    return hidden


@pytest.mark.parametrize("when", ["before", "afterwards"])
def test_a_restricted_component_is_in_no_form(
    page: StatusPage, when: str, request: pytest.FixtureRequest
) -> None:
    hidden = tell(page, restricted=True) if when == "before" else request.getfixturevalue("later")
    drain_publishing()

    documents = stored(page)
    found = {form: in_forms(list(documents), form) for form in FORMS}
    assert [form for form, paths in found.items() if not paths] == []
    assert set(documents) == {path for paths in found.values() for path in paths}
    assert leaks(documents, (SECRET, *hidden.ids)) == []
    assert "Open one" in documents["/"].decode()
    assert_published(page)


@pytest.mark.parametrize("anew", [False, True])
def test_what_was_published_before_goes_with_the_version_that_restricts(
    page: StatusPage, later: Hidden, anew: bool
) -> None:
    time.sleep(0.15)  # The pause between two versions of a page.
    publish(page.pk, anew=anew)

    assert leaks(stored(page), (SECRET, *later.ids)) == []


def test_the_archive_stays_while_a_restricted_component_is_edited(page: StatusPage, later: Hidden) -> None:
    drain_publishing()
    update_component(page, later.component, ACTOR, name=f"{SECRET} two")
    drain([PUBLISH])

    assert in_forms(list(stored(page)), "uptime") != ["/uptime"]


def close(page: StatusPage) -> tuple[str, ...]:
    hidden = tell(page, restricted=False)
    create_announcement(page, ACTOR, title=f"{SECRET} news", body=f"{SECRET} body")
    texts = dict.fromkeys(["description", "header", "footer", "note", "about"], f"{SECRET} text")
    update_page(page, ACTOR, **texts)
    add_confirmed(page, Who("https://hooks.example.org/hush", "webhook"), ACTOR, note="By hand.")
    drain_publishing()
    update_page(page, ACTOR, page_type="audience")
    seen = page.components.get(name="Open one")
    return (SECRET, "Open one", "Open metric", "Open trouble", "Outage", seen.pk, *hidden.ids)


def test_a_page_that_is_not_for_everybody_is_in_no_form(page: StatusPage) -> None:
    words = close(page)
    drain([PUBLISH])

    documents = stored(page)
    assert {form for form in FORMS if in_forms(list(documents), form)} == CLOSED
    assert leaks(documents, words) == []
    drain_publishing()
    assert stored(page) == documents
    assert_published(page)


def test_it_says_so_in_its_own_look_with_a_status_that_is_an_error(page: StatusPage) -> None:
    update_page(page, ACTOR, page_type="team", accent="#123456", language="de")
    drain_publishing()

    manifest = store().manifest(page.pk)
    assert manifest is not None
    assert {path: manifest.entries[path].status for path in ("/", "/404")} == {"/": 403, "/404": 404}
    body = stored(page)["/"].decode()
    assert "ist nicht öffentlich" in body
    assert all(
        path in body for path in manifest.entries if path.startswith(("/assets/brand", "/assets/page.css"))
    )


def test_whoever_has_the_page_open_is_made_to_load_it_anew(page: StatusPage) -> None:
    """What is in place of it needs no script, and that it needs other files is what a script reloads for."""
    drain_publishing()
    before = outline(stored(page)["/"])
    update_page(page, ACTOR, page_type="team")
    drain_publishing()
    body = stored(page)["/"]
    after = outline(body)

    assert before is not None
    assert after is not None
    assert after.parts.keys() == {b"main"}
    assert changed(before, after, body) is None


def test_it_is_whole_again_once_it_is_for_everybody(page: StatusPage) -> None:
    close(page)
    drain_publishing()
    update_page(page, ACTOR, page_type="public")
    drain_publishing()

    assert {form for form in FORMS if in_forms(list(stored(page)), form)} == set(FORMS)
    assert_published(page)


def test_its_preview_is_what_visitors_see(page: StatusPage) -> None:
    words = close(page)

    for path in ("/", "/history", "/api/v2/summary.json", "/about"):
        assert leaks({path: _document(page.pk, path).body}, words) == []


def test_it_is_known_from_its_first_version_on(page: StatusPage) -> None:
    update_page(page, ACTOR, page_type="team")
    tell(page, restricted=False)
    drain_publishing()

    assert leaks(stored(page), (SECRET, "Open one")) == []

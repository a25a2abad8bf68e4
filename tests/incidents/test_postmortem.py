"""Drafting, publishing, reverting."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.errors import Refused
from components.models import Component
from events.models import Event
from incidents.actions.incident import delete_incident, open_incident, post_update, resolve
from incidents.actions.postmortem import (
    delete_postmortem,
    publish_postmortem,
    revert_postmortem,
    write_postmortem,
)
from incidents.models import Incident, Postmortem
from incidents.steps import Words
from pages.models import StatusPage
from tests.conftest import ACTOR

SECRET = "Only for the team"


@pytest.fixture
def incident(page: StatusPage, component: Component) -> Incident:
    words = Words("investigating", components={component.pk: "major_outage"})
    return open_incident(page, ACTOR, words, name="Broken")


@pytest.fixture
def resolved(page: StatusPage, incident: Incident) -> Incident:
    resolve(page, incident, ACTOR)
    return incident


def names(*objects: str) -> list[str]:
    return list(Event.objects.filter(object_type__in=objects).values_list("name", flat=True))


def test_a_draft_takes_no_version(page: StatusPage, incident: Incident) -> None:
    version = page.version
    write_postmortem(page, incident, ACTOR, SECRET)
    write_postmortem(page, incident, ACTOR, SECRET)
    write_postmortem(page, incident, ACTOR, "Better.")

    page.refresh_from_db()
    assert page.version == version
    assert Postmortem.objects.get().draft == "Better."
    events = Event.objects.filter(object_type="postmortem")
    assert list(events.values_list("name", "version")) == [("postmortem.written", None)] * 2


def test_publishing_is_a_last_update_and_is_told(page: StatusPage, resolved: Incident) -> None:
    write_postmortem(page, resolved, ACTOR, "It was DNS.")
    publish_postmortem(page, resolved, ACTOR)

    resolved.refresh_from_db()
    assert resolved.status == "postmortem"
    assert resolved.postmortem.body == "It was DNS."
    update = resolved.updates.get(status="postmortem")
    event = Event.objects.get(name="incident.postmortem_published")
    assert event.notify
    assert event.version == page.version
    assert event.facts is not None
    assert event.facts["postmortem"]["body"] == "It was DNS."
    assert event.facts["incident"]["status"] == "postmortem"
    assert event.facts["update"]["id"] == update.pk


def test_publishing_can_be_quiet(page: StatusPage, resolved: Incident) -> None:
    write_postmortem(page, resolved, ACTOR, "It was DNS.")
    publish_postmortem(page, resolved, ACTOR, notify=False)

    assert not Event.objects.get(name="incident.postmortem_published").notify
    assert not resolved.updates.get(status="postmortem").deliver_notifications


def test_a_new_draft_is_seen_only_when_published_anew(page: StatusPage, resolved: Incident) -> None:
    write_postmortem(page, resolved, ACTOR, "It was DNS.")
    publish_postmortem(page, resolved, ACTOR)
    write_postmortem(page, resolved, ACTOR, SECRET)
    assert Postmortem.objects.get().body == "It was DNS."
    facts = Event.objects.filter(version__isnull=False).values_list("facts", flat=True)
    assert SECRET not in str(list(facts))

    publish_postmortem(page, resolved, ACTOR)
    assert Postmortem.objects.get().body == SECRET
    assert resolved.updates.filter(status="postmortem").count() == 1
    assert not Event.objects.get(name="incident.postmortem_edited").notify


def test_reverting_resolves_again_and_keeps_the_draft(page: StatusPage, resolved: Incident) -> None:
    write_postmortem(page, resolved, ACTOR, "It was DNS.")
    resolved.refresh_from_db()
    before = resolved.resolved_at
    publish_postmortem(page, resolved, ACTOR)
    revert_postmortem(page, resolved, ACTOR)

    resolved.refresh_from_db()
    assert (resolved.status, resolved.resolved_at) == ("resolved", before)
    postmortem = Postmortem.objects.get()
    assert (postmortem.draft, postmortem.body, postmortem.published_at) == ("It was DNS.", "", None)
    assert not resolved.updates.filter(status="postmortem").exists()

    publish_postmortem(page, resolved, ACTOR)
    resolved.refresh_from_db()
    assert resolved.status == "postmortem"


@pytest.mark.parametrize("published", [True, False])
def test_deleting_removes_draft_and_publication(
    page: StatusPage, resolved: Incident, published: bool
) -> None:
    write_postmortem(page, resolved, ACTOR, "It was DNS.")
    if published:
        publish_postmortem(page, resolved, ACTOR)
    version = page.version
    delete_postmortem(page, resolved, ACTOR)

    resolved.refresh_from_db()
    assert resolved.status == "resolved"
    assert not Postmortem.objects.exists()
    page.refresh_from_db()
    assert page.version == version + (1 if published else 0)
    assert names("postmortem") == ["postmortem.written", "postmortem.deleted"]


Verb = Callable[[StatusPage, Incident], object]


@pytest.mark.parametrize(
    ("verb", "match"),
    [
        (lambda p, i: publish_postmortem(p, i, ACTOR), "write the postmortem first"),
        (lambda p, i: revert_postmortem(p, i, ACTOR), "No postmortem"),
        (lambda p, i: delete_postmortem(p, i, ACTOR), "has no postmortem"),
    ],
)
def test_what_is_not_there_is_refused(page: StatusPage, resolved: Incident, verb: Verb, match: str) -> None:
    with pytest.raises(Refused, match=match):
        verb(page, resolved)


def test_an_open_incident_has_no_published_postmortem(page: StatusPage, incident: Incident) -> None:
    write_postmortem(page, incident, ACTOR, "Too early.")
    with pytest.raises(Refused, match="once its incident is resolved"):
        publish_postmortem(page, incident, ACTOR)
    assert Postmortem.objects.get().published_at is None


def test_a_deleted_incident_takes_no_draft(page: StatusPage, incident: Incident) -> None:
    delete_incident(page, incident, ACTOR)
    with pytest.raises(Refused, match="deleted meanwhile"):
        write_postmortem(page, incident, ACTOR, "Too late.")


def test_reverting_leaves_a_reopened_incident_open(page: StatusPage, resolved: Incident) -> None:
    write_postmortem(page, resolved, ACTOR, "It was DNS.")
    publish_postmortem(page, resolved, ACTOR)
    post_update(page, resolved, ACTOR, Words("investigating", "Again."))
    revert_postmortem(page, resolved, ACTOR)

    resolved.refresh_from_db()
    assert resolved.status == "investigating"


def test_an_incident_with_a_postmortem_is_told_of_as_such_whenever_it_is_over(
    page: StatusPage, resolved: Incident
) -> None:
    write_postmortem(page, resolved, ACTOR, "It was DNS.")
    publish_postmortem(page, resolved, ACTOR)

    def status_after(word: str) -> str:
        post_update(page, resolved, ACTOR, Words(word, "One more word."))
        resolved.refresh_from_db()
        return resolved.status

    assert status_after("resolved") == "postmortem"
    assert status_after("investigating") == "investigating"
    assert status_after("resolved") == "postmortem"
    revert_postmortem(page, resolved, ACTOR)
    assert status_after("resolved") == "resolved"


def test_who_holds_the_clock_of_the_log_waits_for_no_row(page: StatusPage, incident: Incident) -> None:
    with CaptureQueriesContext(connection) as written:
        write_postmortem(page, incident, ACTOR, SECRET)
    with CaptureQueriesContext(connection) as deleted:
        delete_postmortem(page, incident, ACTOR)

    for queries, change in ((written, "INSERT"), (deleted, "DELETE")):
        asked = [one["sql"] for one in queries]
        row = next(place for place, sql in enumerate(asked) if sql.startswith(change) and "postmortem" in sql)
        clock = next(place for place, sql in enumerate(asked) if "events_eventclock" in sql)
        assert row < clock

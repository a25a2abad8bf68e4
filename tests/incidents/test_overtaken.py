"""Two people write about one incident: whoever comes second is told, and nothing is overwritten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from common.errors import Overtaken
from events.actor import SYSTEM
from events.models import Event
from incidents.actions.incident import edit_incident, edit_update, open_incident, post_update
from incidents.models import Incident
from incidents.steps import Words
from pages.models import StatusPage
from tests.conftest import ACTOR

Verb = Callable[[StatusPage, Incident, int | None], Any]


def _write(page: StatusPage, incident: Incident, seen: int | None, actor: Any = ACTOR) -> Any:
    return post_update(page, incident, actor, Words("identified", "Found."), seen=seen)


def _rename(page: StatusPage, incident: Incident, seen: int | None) -> Any:
    return edit_incident(page, incident, ACTOR, name="Slower", seen=seen)


def _reword(page: StatusPage, incident: Incident, seen: int | None) -> Any:
    return edit_update(page, incident.updates.earliest("created_at"), ACTOR, body="Hm.", seen=seen)


def _newest(incident: Incident, verb: Verb) -> int:
    if verb is _reword:
        return Event.objects.about("incident_update", incident.updates.earliest("created_at").pk).newest_id()
    return Event.objects.about("incident", incident.pk).newest_id()


@pytest.fixture
def incident(page: StatusPage) -> Incident:
    return open_incident(page, ACTOR, Words("investigating", "Oh."), name="Slow")


@pytest.mark.parametrize("verb", [_write, _rename, _reword])
def test_who_saw_the_newest_is_heard(page: StatusPage, incident: Incident, verb: Verb) -> None:
    verb(page, incident, _newest(incident, verb))

    assert Event.objects.about("incident", incident.pk).count() == 2


@pytest.mark.parametrize("verb", [_write, _rename, _reword])
def test_who_saw_less_is_refused_and_nothing_changes(
    page: StatusPage, incident: Incident, verb: Verb
) -> None:
    seen = _newest(incident, verb)
    edit_update(page, incident.updates.get(), ACTOR, body="Oh no.")
    events = Event.objects.count()

    with pytest.raises(Overtaken):
        verb(page, incident, seen)
    assert Event.objects.count() == events


def test_who_does_not_say_what_was_seen_is_heard(page: StatusPage, incident: Incident) -> None:
    _write(page, incident, None)
    _write(page, incident, None)


def test_what_happens_by_itself_overtakes_nobody(page: StatusPage, incident: Incident) -> None:
    seen = _newest(incident, _write)
    _write(page, incident, None, actor=SYSTEM)

    _write(page, incident, seen)

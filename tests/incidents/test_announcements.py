"""Notices pinned above the page, and their time."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from common.errors import Refused
from events.models import Event
from incidents.actions.announcement import (
    ANNOUNCEMENT,
    create_announcement,
    delete_announcement,
    edit_announcement,
)
from incidents.models import Announcement
from outbox.drain import drain
from outbox.models import OutboxItem
from pages.actions import pass_time
from pages.models import StatusPage
from tests.conftest import ACTOR
from tests.incidents.conftest import HOUR, NOON, Clock

pytestmark = pytest.mark.usefixtures("clock")


def names() -> list[str]:
    return list(Event.objects.filter(object_type="announcement").values_list("name", flat=True))


def test_one_that_begins_now_is_there_at_once(page: StatusPage) -> None:
    version = page.version
    announcement = create_announcement(page, ACTOR, title="We moved", body="To **another** place.")

    assert (announcement.begins_at, announcement.ends_at) == (NOON, None)
    assert page.version == version + 1
    assert names() == ["announcement.created"]
    assert not OutboxItem.objects.filter(topic=ANNOUNCEMENT).exists()


def test_its_time_comes_and_goes_by_itself(page: StatusPage, clock: Clock) -> None:
    create_announcement(page, ACTOR, title="Soon", begins_at=NOON + HOUR, ends_at=NOON + 2 * HOUR)
    seen = []
    for minutes in range(0, 180, 20):
        clock.move_to(NOON + timedelta(minutes=minutes), tick=False)
        drain([ANNOUNCEMENT])
        drain([ANNOUNCEMENT])
        seen.append(len(names()))

    assert seen == [1, 1, 1, 2, 2, 2, 3, 3, 3]
    assert names() == ["announcement.created", "announcement.began", "announcement.ended"]
    assert not Event.objects.filter(notify=True).exists()
    page.refresh_from_db()
    assert page.version_at == NOON + 2 * HOUR


def test_a_version_taken_meanwhile_is_enough(page: StatusPage, clock: Clock) -> None:
    create_announcement(page, ACTOR, title="Soon", begins_at=NOON + HOUR)
    clock.move_to(NOON + 2 * HOUR, tick=False)
    pass_time(page)
    drain([ANNOUNCEMENT])

    assert names() == ["announcement.created"]


def test_one_that_came_and_went_while_nothing_ran_takes_one_version(page: StatusPage, clock: Clock) -> None:
    create_announcement(page, ACTOR, title="Soon", begins_at=NOON + HOUR, ends_at=NOON + 2 * HOUR)
    clock.move_to(NOON + 5 * HOUR, tick=False)
    drain([ANNOUNCEMENT])

    assert names() == ["announcement.created", "announcement.ended"]
    assert not OutboxItem.objects.filter(topic=ANNOUNCEMENT).exists()


def test_moved_times_are_followed(page: StatusPage, clock: Clock) -> None:
    announcement = create_announcement(page, ACTOR, title="Soon", begins_at=NOON + HOUR)
    edit_announcement(page, announcement, ACTOR, begins_at=NOON + 3 * HOUR)
    clock.move_to(NOON + 2 * HOUR, tick=False)
    drain([ANNOUNCEMENT])
    assert names()[2:] == []

    clock.move_to(NOON + 3 * HOUR, tick=False)
    drain([ANNOUNCEMENT])
    assert names()[2:] == ["announcement.began"]


def test_a_deleted_one_does_nothing_more(page: StatusPage, clock: Clock) -> None:
    announcement = create_announcement(page, ACTOR, title="Soon", begins_at=NOON + HOUR)
    delete_announcement(page, announcement, ACTOR)
    clock.move_to(NOON + 2 * HOUR, tick=False)
    drain([ANNOUNCEMENT])

    assert names() == ["announcement.created", "announcement.deleted"]
    assert not OutboxItem.objects.filter(topic=ANNOUNCEMENT).exists()
    with pytest.raises(Refused, match="deleted meanwhile"):
        edit_announcement(page, announcement, ACTOR, title="Later")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"title": ""}, "title"),
        ({"body": "x" * 10_001}, "body"),
        ({"begins_at": NOON + HOUR, "ends_at": NOON + HOUR}, "ends_at"),
        ({"begins_at": NOON - 2 * HOUR, "ends_at": NOON - HOUR}, "ends_at"),
    ],
)
def test_bad_input_is_refused_when_made_and_when_changed(
    page: StatusPage, fields: dict[str, Any], field: str
) -> None:
    with pytest.raises(Refused) as refused:
        create_announcement(page, ACTOR, **({"title": "Soon"} | fields))
    assert refused.value.field == field
    assert not Announcement.objects.exists()

    announcement = create_announcement(page, ACTOR, title="Soon")
    with pytest.raises(Refused) as refused:
        edit_announcement(page, announcement, ACTOR, **fields)
    assert refused.value.field == field
    assert names() == ["announcement.created"]

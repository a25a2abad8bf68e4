"""A clock that is set back loses nothing, holds up nothing, and nothing goes back with it."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from components.actions import create_component
from events.models import Event
from outbox.drain import drain_lanes
from outbox.queue import forget_what_will_be
from outbox.registry import Lane
from pages.actions import update_page
from pages.models import StatusPage
from publishing.storage import store
from tests.conftest import ACTOR
from tests.publishing.published import assert_published


@pytest.mark.parametrize("back", [timedelta(hours=1), timedelta(days=400)])
def test_what_was_changed_before_and_after_is_published(page: StatusPage, back: timedelta) -> None:
    now = timezone.now()
    with time_machine.travel(now + back, tick=True):
        create_component(page, ACTOR, name="Before")
        drain_lanes(Lane.PUBLISH, Lane.ARCHIVE)
        update_page(page, ACTOR, name="Waits")
        waiting = store().manifest(page.pk)
    with time_machine.travel(now, tick=True):
        forget_what_will_be(timezone.now())
        drain_lanes(Lane.PUBLISH, Lane.ARCHIVE)
        found = store().manifest(page.pk)
        assert waiting is not None
        assert found is not None
        assert found.version == waiting.version + 1
        update_page(page, ACTOR, name="After")
        drain_lanes(Lane.PUBLISH, Lane.ARCHIVE)

        assert_published(page)
        assert b"After" in (store().body(store().manifest(page.pk).entries["/"].hash) or b"")  # type: ignore[union-attr]
    times = list(Event.objects.of_page(page.pk).order_by("version").values_list("at", flat=True))
    assert times == sorted(times)

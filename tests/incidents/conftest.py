"""Time stands still where a test asks for it, and passes when it says so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from incidents.actions.announcement import ANNOUNCEMENT
from incidents.windows import MAINTENANCE
from outbox.drain import drain
from outbox.models import OutboxItem
from pages.actions import CADENCE

# A Friday in winter time.
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
Clock = time_machine.Traveller


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Noon, standing still."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


@pytest.fixture
def pass_to(clock: Clock) -> Callable[[datetime], None]:
    """Let time pass until then, and what has become due be done."""

    def travel(at: datetime) -> None:
        clock.move_to(at, tick=False)
        while drain([MAINTENANCE, ANNOUNCEMENT, CADENCE]):
            # What was handled for long may rest, and its rest would not pass.
            OutboxItem.objects.filter(lease_token=None).update(lease_until=None)

    return travel

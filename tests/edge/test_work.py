"""Work in the background is tried again where the system refuses it, and only then."""

from __future__ import annotations

import asyncio
import errno

import pytest

from edge.work import Again


@pytest.mark.parametrize(
    ("error", "tries"), [(OSError(errno.ENOSPC, "No space left on device"), 2), (ValueError("broken"), 1)]
)
def test_what_a_full_disk_stops_is_done_once_there_is_room(error: Exception, tries: int) -> None:
    async def scenario() -> int:
        again, tried = Again(), 0

        async def work() -> None:
            nonlocal tried
            tried += 1
            if tried == 1:
                raise error

        again.ask("page", work)
        await asyncio.sleep(2.5)
        await again.stop()
        return tried

    assert asyncio.run(scenario()) == tries

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from common.instants import retry_after


@pytest.mark.parametrize("value", [None, "", "soon", "-5", "1.5", "٣٠ seconds"])
def test_what_is_no_time_is_none(value: str | None) -> None:
    assert retry_after(value) is None


def test_seconds_and_dates_are_read() -> None:
    assert retry_after(" 120 ") == timedelta(minutes=2)
    in_a_minute = retry_after(format_datetime(datetime.now(UTC) + timedelta(minutes=1), usegmt=True))
    assert in_a_minute is not None
    assert timedelta(seconds=57) < in_a_minute <= timedelta(minutes=1)


def test_a_date_that_is_over_asks_for_no_wait_and_a_huge_number_breaks_nothing() -> None:
    assert retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == timedelta()
    assert retry_after("9" * 400) == timedelta(seconds=999_999_999)

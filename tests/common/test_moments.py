"""Instants come out of the database as they went in, and as Django's own loader would read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from django.db import DataError, connection

from common.moments import UtcLoader

_WRITTEN = [
    "2026-11-20 18:55:03+00",
    "2026-11-20 18:55:03.1+00",
    "2026-11-20 18:55:03.123456+00",
    "0001-01-01 00:00:00+00",
    "9999-12-31 23:59:59.999999+00",
]


@pytest.mark.django_db
@pytest.mark.parametrize("written", _WRITTEN)
def test_an_instant_is_read_as_it_was_written(written: str) -> None:
    with connection.cursor() as cursor:
        loader = cursor.connection.adapters.get_loader(1184, 0)
        cursor.execute("SELECT %s::timestamptz, %s", [written, written])
        instant, _ = cursor.fetchone()
    assert loader is UtcLoader
    assert instant == datetime.fromisoformat(written)
    assert instant.tzinfo is UTC


def test_an_offset_moves_the_instant_into_utc() -> None:
    loader = UtcLoader(1184)
    berlin = datetime(2026, 11, 20, 19, 55, tzinfo=timezone(timedelta(hours=1)))
    for data in (b"2026-11-20 19:55:00+01", memoryview(b"2026-11-20 19:55:00+01:00")):
        assert loader.load(data) == berlin
        assert loader.load(data).tzinfo is UTC


@pytest.mark.django_db
@pytest.mark.parametrize(
    "written", ["infinity", "-infinity", "0044-03-15 12:00:00+00 BC", "10000-01-01 00:00:00+00"]
)
def test_what_no_calendar_has_room_for_is_refused_in_words(written: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [written])
        with pytest.raises(DataError):
            cursor.fetchone()

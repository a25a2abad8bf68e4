"""A database that takes a question and does not answer is not waited for by whoever is waited for."""

from __future__ import annotations

import time
from collections.abc import Iterator

import psycopg
import pytest
from django.db import OperationalError, connection

from common.patience import PatientConnection, Unanswered, patience
from statuspage.middleware import database_away


@pytest.fixture
def patient(db: None) -> Iterator[PatientConnection]:
    known = {name: value for name, value in connection.get_connection_params().items() if name in _NAMED}
    with PatientConnection.connect(**known, autocommit=True) as opened:
        yield opened


_NAMED = {"host", "port", "user", "password", "dbname"}


def test_an_answer_that_does_not_come_is_given_up_with_its_connection(patient: PatientConnection) -> None:
    with patience(0.2), pytest.raises(Unanswered):
        patient.execute("SELECT pg_sleep(30)")
    assert patient.closed


def test_a_server_that_is_only_slow_hears_that_nobody_waits(patient: PatientConnection) -> None:
    with patience(0.2), pytest.raises(Unanswered):
        patient.execute("SELECT pg_sleep(30), 'nobody waits'")
    until = time.monotonic() + 10
    while _is_at("SELECT pg_sleep(30), 'nobody waits'"):
        assert time.monotonic() < until


def _is_at(statement: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_stat_activity WHERE query = %s AND state = 'active'", [statement])
        return cursor.fetchone() is not None


def test_without_patience_set_everybody_waits(patient: PatientConnection) -> None:
    with patience(0.01):
        pass
    assert patient.execute("SELECT pg_sleep(0.1), 7").fetchone() == ("", 7)
    with patience(20):
        assert patient.execute("SELECT 8").fetchone() == (8,)


def test_whoever_sent_something_to_a_server_that_hangs_is_not_told_that_it_is_lost(db: None) -> None:
    said = {}
    for cause in (Unanswered("late"), psycopg.OperationalError("gone")):
        error = OperationalError("away")
        error.__cause__ = cause
        said[type(cause)] = database_away(error).content.decode()
    assert "look before you send it again" in said[Unanswered]
    assert "Nothing was saved." in said[psycopg.OperationalError]

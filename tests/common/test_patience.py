"""A database that takes a question and does not answer is not waited for by whoever is waited for."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest
from django.db import OperationalError, connection

from common.patience import PatientConnection, Unanswered, patience
from statuspage.middleware import database_away


@pytest.fixture
def patient(db: None) -> Iterator[PatientConnection]:
    with _connect() as opened:
        yield opened


# Ends the session in the middle of COMMIT.
_ENDS_AT_COMMIT = """
CREATE TEMPORARY TABLE kept (number int);
CREATE FUNCTION pg_temp.end_it() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$;
CREATE CONSTRAINT TRIGGER at_commit AFTER INSERT ON kept DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION pg_temp.end_it();
"""


def test_a_commit_that_nobody_heard_of_may_have_been_done(patient: PatientConnection) -> None:
    patient.execute(_ENDS_AT_COMMIT)
    patient.set_autocommit(False)
    patient.execute("INSERT INTO kept VALUES (1)")
    with pytest.raises(Unanswered):
        patient.commit()


def test_a_connection_that_was_lost_before_has_committed_nothing(patient: PatientConnection) -> None:
    with pytest.raises(psycopg.OperationalError) as lost:
        patient.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert not isinstance(lost.value, Unanswered)


def _connect() -> PatientConnection:
    known = {name: value for name, value in connection.get_connection_params().items() if name in _NAMED}
    return PatientConnection.connect(**known, autocommit=True)


_NAMED = {"host", "port", "user", "password", "dbname"}


def test_an_answer_that_does_not_come_is_given_up_with_its_connection(patient: PatientConnection) -> None:
    with patience(0.2), pytest.raises(Unanswered):
        patient.execute("SELECT pg_sleep(30)")
    assert patient.closed


# It is told once, and has a moment to take that: on a busy machine it may miss it.
_TRIES = 5


def test_a_server_that_is_only_slow_hears_that_nobody_waits(db: None) -> None:
    asked = [f"SELECT pg_sleep(30), 'nobody waits for {number}'" for number in range(_TRIES)]
    for statement in asked:
        with _connect() as patient, patience(0.2), pytest.raises(Unanswered):
            patient.execute(statement)
    assert _at_work(asked) < _TRIES


def _at_work(statements: list[str]) -> int:
    with connection.cursor() as cursor:
        looked = "SELECT count(*) FROM pg_stat_activity WHERE query = ANY(%s) AND state = 'active'"
        cursor.execute(looked, [statements])
        return int(cursor.fetchone()[0])


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

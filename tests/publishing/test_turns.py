"""Who is told to let others go first waits for whoever is not, and for nobody for ever."""

from __future__ import annotations

import threading
import time

import pytest

from pages.models import StatusPage
from publishing.turns import PATIENCE, Turns, turns
from tests.publishing.changes import CHANGES
from tests.publishing.published import assert_published, drain_publishing

pytestmark = pytest.mark.django_db


def test_the_last_one_goes_on_once_the_others_are_done() -> None:
    turns = Turns(patience=30)
    done: list[str] = []
    with turns.taken(last=True) as late:
        items = late.passing("ab")
        assert next(items) == "a"
        began, go = threading.Event(), threading.Event()

        def work() -> None:
            turns.change(1)
            began.set()
            go.wait(30)
            done.append("urgent")
            turns.change(-1)

        worker = threading.Thread(target=work)
        worker.start()
        began.wait(30)
        threading.Timer(0.05, go.set).start()
        assert next(items) == "b"
        done.append("late")
        worker.join()
    assert done == ["urgent", "late"]


def test_nobody_waits_longer_than_his_patience_all_in_all() -> None:
    turns = Turns(patience=0.05)
    turns.change(1)
    with turns.taken(last=True) as late:
        began = time.monotonic()
        assert [*late.passing(range(1000))] == [*range(1000)]
        assert time.monotonic() - began >= 0.05
    assert turns.urgent == 1


def test_those_who_all_let_others_first_wait_for_none() -> None:
    turns = Turns(patience=3600)
    with turns.taken() as one, turns.taken() as other:
        one.let_others_first()
        other.let_others_first()
        assert [*one.passing([1, 2])] == [1, 2]
        assert [*other.passing([1, 2])] == [1, 2]
    assert turns.urgent == 0


def test_who_fails_holds_up_nobody() -> None:
    turns = Turns(patience=3600)
    with pytest.raises(ZeroDivisionError), turns.taken():
        1 / 0  # noqa: B018
    assert turns.urgent == 0


def test_a_page_that_changes_faster_than_it_is_published_lets_others_first(page: StatusPage) -> None:
    drain_publishing()
    for name in ("brand", "language"):
        CHANGES[name](page)
    turns.change(1)
    began = time.monotonic()
    try:
        drain_publishing()
    finally:
        turns.change(-1)
    assert time.monotonic() - began >= PATIENCE
    assert_published(page)

"""What became of messages is written down beside sending, whatever happens to either."""

from __future__ import annotations

from threading import Event

import pytest

from notifications.beside import Beside


def test_the_end_of_a_batch_waits_for_no_other() -> None:
    slow, last = Event(), Event()
    written: list[list[int]] = []

    def write(noted: list[int]) -> None:
        slow.wait(10)
        written.append(noted)
        if noted == [2]:
            last.set()

    with Beside(write, 60) as book:
        for one in (1, 2):
            book.note(one)
            book.begin()
        slow.set()
        assert last.wait(10)
        assert written == [[1], [2]]


def test_what_follows_is_written_though_what_came_before_could_not_be() -> None:
    noted_all = Event()
    written: list[int] = []

    def write(noted: list[int]) -> None:
        noted_all.wait(10)
        if 1 in noted:
            raise KeyError(1)
        written.extend(noted)

    def run() -> None:
        with Beside(write, 60) as book:
            for one in (1, 2):
                book.note(one)
                book.begin()
            book.note(3)
            noted_all.set()

    with pytest.raises(KeyError):
        run()
    assert sorted(written) == [2, 3]

"""What became of messages is written down beside sending, and the next are claimed, whatever happens."""

from __future__ import annotations

import math
from collections.abc import Generator
from datetime import UTC, datetime
from threading import Event
from types import SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest

from notifications import ahead
from notifications.ahead import Ahead, Batch
from notifications.beside import Beside
from notifications.channels import CHANNELS
from notifications.letters import Outcome, Verdict
from notifications.sending import _attempts


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


@pytest.mark.parametrize("said", [0, 1, 2])
def test_a_channel_that_breaks_is_the_doing_of_at_most_one(
    said: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters: list[Any] = [SimpleNamespace(id=number) for number in range(2)]

    def send(_letters: object, _until: float) -> Generator[Outcome]:
        for letter in letters[:said]:
            yield Outcome(letter, Verdict.ACCEPTED, datetime.now(UTC))
        raise KeyError

    monkeypatch.setitem(CHANNELS, "broken", SimpleNamespace(send=send))
    found = [one.verdict for one in _attempts("broken", letters, 0.0)]
    assert found == [Verdict.ACCEPTED] * said + [Verdict.RETRY] * (said < 2)


@pytest.mark.parametrize("waits", [0, 1])
def test_once_the_time_is_over_what_was_claimed_ahead_is_sent_and_nothing_else_claimed(
    waits: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ahead, "_SOON", 600.0)
    monkeypatch.setattr(ahead, "_HELD", 600.0)
    letters: list[Any] = [None] * ahead._MANY
    claimed = [Batch(uuid4(), letters, 0.0) for _ in range(1 + waits)]
    asked: list[int] = []

    def claim() -> Batch | None:
        asked.append(len(claimed))
        return claimed.pop() if claimed else None

    with Beside[int](list.clear, 60) as book, Ahead(claim, book, math.inf) as batches:
        assert batches.take()
        batches.expect(len(letters))
        for _ in letters:
            batches.note()
        assert batches.is_begun
        batches._until = 0.0
        assert bool(batches.take()) == bool(waits)
    assert asked == [1 + waits, waits]

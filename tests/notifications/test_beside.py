"""What became of messages is written down beside sending, whatever happens to either."""

from __future__ import annotations

from collections.abc import Generator
from datetime import UTC, datetime
from threading import Event
from types import SimpleNamespace
from typing import Any

import pytest

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

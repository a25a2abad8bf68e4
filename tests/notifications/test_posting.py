"""Requests to machines: none is in the way of others, whatever becomes of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from notifications import posting
from notifications.posting import post_all
from notifications.posts import Post, Reply
from tests.hooks import Answer, Hooks, hooks


@pytest.fixture
def machine(settings: Any) -> Iterator[Hooks]:
    settings.EGRESS_ALLOW_NETS = ["127.0.0.0/8"]
    with hooks() as running:
        yield running


def replies(posts: list[Post]) -> dict[int, Reply]:
    return {one.number: one for one in post_all(posts, time.monotonic() + 20)}


def test_all_who_begin_at_once_share_one_loop() -> None:
    posting._started.cache_clear()
    posting._session.cache_clear()
    together = Barrier(8)

    def begin(_number: int) -> int:
        together.wait(10)
        return id(posting._loop())

    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(begin, range(8)))) == 1


def test_a_request_that_cannot_be_made_stops_no_other(machine: Hooks) -> None:
    posts = [Post(number, machine.url("/hook"), b"{}", {}) for number in range(20)]
    posts[3].headers = {"X-Number": 3}  # type: ignore[dict-item]
    found = replies(posts)
    assert {number for number, reply in found.items() if reply.code == 200} == {*range(20)} - {3}
    assert (found[3].code, found[3].error) == (None, "TypeError")


def test_whoever_has_too_much_to_do_is_not_asked_for_more(machine: Hooks) -> None:
    machine.always = Answer(503, after=0.05)
    replies([Post(number, machine.url("/hook"), b"{}", {}) for number in range(30)])
    came = sorted(one.at for one in machine.got)
    assert len(came) == 30
    assert all(later - earlier >= 0.05 for earlier, later in zip(came, came[5:], strict=False))

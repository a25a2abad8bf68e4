"""What nginx does beyond passing on: it keeps pages for when nobody else answers."""

from __future__ import annotations

import time

import pytest

from statuspage.supervisor.children import Child
from tests.clocks import Stopwatch, until
from tests.proxies.conftest import Proxy, away
from tests.proxies.visitor import PAGE_HOST, Answer

pytestmark = pytest.mark.process

PATHS = ("/", "/history", "/api/v2/summary.json", "/history.atom")


def test_with_edge_and_web_process_away_pages_still_answer(nginx: Proxy, processes: dict[str, Child]) -> None:
    asked = [(path, encoding) for path in PATHS for encoding in ("br", "gzip", "identity")]
    before = {one: once_kept(nginx, *one) for one in asked}
    with away(*processes.values()):
        time.sleep(1.5)
        for (path, encoding), kept in before.items():
            answer = nginx.visitor.get(PAGE_HOST, path, accept_encoding=encoding)
            assert (answer.status, answer.body) == (200, kept.body)
            assert answer.headers["x-cache"] == "STALE"
            assert answer.headers["etag"] == kept.headers["etag"]
            etag = kept.headers["etag"]
            known = nginx.visitor.get(PAGE_HOST, path, accept_encoding=encoding, if_none_match=etag)
            assert known.status == 304
        assert nginx.visitor.get(PAGE_HOST, "/subscriptions/new").status == 502


def once_kept(nginx: Proxy, path: str, encoding: str) -> Answer:
    """What is answered once nginx keeps it, as it does not keep what was changed a moment ago."""
    found = []

    def is_kept() -> bool:
        found.append(nginx.visitor.get(PAGE_HOST, path, accept_encoding=encoding))
        return found[-1].headers["x-cache"] == "HIT"

    until(is_kept)
    return found[-1]


def test_one_answer_serves_all_who_ask_within_a_second(nginx: Proxy, processes: dict[str, Child]) -> None:
    found = [nginx.visitor.get(PAGE_HOST, "/history.rss").headers["x-cache"]]
    watch = Stopwatch()
    # What was changed a moment ago is not kept before the edge has settled.
    while found[-1] != "HIT" and watch.seconds < 10:
        found.append(nginx.visitor.get(PAGE_HOST, "/history.rss").headers["x-cache"])

    assert found[0] == "MISS"
    assert found[-1] == "HIT"

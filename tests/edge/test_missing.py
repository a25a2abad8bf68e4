"""What the store lacks: asked of the fallback once, and a skeleton meanwhile that completes itself."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import re
from dataclasses import replace

import pytest

from edge.missing import PATIENCE
from edge.request import Message, Receive, Scope, Send
from store import Document, Store
from store.emergency import TARGETS
from tests.clocks import Stopwatch
from tests.edge.visitor import ACME_HOST, Reply, ask, asking, edge_over, teapot, until
from tests.store.builders import ACME, HTML, documents, manifest, publish, text


class Slow:
    """A fallback that takes its time, and publishes like the real one."""

    def __init__(self, store: Store, seconds: float) -> None:
        self.store, self.seconds = store, seconds
        self.asked: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append(scope)
        assert (await receive())["type"] == "http.request"
        leaving = asyncio.create_task(_next(receive))
        await asyncio.sleep(self.seconds)
        assert not leaving.done()
        leaving.cancel()
        await asyncio.to_thread(publish, self.store, 1)
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/x")]})
        await send({"type": "http.response.body", "body": b"from the ", "more_body": True})
        await send({"type": "http.response.body", "body": b"fallback"})


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fallback that is quick on a quiet machine is waited for on a busy one."""
    monkeypatch.setattr("edge.missing.PATIENCE", 60.0)


async def _next(receive: Receive) -> Message:
    return await receive()


def test_a_quick_fallback_answers_itself_once_for_all_who_wait(store: Store, patient: None) -> None:
    async def scenario() -> None:
        slow = Slow(store, 0.2)
        edge = edge_over(store, slow)
        asked = [ask(edge, ACME_HOST, "/history", cookie=f"visitor={number}") for number in range(50)]
        replies = await asyncio.gather(*asked, ask(edge, ACME_HOST, "/history", "HEAD"))
        assert {(reply.status, reply.body) for reply in replies[:50]} == {(200, b"from the fallback")}
        assert replies[50].body == b""
        assert [scope["headers"] for scope in slow.asked] == [[(b"host", ACME_HOST.encode())]]
        assert slow.asked[0]["method"] == "GET"

    asyncio.run(scenario())


def test_who_spells_the_host_oddly_spoils_no_answer_for_others(store: Store, patient: None) -> None:
    async def scenario() -> None:
        slow = Slow(store, 0.2)
        edge = edge_over(store, slow)
        odd = (f"{ACME_HOST}:no-port", f"{ACME_HOST.upper()}.")
        await asyncio.gather(*(ask(edge, host, "/history") for host in (*odd, ACME_HOST)))
        assert [scope["headers"] for scope in slow.asked] == [[(b"host", ACME_HOST.encode())]]

    asyncio.run(scenario())


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_nobody_asks_the_fallback_for_what_is_ready_for_an_emergency(store: Store, method: str) -> None:
    assert asking(edge_over(store, teapot), ACME_HOST, TARGETS, method).status != 418


def test_a_slow_fallback_is_not_waited_for_and_completes_what_it_began(store: Store) -> None:
    async def scenario() -> None:
        slow = Slow(store, PATIENCE + 0.3)
        edge = edge_over(store, slow)
        watch = Stopwatch()
        replies = await asyncio.gather(*(ask(edge, ACME_HOST) for _ in range(20)))
        assert watch.passed >= PATIENCE
        assert watch.seconds < PATIENCE + 0.25
        assert {reply.status for reply in replies} == {503}

        async def is_there() -> bool:
            return (await ask(edge, ACME_HOST)).body == text(ACME, "/", 1)

        await until(is_there, within=3)
        assert len(slow.asked) == 1

    asyncio.run(scenario())


def test_many_documents_at_once_leave_the_fallback_time_for_other_things(store: Store, patient: None) -> None:
    async def scenario() -> None:
        slow = Slow(store, 0.25)
        edge = edge_over(store, slow)
        replies = await asyncio.gather(*(ask(edge, ACME_HOST, f"/{number}") for number in range(40)))
        assert len(slow.asked) == 8
        assert sorted(reply.status for reply in replies) == [200] * 8 + [503] * 32

    asyncio.run(scenario())


def test_a_fallback_that_fails_is_no_traceback_to_visitors(store: Store) -> None:
    async def failing(scope: Scope, receive: Receive, send: Send) -> None:
        message = "broken"
        raise RuntimeError(message)

    assert asking(edge_over(store, failing), ACME_HOST).status == 503


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("path", "content_type"),
    [
        ("/", "text/html; charset=utf-8"),
        ("/incidents/acmeacmeacme", "text/html; charset=utf-8"),
        ("/api/v2/summary.json", "application/json; charset=utf-8"),
        ("/history.json", "application/json; charset=utf-8"),
        ("/api/v2/nothing", "application/json; charset=utf-8"),
        ("/history.atom", "text/plain; charset=utf-8"),
        ("/badge.svg", "text/plain; charset=utf-8"),
    ],
)
def test_alone_an_edge_says_in_the_form_asked_for_that_it_is_on_its_way(
    store: Store, method: str, path: str, content_type: str
) -> None:
    reply = asking(edge_over(store), ACME_HOST, path, method)
    assert (reply.status, reply.headers["content-type"]) == (503, content_type)
    assert (reply.headers["retry-after"], reply.headers["cache-control"]) == ("2", "no-store")
    assert (b"on its way" in reply.body) is (method == "GET")
    if content_type.startswith("application/json") and reply.body:
        assert "error" in json.loads(reply.body)
        assert reply.headers["access-control-allow-origin"] == "*"


def test_the_skeleton_completes_itself_with_and_without_script(store: Store) -> None:
    reply = asking(edge_over(store), ACME_HOST)
    page, policy = reply.body.decode(), reply.headers["content-security-policy"]
    assert '<noscript><meta http-equiv="refresh" content="5"></noscript>' in page
    for tag in ("style", "script"):
        content = _between(reply, tag)
        digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "nonce" not in policy
    assert "unsafe" not in policy


def _between(reply: Reply, tag: str) -> bytes:
    found = re.search(f"<{tag}>(.*?)</{tag}>".encode(), reply.body, re.DOTALL)
    assert found is not None
    return found[1]


COLD = ("/incidents/acmeacmeacme", "/history/2026-01", "/uptime/2026-01/", "/components/api/history.atom")


def awaiting(store: Store, *awaited: str) -> None:
    new = [*documents(1), Document("/404", b"<h1>Nothing</h1>", HTML, status=404)]
    assert store.put(replace(manifest(1, new, release=len(awaited)), awaited=awaited), new)


def test_what_is_awaited_is_on_its_way_and_the_rest_is_there_or_not(store: Store) -> None:
    awaiting(store, "m 2026-01")
    for app, status in ((edge_over(store), 503), (edge_over(store, teapot), 418)):
        assert [asking(app, ACME_HOST, path).status for path in COLD] == [status] * len(COLD)
        assert asking(app, ACME_HOST, "/history.json", query=b"page=2").status == status
        assert asking(app, ACME_HOST, "/history").status == 200
        assert asking(app, ACME_HOST, "/nothing").status == 404


def test_once_nothing_is_awaited_what_is_not_there_is_a_404(store: Store) -> None:
    awaiting(store)
    assert [asking(edge_over(store), ACME_HOST, path).status for path in COLD] == [404] * len(COLD)

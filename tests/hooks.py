"""A machine that is told by webhooks: keeps what it gets, and answers as it is told to."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass(frozen=True)
class Got:
    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        return dict(json.loads(self.raw))


@dataclass(frozen=True)
class Answer:
    """`after`: seconds that it takes."""

    status: int = 200
    body: str = "ok"
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0.0


@dataclass
class Hooks:
    """`answers` are given one after another, then `always`; `echoes` repeats challenges."""

    port: int = 0
    got: list[Got] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    always: Answer = Answer()
    echoes: bool = False

    def url(self, path: str = "/hook") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def at(self, path: str) -> list[Got]:
        return [one for one in self.got if one.path == path]

    def answer_to(self, got: Got) -> Answer:
        if self.answers:
            return self.answers.pop(0)
        asked = got.body.get("meta", {}).get("challenge") if self.echoes else None
        return Answer(body=asked) if asked else self.always


@contextmanager
def hooks() -> Iterator[Hooks]:
    kept = Hooks()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            got = Got(self.path, {name.lower(): value for name, value in self.headers.items()}, raw)
            answer = kept.answer_to(got)
            kept.got.append(got)
            time.sleep(answer.after)
            self.send_response(answer.status)
            content = answer.body.encode()
            for name, value in {"Content-Length": str(len(content)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    kept.port = server.server_port
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

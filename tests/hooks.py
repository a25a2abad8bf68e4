"""A machine that is told by webhooks: keeps what it gets, and answers as it is told to."""

from __future__ import annotations

import json
import socket
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
    method: str = "POST"
    at: float = field(default_factory=time.monotonic)

    @property
    def body(self) -> dict[str, Any]:
        return dict(json.loads(self.raw))


@dataclass(frozen=True)
class Answer:
    """`after`: seconds that it takes; a status of 0 hangs up without a word. `half`: begins to answer, closes
    its own side alone, and waits for the other to go."""

    status: int = 200
    body: str = "ok"
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0.0
    half: bool = False


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, *_: Any) -> None:
        """Who hangs up in the middle is what tests are about."""


@dataclass
class Hooks:
    """`got` is every request, `taken` those that were answered well. `answers` are given one after another,
    then `always`; `echoes` repeats challenges. `looked_up` is what GET is answered."""

    port: int = 0
    host: str = "127.0.0.1"
    got: list[Got] = field(default_factory=list)
    taken: list[Got] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    always: Answer = Answer()
    looked_up: Answer = Answer(404)
    echoes: bool = False

    def url(self, path: str = "/hook") -> str:
        return f"http://{self.host}:{self.port}{path}"

    def at(self, path: str) -> list[Got]:
        return [one for one in self.got if one.path == path]

    def answer_to(self, got: Got) -> Answer:
        if got.method == "GET":
            return self.looked_up
        if self.answers:
            return self.answers.pop(0)
        asked = got.body.get("meta", {}).get("challenge") if self.echoes else None
        return Answer(body=asked) if asked else self.always


@contextmanager
def hooks(host: str = "127.0.0.1") -> Iterator[Hooks]:
    """`host`: an address of the loopback; each counts as a machine of its own."""
    kept = Hooks(host=host)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.do_POST()

        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            got = Got(self.path, headers, raw, self.command)
            answer = kept.answer_to(got)
            kept.got.append(got)
            if 200 <= answer.status < 300 and not answer.half:
                kept.taken.append(got)
            time.sleep(answer.after)
            if answer.half:
                self.connection.sendall(b"HTTP/1.1 2")
                self.connection.shutdown(socket.SHUT_WR)
                self.rfile.read()
            if answer.half or not answer.status:
                self.close_connection = True
                return
            self.send_response(answer.status)
            content = answer.body.encode()
            for name, value in {"Content-Length": str(len(content)), **answer.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = _Server((host, 0), Handler)
    kept.port = server.server_port
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

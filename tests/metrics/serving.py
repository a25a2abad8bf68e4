"""A service that is asked for metrics: keeps what it is asked, and answers as it is told to."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


@dataclass(frozen=True)
class Asked:
    path: str
    headers: dict[str, str]


@dataclass(frozen=True)
class Answer:
    """`after`: seconds that it takes; a status of 0 hangs up without a word."""

    status: int = 200
    body: str = "{}"
    headers: dict[str, str] = field(default_factory=dict)
    after: float = 0.0


@dataclass
class Service:
    """`answers` are given one after another, then `always`."""

    port: int = 0
    got: list[Asked] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    always: Answer = Answer()

    @property
    def base(self) -> str:
        return f"http://127.0.0.1:{self.port}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_: Any) -> None:
        """Who hangs up in the middle is what tests are about."""


@contextmanager
def serving() -> Iterator[Service]:
    service = Service()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            service.got.append(Asked(self.path, {name.lower(): one for name, one in self.headers.items()}))
            answer = service.answers.pop(0) if service.answers else service.always
            time.sleep(answer.after)
            if not answer.status:
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body.encode())

        def log_message(self, *_: Any) -> None:
            """Says nothing."""

    server = _Server(("127.0.0.1", 0), Handler)
    service.port = server.server_port
    thread = Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""Machines that are told: they note what they get, as slowly as asked."""

from __future__ import annotations

import socketserver
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Got:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Sink:
    url: str = ""
    delay: float = 0.0
    failing: set[str] = field(default_factory=set)
    """Paths that are answered with 500."""
    got: list[Got] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def by_path(self) -> Counter[str]:
        with self.lock:
            return Counter(one.path for one in self.got)


@contextmanager
def endless(begins: bytes) -> Iterator[str]:
    """A machine that answers so, and then says a little now and then, for ever; its URL."""

    class Drip(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(65536)
            self.request.sendall(begins)
            with suppress(OSError):
                while True:
                    self.request.sendall(b"x")
                    time.sleep(0.5)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Drip) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@contextmanager
def sink() -> Iterator[Sink]:
    state = Sink()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            with state.lock:
                state.got.append(Got(self.path, headers, body))
            time.sleep(state.delay)
            self.send_response(500 if self.path in state.failing else 204)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_args: object) -> None:
            """Requests are no news."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    state.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()

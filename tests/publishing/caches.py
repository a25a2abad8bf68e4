"""A server in place of a cache or its API, which notes what it is asked and answers as it is told."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

# What the two APIs say of success, and of a token that may not purge.
CLOUDFLARE = {
    "success": True,
    "errors": [],
    "messages": [],
    "result": {"id": "023e105f4ecef8ad9ca31a8372d0c353"},
}
CLOUDFLARE_REFUSAL = {
    "success": False,
    "errors": [{"code": 10000, "message": "Authentication error"}],
    "messages": [],
    "result": None,
}
FASTLY_REFUSAL = {"msg": "Provided credentials are missing or invalid"}


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Reply:
    """`pause` is how long the server says nothing before it answers, in seconds."""

    status: int = 200
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)
    pause: float = 0


@dataclass
class Cache:
    """`replies` are given one after another, then `usual` for ever."""

    usual: Reply
    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)

    def reply(self) -> Reply:
        return self.replies.pop(0) if self.replies else self.usual


@contextmanager
def cache(usual: Any = None) -> Iterator[Cache]:
    """Run one on a free port until the block ends; `usual` is the body of its success."""
    kept = Cache(Reply(body=usual))

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _note(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            kept.asked.append(Asked(self.command, self.path, headers, body))
            reply = kept.reply()
            time.sleep(reply.pause)
            said = b"" if reply.body is None else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in {"Content-Length": str(len(said)), **reply.headers}.items():
                self.send_header(name, value)
            # Whoever asked may have given up meanwhile.
            with suppress(OSError):
                self.end_headers()
                self.wfile.write(said)

        do_POST = do_BAN = do_PURGE = _note  # noqa: N815 the names that the server looks for

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 its name there
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.url = f"http://127.0.0.1:{server.server_port}"
    Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()

"""A page as Statuspage serves it, out of a folder of recorded documents, with the limits of the real one."""

from __future__ import annotations

import gzip
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

RECORDED = Path(__file__).parents[2] / "fixtures" / "githubstatus"
NEWEST = 50
MONTHS = ["January", "February", "March", "April", "May", "June", "July"]
MONTHS += ["August", "September", "October", "November", "December"]

Trouble = Callable[["Handler", str, int], bool]


def recorded(name: str) -> dict[str, Any]:
    return json.loads(gzip.decompress((RECORDED / f"{name}.gz").read_bytes()))


@dataclass
class Page:
    """What is served. `trouble(handler, path, time asked)` may answer in its stead and then says True."""

    summary: dict[str, Any] = field(default_factory=lambda: recorded("summary.json"))
    components: dict[str, Any] = field(default_factory=lambda: recorded("components.json"))
    incidents: list[dict[str, Any]] = field(default_factory=lambda: recorded("incidents.json")["incidents"])
    maintenances: list[dict[str, Any]] = field(
        default_factory=lambda: recorded("scheduled-maintenances.json")["scheduled_maintenances"]
    )
    today: datetime = datetime(2026, 8, 23, tzinfo=UTC)
    trouble: Trouble = lambda _handler, _path, _asked: False
    asked: Counter[str] = field(default_factory=Counter)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def document(self, target: str) -> dict[str, Any] | None:
        url = urlsplit(target)
        page = self.summary["page"]
        match url.path:
            case "/api/v2/summary.json":
                return self.summary
            case "/api/v2/components.json":
                return self.components
            case "/api/v2/incidents.json":
                return {"page": page, "incidents": self.incidents[:NEWEST]}
            case "/api/v2/scheduled-maintenances.json":
                return {"page": page, "scheduled_maintenances": self.maintenances[:NEWEST]}
            case "/history.json":
                return self.history(int(parse_qs(url.query).get("page", ["1"])[0]))
            case path if path.startswith("/incidents/"):
                return self.single(path.removeprefix("/incidents/").removesuffix(".json"))
        return None

    def history(self, number: int) -> dict[str, Any]:
        newest = self.today.year * 12 + self.today.month - 1 - 3 * (number - 1)
        return {"months": [self.month(*divmod(newest - back, 12)) for back in range(3)]}

    def month(self, year: int, month: int) -> dict[str, Any]:
        prefix = f"{year}-{month + 1:02d}"
        found = [n for n in self.incidents + self.maintenances if n["created_at"].startswith(prefix)]
        listed = [
            {"code": n["id"], "name": n["name"], "message": "…", "impact": n["impact"], "timestamp": "…"}
            for n in found
        ]
        return {"year": year, "name": MONTHS[month], "starts_on": 1, "days": 30, "incidents": listed}

    def single(self, code: str) -> dict[str, Any] | None:
        return next((n for n in self.incidents + self.maintenances if n["id"] == code), None)


class Handler(BaseHTTPRequestHandler):
    page: Page

    def do_GET(self) -> None:
        with self.page.lock:
            self.page.asked[self.path] += 1
            asked = self.page.asked[self.path]
            self.page.at_once += 1
            self.page.most_at_once = max(self.page.most_at_once, self.page.at_once)
        document = self.page.document(self.path)
        # Long enough to meet others; over before the answer, after which the next request may come at once.
        time.sleep(0.002)
        with self.page.lock:
            self.page.at_once -= 1
        if not self.page.trouble(self, self.path, asked):
            self.answer(404 if document is None else 200, json.dumps(document or {}).encode())

    def answer(self, status: int, body: bytes = b"", promised: int | None = None, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json; charset=utf-8")
        self.send_header("Content-Length", str(len(body) if promised is None else promised))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def drop(self) -> None:
        """Close the connection without an answer."""
        self.close_connection = True

    def log_message(self, *_args: object) -> None:
        pass


@contextmanager
def serving(page: Page) -> Iterator[str]:
    """Serve `page` on loopback; yields its URL."""
    handler = type("PageHandler", (Handler,), {"page": page})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()

"""Those who use an installation: visitors who ask, readers who leave a page open, a member of the team."""

from __future__ import annotations

import gzip
import hashlib
import http.client
import http.cookiejar
import re
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlencode

import brotli
import zstandard

from store import Manifest
from store.emergency import RESERVED
from tests.admin.browser import Fields
from tests.degraded.installation import EMAIL, HOST, PASSWORD

DECODED: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.decompress,
    "br": brotli.decompress,
    "zstd": zstandard.ZstdDecompressor().decompress,
}


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Message
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


class Visitor:
    """One connection to one server, kept open."""

    def __init__(self, port: int, host: str = HOST) -> None:
        self.host = f"{host}:{port}"
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _kind: type[BaseException] | None, _error: BaseException | None, _where: TracebackType | None
    ) -> None:
        self._connection.close()

    def ask(self, path: str, method: str = "GET", body: str | None = None, **headers: str) -> Reply:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, path, body, {"Host": self.host, **named})
        answer = self._connection.getresponse()
        return Reply(answer.status, answer.headers, answer.read())

    def submit(self, path: str, **fields: str) -> Reply:
        form = {"Content_Type": "application/x-www-form-urlencoded", "Sec_Fetch_Site": "same-origin"}
        return self.ask(path, "POST", urlencode(fields), **form)

    def has(self, manifest: Manifest) -> bool:
        return self.ask("/").headers["ETag"] == f'"{manifest.entries["/"].hash[:32]}"'

    def check_everything(self, manifest: Manifest) -> None:
        """Every document answers with its very bytes, in every encoding, to HEAD and to its own ETag."""
        for path in (*manifest.entries, "/nowhere"):
            self.check(path, manifest)

    def check(self, path: str, manifest: Manifest) -> None:
        known = manifest.entries.get(path) if not path.startswith(RESERVED) else None
        entry = known or manifest.entries["/404"]
        plain = self.ask(path)
        assert (plain.status, plain.headers["Content-Type"]) == (entry.status, entry.type), path
        assert hashlib.sha256(plain.body).hexdigest() == entry.hash, path
        for name, decoded in DECODED.items():
            packed = self.ask(path, Accept_Encoding=name)
            body = decoded(packed.body) if packed.headers["Content-Encoding"] else packed.body
            assert (packed.status, body) == (entry.status, plain.body), (path, name)
        head = self.ask(path, "HEAD")
        assert (head.status, head.body, head.headers["ETag"]) == (entry.status, b"", plain.headers["ETag"])
        if entry.status == 200:
            same = self.ask(path, If_None_Match=plain.headers["ETag"])
            assert (same.status, same.body) == (304, b""), path


class Reader(threading.Thread):
    """A page left open: follows `/events` as browsers do, and comes back by itself after every end."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self.version = 0
        self._port = port
        self._pause = 1.0
        self._gone = threading.Event()
        self._socket: socket.socket | None = None
        self.start()

    def run(self) -> None:
        while not self._gone.is_set():
            with suppress(OSError):
                self._follow()
            self._gone.wait(self._pause)

    def leave(self) -> None:
        self._gone.set()
        if self._socket is not None:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        self.join(10)

    def _follow(self) -> None:
        with socket.create_connection(("127.0.0.1", self._port), timeout=20) as connection:
            self._socket = connection
            known = f"Last-Event-ID: {self.version}\r\n" if self.version else ""
            connection.sendall(f"GET /events HTTP/1.1\r\nHost: {HOST}\r\n{known}\r\n".encode())
            with connection.makefile("rb") as lines:
                if b" 200 " not in lines.readline():
                    return
                for line in lines:
                    self._take(line.decode().strip())

    def _take(self, line: str) -> None:
        """An id comes with every change; a beat names the version alone."""
        if found := re.fullmatch(r"retry: (\d+)", line):
            self._pause = int(found[1]) / 1000
        if found := re.fullmatch(r"(?:id|data): (\d+)(?: \S+)?", line):
            self.version = int(found[1])


class Operator:
    """Somebody of acme who has signed in to the admin."""

    def __init__(self, port: int) -> None:
        self._origin = f"http://localhost:{port}"
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self._opener = urllib.request.build_opener(jar)
        self.send("/accounts/login/", login=EMAIL, password=PASSWORD)

    def get(self, path: str) -> tuple[int, str]:
        return self._open(path, None)

    def shown(self, path: str) -> dict[str, Any]:
        """What the form there holds."""
        status, html = self.get(path)
        assert status == 200, html
        return Fields(html).values

    def send(self, path: str, held: dict[str, Any] | None = None, **changed: Any) -> tuple[int, str]:
        """Fill in the form, as it is there or as it was `held` open, and send it."""
        values = (self.shown(path) if held is None else held) | changed
        return self._open(path, urlencode(values, doseq=True).encode())

    def _open(self, path: str, body: bytes | None) -> tuple[int, str]:
        request = urllib.request.Request(self._origin + path, body, {"Origin": self._origin})  # noqa: S310
        try:
            with self._opener.open(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()


def timed(ask: Callable[[], object]) -> float:
    begun = time.perf_counter()
    ask()
    return time.perf_counter() - begun

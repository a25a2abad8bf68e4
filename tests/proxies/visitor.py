"""Somebody who asks through a proxy, by TLS, from an address of this machine."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

APP_HOST = "status-admin.example.com"
PAGE_HOST = "acme.status.example.com"
OWN_HOST = "status.acme.example.org"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Visitor:
    port: int

    def get(
        self, host: str, path: str = "/", method: str = "GET", body: bytes | None = None, **headers: str
    ) -> Answer:
        with self.connected(host) as connection:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, headers={"Host": host, **named})
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())

    @contextmanager
    def following(
        self, host: str, source: str = "127.0.0.1", **headers: str
    ) -> Iterator[http.client.HTTPResponse]:
        """An open event stream, or the refusal of one."""
        with self.connected(host, source) as connection:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request("GET", "/events", headers={"Host": host, **named})
            yield connection.getresponse()

    @contextmanager
    def connected(self, host: str, source: str = "127.0.0.1") -> Iterator[http.client.HTTPConnection]:
        """The name goes into the handshake, as a browser's does."""
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        connection = http.client.HTTPConnection(host, timeout=60)
        raw = socket.create_connection(("127.0.0.1", self.port), 60, (source, 0))
        try:
            connection.sock = context.wrap_socket(raw, server_hostname=host)
            yield connection
        finally:
            connection.close()
            raw.close()

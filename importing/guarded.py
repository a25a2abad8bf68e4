"""Connections of urllib that dial what `egress` has judged, and no proxy."""

from __future__ import annotations

import http.client
import ssl
from functools import cache
from typing import Any
from urllib.request import BaseHandler, HTTPHandler, HTTPSHandler, ProxyHandler, Request

from common.egress import look_up
from common.fetching import dial


class _Plain(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = dial(look_up(self.host, self.port), self.port)
        self.sock.settimeout(self.timeout)


class _Secure(http.client.HTTPSConnection):
    def connect(self) -> None:
        plain = dial(look_up(self.host, self.port), self.port)
        plain.settimeout(self.timeout)
        self.sock = _context().wrap_socket(plain, server_hostname=self.host)


class _Http(HTTPHandler):
    def http_open(self, req: Request) -> Any:
        return self.do_open(_Plain, req)


class _Https(HTTPSHandler):
    def https_open(self, req: Request) -> Any:
        return self.do_open(_Secure, req)


def guarded_handlers() -> tuple[BaseHandler, ...]:
    """For `urllib.request.build_opener`."""
    return (ProxyHandler({}), _Http(), _Https())


@cache
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()

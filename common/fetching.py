"""One GET of a machine that a team names: guarded by `egress`, without redirects or proxies, with an end.

Whatever goes wrong is a FetchError in words for the team, which say of our network
no more than "unreachable".
"""

from __future__ import annotations

import http.client
import socket
import ssl
import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from common.egress import look_up
from common.instants import retry_after

# Seconds that a server may be silent, and that all of an answer may take.
SILENCE, WHOLE = 5.0, 10.0
_MOST = 2 * 2**20
_PART = 64 * 1024
_AGENT = "StatusPage-Metrics/1"


@dataclass(slots=True, eq=False)
class FetchError(Exception):
    """Nobody answered, or not as they should. `code` is the status of the answer, 0 without one; `pause` is
    what the server asked for."""

    message: str
    code: int = 0
    pause: timedelta | None = None

    def __str__(self) -> str:
        return self.message


def fetch(url: str, headers: Mapping[str, str]) -> bytes:
    """The body of an answer of 200. `url`: as `egress.check_url` passed it, and a path. Raises FetchError."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port or (443 if parts.scheme == "https" else 80)
    until = time.monotonic() + WHOLE
    target = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    try:
        with closing(_Guarded(host, port, secure=parts.scheme == "https")) as connection:
            connection.request("GET", target, headers={"User-Agent": _AGENT, **headers})
            return _body(connection, until, host)
    except TimeoutError as error:
        raise FetchError(_("%(host)s took too long to answer.") % {"host": host}) from error
    except (OSError, http.client.HTTPException, UnicodeError, ValueError) as error:
        raise FetchError(_("%(host)s could not be reached.") % {"host": host}) from error


class _Guarded(http.client.HTTPConnection):
    """Dials what was judged: a name may lead elsewhere when it is looked up again."""

    def __init__(self, host: str, port: int, *, secure: bool) -> None:
        super().__init__(host, port, timeout=SILENCE)
        self._secure = secure

    def connect(self) -> None:
        plain = dial(look_up(self.host, self.port), self.port)
        self.sock = _context().wrap_socket(plain, server_hostname=self.host) if self._secure else plain


@cache
def _context() -> ssl.SSLContext:
    return ssl.create_default_context()


def dial(answers: list[tuple[int, str]], port: int) -> socket.socket:
    """A connection to the first of the addresses that takes one."""
    failure: OSError = OSError("no address")
    for family, address in answers:
        found = socket.socket(family, socket.SOCK_STREAM)
        try:
            found.settimeout(SILENCE)
            found.connect((address, port))
        except OSError as error:
            found.close()
            failure = error
        else:
            return found
    raise failure


def _body(connection: http.client.HTTPConnection, until: float, host: str) -> bytes:
    answer = connection.getresponse()
    if answer.status != http.client.OK:
        message = _("%(host)s answered with %(code)d.") % {"host": host, "code": answer.status}
        raise FetchError(message, answer.status, retry_after(answer.headers.get("Retry-After")))
    parts, size = [], 0
    while part := answer.read1(_PART):
        parts.append(part)
        size += len(part)
        if time.monotonic() > until:
            raise TimeoutError
        if size > _MOST:
            raise FetchError(_("%(host)s answered with too much.") % {"host": host})
    return b"".join(parts)

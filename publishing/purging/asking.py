"""One request to a cache or its API, with a limit of time."""

from __future__ import annotations

import http.client
import time
from base64 import b64encode
from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import IO
from urllib.error import HTTPError, URLError
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from common.instants import retry_after
from outbox.registry import Later

# Seconds that a server may be silent, and that an answer may take.
SILENCE = 5.0
ANSWER = 10.0
_MOST = 64 * 1024
_BUSY = (429, 503)
# What is still kept by then has long gone by itself.
_LONGEST_PAUSE = timedelta(hours=1)


class CacheError(Exception):
    """The cache did not do what it was asked for; says which host, and what it answered. `is_silence`:
    nothing, so that it is not worth asking on."""

    def __init__(self, message: str, *, is_silence: bool = False) -> None:
        super().__init__(message)
        self.is_silence = is_silence


class _NoRedirects(HTTPRedirectHandler):
    """A token goes nowhere but to the address that the settings name."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
    ) -> Request | None:
        return None


_opener = build_opener(_NoRedirects)


def ask(
    method: str,
    url: str,
    headers: Mapping[str, str],
    body: bytes | None = None,
    *,
    fine: Collection[int] = (),
) -> bytes:
    """The body of an answer of 2xx, or of a status in `fine`.

    Raises Later where the server is busy and says until when, else CacheError.
    """
    url, host, own = _named(url)
    headers = {"User-Agent": "statuspage", **own, **headers}
    request = Request(url, body, headers, method=method)  # noqa: S310
    try:
        with _opener.open(request, timeout=SILENCE) as answer:
            return _body(answer, host)
    except HTTPError as error:
        with error:
            if error.code in fine:
                return b""
            raise _refusal(error, host) from None
    except (URLError, http.client.HTTPException, OSError, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        message = f"{host} could not be asked: {str(reason) or type(reason).__name__}"
        raise CacheError(message, is_silence=True) from None


def _named(url: str) -> tuple[str, str, dict[str, str]]:
    """The address without name and password, the host as errors name it, and the header that has them."""
    parts = urlsplit(url)
    signs, _at, host = parts.netloc.rpartition("@")
    basic = b64encode(unquote(signs).encode()).decode()
    plain = urlunsplit((parts.scheme, host, *parts[2:]))
    return plain, host, {"Authorization": f"Basic {basic}"} if signs else {}


def _body(answer: http.client.HTTPResponse, host: str) -> bytes:
    until, parts, size = time.monotonic() + ANSWER, [], 0
    while size < _MOST and (part := answer.read1(_MOST)):
        if time.monotonic() > until:
            message = f"{host} took longer than {ANSWER:.0f} s to answer"
            raise CacheError(message, is_silence=True)
        parts.append(part)
        size += len(part)
    return b"".join(parts)


def _refusal(error: HTTPError, host: str) -> Exception:
    pause = retry_after(error.headers.get("Retry-After"))
    if error.code in _BUSY and pause is not None:
        return Later(min(pause, _LONGEST_PAUSE))
    try:
        said = " ".join(error.read(2000).decode("utf-8", "replace").split())[:300]
    except (http.client.HTTPException, OSError):
        said = ""
    return CacheError(f"{host} answered {error.code}: {said or error.reason}")

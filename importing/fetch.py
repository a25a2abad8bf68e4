"""Fetching JSON documents of one host, politely: a pause that the host asks for holds for every thread."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import IO, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, OpenerDirector, Request, build_opener

from django.utils.translation import gettext_lazy as _

from common.egress import Forbidden
from common.instants import retry_after
from importing.fields import ImportFailed, Said
from importing.guarded import guarded_handlers

BUSY = (420, 429, 503)
BROKEN = (408, 500, 502, 504)
CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a host, in seconds, and how much to take from it, in bytes."""

    attempts: int = 6
    silence: float = 20
    document: float = 90
    first_pause: float = 1
    longest_pause: float = 900
    largest: int = 32 * 1024 * 1024


class Missing(ImportFailed):
    """The host has no such document (404 or 410)."""


class _AgainError(Exception):
    """This attempt failed and another may not; `pause` is what the host asked for, in seconds."""

    def __init__(self, text: Any, pause: float | None = None, **values: object) -> None:
        self.reason, self.pause = Said(text, values), pause
        super().__init__(self.reason)


class _SameHost(HTTPRedirectHandler):
    """Follows redirects to the same scheme, host and port, or to https of the same host."""

    def redirect_request(
        self, req: Request, fp: IO[bytes], code: int, msg: str, headers: http.client.HTTPMessage, newurl: str
    ) -> Request | None:
        old, new = urlsplit(req.full_url), urlsplit(newurl)
        to_https = new.scheme == "https" and new.hostname == old.hostname
        if not to_https and (new.scheme, new.netloc) != (old.scheme, old.netloc):
            text = _("%(url)s redirects to %(other)s; if that is the page you mean, give its address")
            raise ImportFailed(text, url=req.full_url, other=newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@dataclass(slots=True)
class Fetcher:
    """Reads documents under `base` (scheme and host); safe for several threads at once.

    `waiting` is called with a sentence when the host asks for a pause. `stop()` ends pauses and attempts.
    `guarded`: a stranger named the host, so it has to lie on the open internet.
    """

    base: str
    patience: Patience = field(default_factory=Patience)
    waiting: Callable[[str], None] = lambda _sentence: None
    guarded: bool = False
    _opener: OpenerDirector = field(init=False)
    _stopped: threading.Event = field(default_factory=threading.Event, init=False)
    _not_before: float = field(default=0, init=False)

    def __post_init__(self) -> None:
        self._opener = build_opener(_SameHost, *(guarded_handlers() if self.guarded else ()))

    def stop(self) -> None:
        self._stopped.set()

    def get(self, path: str, *, attempts: int | None = None) -> bytes:
        """The body at `path`, after as many attempts as patience allows; ImportFailed says why not."""
        reason, attempts = Said("", {}), attempts or self.patience.attempts
        for attempt in range(attempts):
            self._wait()
            try:
                return self._attempt(path)
            except _AgainError as again:
                reason = again.reason
                self._hold(path, again.pause, self.patience.first_pause * 2**attempt)
        text = _("%(url)s: gave up after %(number)s attempts; the last one %(reason)s")
        raise ImportFailed(text, url=self.base + path, number=attempts, reason=reason)

    def _wait(self) -> None:
        while (rest := self._not_before - time.monotonic()) > 0 and not self._stopped.is_set():
            self._stopped.wait(rest)
        if self._stopped.is_set():
            raise ImportFailed(_("stopped"))

    def _hold(self, path: str, asked: float | None, otherwise: float) -> None:
        if asked is not None and asked > self.patience.longest_pause:
            text = _("%(url)s: the host asks to wait %(seconds)s s; start again after that")
            raise ImportFailed(text, url=self.base + path, seconds=f"{asked:,.0f}")
        pause = otherwise if asked is None else asked
        if asked:
            self.waiting(f"the host asks to wait {asked:.0f} s")
        self._not_before = max(self._not_before, time.monotonic() + pause)

    def _attempt(self, path: str) -> bytes:
        url = self.base + path
        headers = {"Accept": "application/json", "User-Agent": "statuspage-import"}
        deadline = time.monotonic() + self.patience.document
        try:
            with self._opener.open(Request(url, headers=headers), timeout=self.patience.silence) as answer:  # noqa: S310
                return self._body(url, answer, deadline)
        except HTTPError as error:
            raise _refusal(url, error) from None
        except (URLError, http.client.HTTPException, OSError) as error:
            reason = getattr(error, "reason", None) or error
            if isinstance(reason, Forbidden):
                text = _("%(url)s: cannot be reached from here; it has to be open to the internet")
                raise ImportFailed(text, url=self.base) from None
            said = str(reason) or type(reason).__name__
            raise _AgainError(_("failed: %(error)s"), error=said) from None
        except ValueError as error:  # what urllib says of an address that it cannot read
            raise ImportFailed(_("%(url)s: %(error)s"), url=url, error=error) from None

    def _body(self, url: str, answer: http.client.HTTPResponse, deadline: float) -> bytes:
        parts, size = [], 0
        while part := answer.read1(CHUNK):
            parts.append(part)
            size += len(part)
            if size > self.patience.largest:
                most = self.patience.largest // 1024**2
                raise ImportFailed(_("%(url)s: is larger than %(most)s MB"), url=url, most=most)
            if time.monotonic() > deadline:
                seconds = f"{self.patience.document:.0f}"
                raise _AgainError(_("took longer than %(seconds)s s"), seconds=seconds)
        return self._whole(answer, b"".join(parts))

    @staticmethod
    def _whole(answer: http.client.HTTPResponse, body: bytes) -> bytes:
        # read1() ends without a word when the connection does: only the promised length can tell.
        promised = answer.headers.get("Content-Length")
        if promised is not None and promised.isdigit() and int(promised) != len(body):
            text = _("broke off after %(number)s of %(all)s bytes")
            raise _AgainError(text, number=f"{len(body):,}", all=f"{int(promised):,}")
        return body


def _refusal(url: str, error: HTTPError) -> Exception:
    with error:
        if error.code in BUSY:
            pause = retry_after(error.headers.get("Retry-After"))
            seconds = pause.total_seconds() if pause is not None else None
            return _AgainError(_("answered %(code)s"), seconds, code=error.code)
        if error.code in BROKEN:
            return _AgainError(_("answered %(code)s"), code=error.code)
        if error.code in (404, 410):
            return Missing(_("%(url)s: is not there (%(code)s)"), url=url, code=error.code)
        if error.code in range(300, 400):  # urllib's own sentence for it has several lines
            return ImportFailed(_("%(url)s: redirects to where it cannot be followed"), url=url)
        if error.code in (401, 403):
            text = _("%(url)s: refuses (%(code)s): it is private or turns programs away")
            return ImportFailed(text, url=url, code=error.code)
        text = _("%(url)s: answered %(code)s %(reason)s")
        return ImportFailed(text, url=url, code=error.code, reason=error.reason)

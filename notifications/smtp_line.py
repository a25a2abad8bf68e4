"""One SMTP connection on which nobody waits: what is asked leaves as fast as the socket takes it, and is
answered when all the replies are there.

Opened, secured and signed in by Django's own backend, which does wait.
"""

from __future__ import annotations

import select
import smtplib
import ssl
import time
from collections.abc import Mapping
from typing import Any

from django.core.mail import get_connection

BACKEND = "django.core.mail.backends.smtp.EmailBackend"
Reply = tuple[int, bytes]
CLOSING = 421
_AT_ONCE = 65_536
_LONGEST = 65_536
_NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Line:
    """What it raises is an OSError, as all that smtplib raises."""

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._backend: Any = get_connection(BACKEND, **options)
        self.is_kept = False
        self._reset()

    @property
    def is_open(self) -> bool:
        return self._backend.connection is not None

    def has(self, extension: str) -> bool:
        return bool(self._backend.connection.has_extn(extension))

    def open(self) -> None:
        if self._backend.open():
            self._greet()
            self._backend.connection.sock.setblocking(False)
            self.is_kept = False
            self._reset()

    def drop(self) -> None:
        """Without a word to a server that may not be listening any more."""
        if self.is_open:
            self._backend.connection.close()
            self._backend.connection = None
        self.is_kept = False

    def ask(self, words: bytes, replies: int) -> None:
        self._reset()
        self._out, self._expected = words, replies
        self._until = time.monotonic() + self._backend.timeout
        self._write()

    def watch(self, poll: select.poll) -> int:
        """Have `poll` tell when there is something to do; its number there."""
        number = int(self._backend.connection.sock.fileno())
        poll.register(number, select.POLLIN | (select.POLLOUT if self._out else 0))
        return number

    def is_late(self, now: float) -> bool:
        return bool(now > self._until)

    def answer(self) -> list[Reply] | None:
        """All the replies, once they are there; fewer where the last one says that the server is closing."""
        self._write()
        if self._failed is not None:
            raise self._failed
        self._read()
        if len(self._replies) == self._expected or (self._replies and self._replies[-1][0] == CLOSING):
            return self._replies
        if self.is_late(time.monotonic()):
            message = "The server did not answer in time."
            raise TimeoutError(message)
        return None

    def _greet(self) -> None:
        """Django's backend does so only to sign in. Servers refuse whoever does not, and tell in their answer
        what they can do."""
        try:
            self._backend.connection.ehlo_or_helo_if_needed()
        except OSError:
            self.drop()
            raise

    def _reset(self) -> None:
        self._out, self._in, self._expected, self._until = b"", bytearray(), 0, 0.0
        self._said: list[bytes] = []
        self._replies: list[Reply] = []
        self._failed: OSError | None = None

    def _write(self) -> None:
        """A failure is noticed when the answer is asked for."""
        while self._out:
            try:
                sent = self._backend.connection.sock.send(self._out)
            except _NOT_NOW:
                return
            except OSError as error:
                self._out, self._failed = b"", error
                return
            self._out = self._out[sent:]

    def _read(self) -> None:
        sock = self._backend.connection.sock
        data = b"?" * _AT_ONCE
        while len(data) == _AT_ONCE or (isinstance(sock, ssl.SSLSocket) and sock.pending()):
            try:
                data = sock.recv(_AT_ONCE)
            except _NOT_NOW:
                return
            if not data or len(self._in) > _LONGEST:
                message = "The server hung up."
                raise smtplib.SMTPServerDisconnected(message)
            self._in += data
            self._understand()

    def _understand(self) -> None:
        while (end := self._in.find(b"\n")) >= 0:
            line = bytes(self._in[:end]).rstrip(b"\r")
            del self._in[: end + 1]
            self._said.append(line[4:])
            if line[3:4] != b"-":
                code = int(line[:3]) if line[:3].isdigit() else -1
                self._replies.append((code, b"\n".join(self._said)))
                self._said = []

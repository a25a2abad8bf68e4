"""Handing in finished messages by SMTP (RFC 5321), over several connections that stay open between batches.

In two round trips for each message where the server pipelines (RFC 2920), on all connections at once by one
thread: a thread for each spends more time on waking up than on mail.
"""

from __future__ import annotations

import select
import smtplib
import time
from collections import defaultdict, deque
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from notifications.letters import Letter, Outcome, Verdict
from notifications.smtp_line import CLOSING, Line, Reply

# At most so many connections at once, each for so many messages of a batch.
_CONNECTIONS, _EACH = 8, 25
# Servers hang up on whoever is silent: a connection is not kept longer than that.
_KEPT = 10.0
_PERMANENT = 500
_OK, _FORWARDED, _GO_AHEAD, _REFUSED = 250, 251, 354, 400
# Enhanced status codes of refusals that are about policy or content, not about the address (RFC 3463).
_NOT_THE_ADDRESS = ("5.3", "5.5", "5.6", "5.7")
# Yields what to say and how many replies to wait for, and is given them, or the failure.
_Talk = Generator[tuple[bytes, int], list[Reply], None]


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message that is ready to be handed in: as `mime.Form` makes it."""

    letter: Letter
    sender: str
    content: bytes


def send(
    name: str, options: Mapping[str, Any], envelopes: Sequence[Envelope], until: float
) -> Generator[Outcome]:
    """As `ChannelModule.send`, by the server of `options` (Django's, where it says nothing)."""
    yield from _Batch(name, options, envelopes, until).outcomes()


class _Batch:
    """When a server cannot be reached at all, the rest of the batch is not tried."""

    def __init__(
        self, name: str, options: Mapping[str, Any], envelopes: Sequence[Envelope], until: float
    ) -> None:
        self.name, self.options, self.until = name, options, until
        self._left = deque(envelopes)
        self._known: deque[Outcome] = deque()
        self._talks: dict[Line, _Talk] = {}
        self._unreachable = False

    def outcomes(self) -> Generator[Outcome]:
        try:
            for _ in range(min(_CONNECTIONS, -(-len(self._left) // _EACH))):
                self._begin(_take(self.options))
            while self._talks:
                yield from self._news()
                self._wait()
            yield from self._news()
        finally:
            for line in self._talks:
                line.drop()

    def _news(self) -> Generator[Outcome]:
        while self._known:
            yield self._known.popleft()

    def _begin(self, line: Line) -> None:
        talk = self._talk(line)
        self._talks[line] = talk
        self._go_on(line, lambda: next(talk))

    def _wait(self) -> None:
        poll = select.poll()
        numbers = {line: line.watch(poll) for line in self._talks}
        ready = {number for number, _event in poll.poll(1000)}
        now = time.monotonic()
        for line, number in numbers.items():
            if number in ready or line.is_late(now):
                self._listen(line)

    def _listen(self, line: Line) -> None:
        talk = self._talks[line]
        try:
            replies = line.answer()
        except OSError as error:
            failure = error
            self._go_on(line, lambda: talk.throw(failure))
        else:
            if replies is not None:
                self._go_on(line, lambda: talk.send(replies))

    def _go_on(self, line: Line, step: Callable[[], tuple[bytes, int]]) -> None:
        try:
            line.ask(*step())
        except StopIteration:
            del self._talks[line]
            _put_back(self.options, line)

    def _talk(self, line: Line) -> _Talk:
        """About as many of the messages as come to this line."""
        while self._left and not self._unreachable and time.monotonic() <= self.until:
            envelope, began = self._left.popleft(), timezone.now()
            try:
                line.open()
            except OSError as error:
                self._unreachable = True
                return self._note(envelope, began, error, down=True)
            try:
                yield from _hand_in(line, envelope)
            except (OSError, ValueError) as error:
                if _breaks(error):
                    line.drop()
                self._note(envelope, began, error, down=_breaks(error))
            else:
                self._known.append(Outcome(envelope.letter, Verdict.ACCEPTED, began, self.name))
        return None

    def _note(self, envelope: Envelope, began: datetime, error: Exception, *, down: bool) -> None:
        code, said = _answer(error)
        verdict, kind = Verdict.RETRY if down else _verdict(error), type(error).__name__
        self._known.append(
            Outcome(
                envelope.letter, verdict, began, self.name, code=code, error=kind, response=said, down=down
            )
        )


def _hand_in(line: Line, envelope: Envelope) -> _Talk:
    """Raises what smtplib raises. A connection that was kept and has died meanwhile is opened anew: nothing
    was handed in by it."""
    kept, line.is_kept = line.is_kept, False
    try:
        yield from _introduce(line, envelope)
    except OSError as error:
        if not kept or not _breaks(error):
            raise
        line.drop()
        line.open()
        yield from _introduce(line, envelope)
    (reply,) = yield envelope.content + b".\r\n", 1
    if reply[0] != _OK:
        raise smtplib.SMTPDataError(*reply)


def _introduce(line: Line, envelope: Envelope) -> _Talk:
    """Sender, recipient and DATA."""
    replies = yield from _ask(line, _commands(envelope, with_size=line.has("size")))
    refusal = _refusal(replies, envelope)
    if refusal is None:
        return
    last = replies[-1][0]
    if last == _GO_AHEAD:
        yield b".\r\n", 1
    elif last != CLOSING:
        yield b"RSET\r\n", 1
    raise refusal


def _ask(line: Line, commands: Sequence[bytes]) -> Generator[tuple[bytes, int], list[Reply], list[Reply]]:
    """Their replies: at once where the server takes them so, otherwise up to the first refusal."""
    if line.has("pipelining"):
        return (yield b"".join(commands), len(commands))
    replies: list[Reply] = []
    for command in commands:
        replies += yield command, 1
        if replies[-1][0] >= _REFUSED:
            break
    return replies


_idle: dict[str, deque[tuple[Line, float]]] = defaultdict(deque)


def _take(options: Mapping[str, Any]) -> Line:
    """One that was kept, or a new one, not yet opened."""
    kept = _idle[_server(options)]
    with suppress(IndexError):
        while True:
            line, since = kept.pop()
            if time.monotonic() < since + _KEPT:
                return line
            line.drop()
    return Line(options)


def _put_back(options: Mapping[str, Any], line: Line) -> None:
    if line.is_open:
        line.is_kept = True
        _idle[_server(options)].append((line, time.monotonic()))


def _server(options: Mapping[str, Any]) -> str:
    names = ("HOST", "PORT", "HOST_USER", "HOST_PASSWORD", "USE_TLS", "USE_SSL")
    return repr([*sorted(options.items()), *(getattr(settings, f"EMAIL_{name}") for name in names)])


def _commands(envelope: Envelope, *, with_size: bool) -> list[bytes]:
    size = f" SIZE={len(envelope.content)}" if with_size else ""
    said = [f"MAIL FROM:<{envelope.sender}>{size}", f"RCPT TO:<{envelope.letter.target}>", "DATA"]
    return [f"{one}\r\n".encode("ascii") for one in said]


def _refusal(replies: Sequence[Reply], envelope: Envelope) -> smtplib.SMTPException | None:
    mail, *more = replies
    if mail[0] != _OK:
        return smtplib.SMTPSenderRefused(*mail, envelope.sender)
    if more[0][0] not in (_OK, _FORWARDED):
        return smtplib.SMTPRecipientsRefused({envelope.letter.target: more[0]})
    return None if more[-1][0] == _GO_AHEAD else smtplib.SMTPDataError(*more[-1])


def _breaks(error: Exception) -> bool:
    """Whether the connection is of no more use."""
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return True
    if isinstance(error, smtplib.SMTPException):
        return _answer(error)[0] == CLOSING
    return isinstance(error, OSError)


def _verdict(error: Exception) -> Verdict:
    code, words = _answer(error)
    if isinstance(error, smtplib.SMTPRecipientsRefused) and code is not None and code >= _PERMANENT:
        return Verdict.FAILED if words.startswith(_NOT_THE_ADDRESS) else Verdict.BOUNCED
    # A refused sender is our own setting to mend, not a reason to give the recipient up.
    if isinstance(error, smtplib.SMTPDataError) and code is not None and code >= _PERMANENT:
        return Verdict.FAILED
    return Verdict.FAILED if isinstance(error, ValueError) else Verdict.RETRY


def _answer(error: Exception) -> tuple[int | None, str]:
    """The server's status and words, without the recipient's address."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
        return code, words.decode("utf-8", "replace")
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return error.smtp_code, said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return None, str(error)

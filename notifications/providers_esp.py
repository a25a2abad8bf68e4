"""Mail by a service's API, whichever anymail knows: in batches where the service fills in what is personal,
one by one otherwise, by several threads.
"""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from email.utils import formataddr
from http import HTTPStatus
from queue import SimpleQueue
from typing import Any

from anymail.exceptions import AnymailConfigurationError, AnymailError, AnymailImproperlyInstalled
from anymail.message import AnymailMessage
from django.core.mail import get_connection
from django.utils import timezone

from common.instants import retry_after
from notifications.letters import Outcome, Verdict
from notifications.mail import PLACEHOLDERS, Personal, own_headers, put_in
from notifications.providers import FOR_REPORTS, Provider

# How a service names a recipient's own value within the text. Others that fill something in do so by a
# language of templates, in which what somebody wrote could be taken for commands.
_FIELDS = {"mailgun": "%recipient.{}%", "sendgrid": "-{}-"}
_BATCH = 500
_HANDS = 8
_TIMEOUT = 10
_OF_ADDRESS = frozenset({"rejected", "invalid"})
# The key is ours to mend: until then the service is as good as away.
_CLOSED_TO_US = {HTTPStatus.UNAUTHORIZED, HTTPStatus.PAYMENT_REQUIRED, HTTPStatus.FORBIDDEN}


def send(provider: Provider, mails: Sequence[Personal], until: float) -> Generator[Outcome]:
    """As `ChannelModule.send`."""
    left = deque(_batches(provider, mails))
    known: SimpleQueue[list[Outcome] | None] = SimpleQueue()
    hands = min(_HANDS, len(left))
    with ThreadPoolExecutor(hands or 1) as pool:
        at_work = [pool.submit(_Hand(provider, until, left, known).work) for _ in range(hands)]
        try:
            for _ in at_work:
                while (outcomes := known.get()) is not None:
                    yield from outcomes
        finally:
            left.clear()
    for one in at_work:
        one.result()


def problem_of(provider: Provider) -> str:
    """What is missing for sending by it, in anymail's words; empty where nothing is."""
    try:
        connection_to(provider)
    except (AnymailConfigurationError, AnymailImproperlyInstalled) as error:
        return str(error).partition("\n")[0]
    except ImportError:
        return f"anymail knows no {provider.kind}"
    return ""


def connection_to(provider: Provider) -> Any:
    options = {key: value for key, value in provider.options.items() if key not in FOR_REPORTS}
    if provider.kind == "sendgrid":
        options["merge_field_format"] = _FIELDS["sendgrid"]
    backend = f"anymail.backends.{provider.kind}.EmailBackend"
    return get_connection(backend, ignore_recipient_status=True, timeout=_TIMEOUT, **options)


class _Hand:
    """One thread, with a connection of its own."""

    def __init__(
        self, provider: Provider, until: float, left: deque[list[Personal]], known: SimpleQueue
    ) -> None:
        self.provider, self.until, self.left, self.known = provider, until, left, known
        self.connection = connection_to(provider)

    def work(self) -> None:
        try:
            with self.connection:
                while batch := self._next():
                    self.known.put(list(self._send(batch)))
        finally:
            self.known.put(None)

    def _next(self) -> list[Personal] | None:
        try:
            return self.left.popleft() if time.monotonic() <= self.until else None
        except IndexError:
            return None

    def _send(self, batch: list[Personal]) -> Iterator[Outcome]:
        began = timezone.now()
        message = _many(self.provider, batch) if len(batch) > 1 else _one(batch[0])
        try:
            self.connection.send_messages([message])
        except (AnymailError, OSError, ValueError) as error:
            if len(batch) > 1 and _verdict(error) is Verdict.FAILED:
                # Perhaps for the sake of one of them.
                for one in batch:
                    yield from self._send([one])
            else:
                yield from (self._refused(one, began, error) for one in batch)
        else:
            yield from (self._taken(one, began, message) for one in batch)

    def _taken(self, one: Personal, began: datetime, message: AnymailMessage) -> Outcome:
        said = message.anymail_status.recipients.get(one.letter.target)
        status, number = (said.status, said.message_id) if said else ("unknown", None)
        verdict = Verdict.BOUNCED if status in _OF_ADDRESS else Verdict.ACCEPTED
        if status == "failed":
            verdict = Verdict.RETRY
        error = "" if verdict is Verdict.ACCEPTED else str(status)
        return Outcome(
            one.letter, verdict, began, self.provider.name, str(number or "").strip("<>")[:255], error=error
        )

    def _refused(self, one: Personal, began: datetime, error: Exception) -> Outcome:
        code = getattr(error, "status_code", None)
        response = getattr(error, "response", None)
        return Outcome(
            one.letter,
            _verdict(error),
            began,
            self.provider.name,
            code=code,
            error=type(error).__name__,
            response=str(response.text if response is not None else error).replace(one.letter.target, "…"),
            retry_after=_pause(response),
            down=_is_down(error),
        )


def _batches(provider: Provider, mails: Sequence[Personal]) -> Iterator[list[Personal]]:
    """Of one message each, to different addresses."""
    if provider.kind not in _FIELDS:
        yield from ([one] for one in mails)
        return
    same: dict[int, list[Personal]] = defaultdict(list)
    for one in mails:
        same[id(one.mail)].append(one)
    for several in same.values():
        by_target = {one.letter.target: one for one in several}
        yield from ([one] for one in several if by_target[one.letter.target] is not one)
        once = list(by_target.values())
        yield from (once[begin : begin + _BATCH] for begin in range(0, len(once), _BATCH))


def _one(one: Personal) -> AnymailMessage:
    mail = one.mail
    message = AnymailMessage(
        mail.subject,
        put_in(mail.text, one.links),
        formataddr((mail.sender, mail.address)),
        [one.letter.target],
        headers=_shared_headers(one) | own_headers(mail, one.letter.id, one.links),
        metadata={"delivery": str(one.letter.id)},
    )
    message.attach_alternative(put_in(mail.html, one.links), "text/html")
    return message


def _many(provider: Provider, batch: list[Personal]) -> AnymailMessage:
    """One call for all of them, each with links, headers and a number of their own."""
    mail, field = batch[0].mail, _FIELDS[provider.kind]
    fields = {name: field.format(name) for name in PLACEHOLDERS}
    message = AnymailMessage(
        mail.subject,
        put_in(mail.text, fields),
        formataddr((mail.sender, mail.address)),
        [one.letter.target for one in batch],
        headers=_shared_headers(batch[0]),
        merge_data={one.letter.target: dict(one.links) for one in batch},
        merge_headers={one.letter.target: own_headers(mail, one.letter.id, one.links) for one in batch},
        merge_metadata={one.letter.target: {"delivery": str(one.letter.id)} for one in batch},
    )
    message.attach_alternative(put_in(mail.html, fields), "text/html")
    return message


def _shared_headers(one: Personal) -> dict[str, str]:
    return one.mail.headers | {"List-Id": formataddr((one.mail.sender, one.mail.list_id))}


def _verdict(error: Exception) -> Verdict:
    code = getattr(error, "status_code", None)
    if code is None:
        # The message cannot be put as this service wants it, or the service was not reached.
        return Verdict.FAILED if isinstance(error, ValueError | TypeError) else Verdict.RETRY
    if code >= HTTPStatus.INTERNAL_SERVER_ERROR or code in _CLOSED_TO_US:
        return Verdict.RETRY
    passing = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_MANY_REQUESTS}
    return Verdict.RETRY if code in passing else Verdict.FAILED


def _is_down(error: Exception) -> bool:
    code = getattr(error, "status_code", None)
    if code is None:
        return isinstance(error, OSError)
    return code >= HTTPStatus.INTERNAL_SERVER_ERROR or code in _CLOSED_TO_US


def _pause(response: Any) -> timedelta | None:
    return None if response is None else retry_after(response.headers.get("Retry-After"))

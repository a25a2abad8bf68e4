"""Webhooks: Statuspage's payload in Standard Webhooks' envelope, many at once."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import timedelta
from http import HTTPStatus

import structlog
from django.utils import timezone

from common.instants import retry_after
from notifications import signing
from notifications.letters import Letter, Outcome, Verdict
from notifications.posting import TIMED_OUT, Post, Reply, post_all
from notifications.retries import table
from notifications.webhooks import Payloads, challenge

log = structlog.get_logger(__name__)

PROVIDER = "webhook"
# The table of Standard Webhooks: ten attempts in three days.
_HOUR = 3600
RETRIES = table(5, 300, 1800, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR)
# Who is overloaded gets a minute at least.
_BREATH = timedelta(minutes=1)
_OVERLOADED = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}


def send(letters: Sequence[Letter], until: float) -> Generator[Outcome]:
    payloads = Payloads()
    posts = []
    for letter in letters:
        try:
            posts.append(_post(payloads, letter))
        except Exception as error:
            log.exception("webhook.not_made", notification=letter.notification.pk)
            yield Outcome(letter, Verdict.RETRY, timezone.now(), PROVIDER, error=type(error).__name__)
    by_id = {letter.id: letter for letter in letters}
    for reply in post_all(posts, until):
        yield _outcome(by_id[reply.number], reply)


def _post(payloads: Payloads, letter: Letter) -> Post:
    """The id stays through every attempt: whoever gets a message twice can tell."""
    body = payloads.of(letter)
    signed = signing.headers(
        f"delivery-{letter.id}", body, letter.subscriber_id, letter.settings, timezone.now()
    )
    return Post(letter.id, letter.target, body, {"Content-Type": "application/json"} | signed)


def _outcome(letter: Letter, reply: Reply) -> Outcome:
    return Outcome(
        letter,
        _verdict(reply.code),
        reply.began_at,
        PROVIDER,
        code=reply.code,
        error=reply.error,
        response=reply.text,
        retry_after=retry_after(reply.headers.get("Retry-After")),
        pause=_BREATH if reply.code in _OVERLOADED or reply.error == TIMED_OUT else timedelta(),
        echoed=_is_echoed(letter, reply),
    )


def _verdict(code: int | None) -> Verdict:
    if code is not None and HTTPStatus(200) <= code < HTTPStatus.MULTIPLE_CHOICES:
        return Verdict.ACCEPTED
    return Verdict.BOUNCED if code == HTTPStatus.GONE else Verdict.RETRY


def _is_echoed(letter: Letter, reply: Reply) -> bool:
    """Whether the answer repeats the challenge, which only its recipient has."""
    asked = challenge(letter)
    return bool(asked) and _verdict(reply.code) == Verdict.ACCEPTED and asked in reply.text

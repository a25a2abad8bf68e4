"""Webhooks: Statuspage's payload in Standard Webhooks' envelope, many at once."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from datetime import datetime

from django.utils import timezone

from notifications import signing
from notifications.calling import Service, call_each
from notifications.letters import Letter, Outcome, Verdict
from notifications.posts import Post
from notifications.retries import table
from notifications.webhooks import Payloads, challenge

_SERVICE = Service("webhook")
# The table of Standard Webhooks: ten attempts in three days.
_HOUR = 3600
RETRIES = table(5, 300, 1800, 2 * _HOUR, 5 * _HOUR, 10 * _HOUR, 14 * _HOUR, 20 * _HOUR, 24 * _HOUR)


def send(letters: Sequence[Letter], until: float) -> Generator[Outcome]:
    payloads, now = Payloads(), timezone.now()
    for outcome, reply in call_each(_SERVICE, letters, until, lambda letter: _post(payloads, letter, now)):
        if reply is not None and outcome.verdict == Verdict.ACCEPTED:
            outcome.echoed = _repeats(reply.text, outcome)
        yield outcome


def _post(payloads: Payloads, letter: Letter, now: datetime) -> Post:
    """The id stays through every attempt: whoever gets a message twice can tell."""
    body = payloads.of(letter)
    whose = letter.settings.get(signing.SIGNS_AS, letter.subscriber_id)
    signed = signing.headers(f"delivery-{letter.id}", body, whose, letter.settings, now)
    return Post(letter.id, letter.target, body, {"Content-Type": "application/json"} | signed)


def _repeats(answer: str, outcome: Outcome) -> bool:
    """Whether the answer repeats the challenge, which only its recipient has."""
    asked = challenge(outcome.letter)
    return bool(asked) and asked in answer

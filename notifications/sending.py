"""Sending what is due, a batch of each lane after another. No transaction is open while a channel sends."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Generator, Sequence
from datetime import datetime

import structlog
from django.db import transaction
from django.utils import timezone

from notifications import claims
from notifications.channels import CHANNELS
from notifications.choices import DeliveryLane, DeliveryStatus
from notifications.claims import Settled
from notifications.letters import Letter, Outcome, Verdict
from notifications.present import withheld
from notifications.retries import wait
from outbox.queue import put

log = structlog.get_logger(__name__)

BOUNCE = "bounce"
BATCH = 200
# What is written down at once: no more than this is sent again when the process dies.
_TOGETHER = 10
# A batch that takes longer gives the rest back, well before its lease ends.
_LONGEST = 10.0
_STATUS = {
    Verdict.ACCEPTED: DeliveryStatus.ACCEPTED,
    Verdict.BOUNCED: DeliveryStatus.BOUNCED,
    Verdict.FAILED: DeliveryStatus.FAILED,
    Verdict.SUPPRESSED: DeliveryStatus.SUPPRESSED,
}


def send_due(seconds: float) -> int:
    """Send until nothing is due or `seconds` have passed, batch by batch; how many attempts were made."""
    until = time.monotonic() + seconds
    claims.sweep(_most_attempts(), timezone.now())
    sent = 0
    while True:
        done = sum(_send_some(lane) for lane in DeliveryLane)
        sent += done
        if not done or time.monotonic() > until:
            return sent


def _send_some(lane: str) -> int:
    now = timezone.now()
    token, letters = claims.claim(lane, BATCH, now)
    if not letters:
        return 0
    barred = claims.suppressed(letters) | withheld(letters)
    _settle(token, [Outcome(one, Verdict.SUPPRESSED, now) for one in letters if one.id in barred])
    free = [one for one in letters if one.id not in barred]
    for channel in sorted({one.channel for one in free}):
        _send(token, channel, [one for one in free if one.channel == channel])
    return len(letters)


def _send(token: uuid.UUID, channel: str, letters: Sequence[Letter]) -> None:
    """Send one channel's letters, and write outcomes down as they come."""
    until = time.monotonic() + _LONGEST
    outcomes = _attempts(channel, letters)
    together: list[Outcome] = []
    tried: set[int] = set()
    for outcome in outcomes:
        together.append(outcome)
        tried.add(outcome.letter.id)
        if len(together) >= _TOGETHER:
            _settle(token, together)
            together = []
        if time.monotonic() > until:
            break
    outcomes.close()
    _settle(token, together)
    claims.release(token, [one for one in letters if one.id not in tried])


def _attempts(channel: str, letters: Sequence[Letter]) -> Generator[Outcome]:
    """The channel's outcomes. Where it breaks, that is the doing of the letter it was at: the others, not
    tried, are given back."""
    left = {one.id: one for one in letters}
    began = timezone.now()
    try:
        for outcome in CHANNELS[channel].send(letters):
            del left[outcome.letter.id]
            yield outcome
    except Exception as error:
        log.exception("notifications.channel_failed", channel=channel)
        at = next(iter(left.values()))
        yield Outcome(at, Verdict.RETRY, began, error=type(error).__name__, response=str(error))


def _settle(token: uuid.UUID, outcomes: Sequence[Outcome]) -> None:
    if not outcomes:
        return
    now = timezone.now()
    with transaction.atomic():
        held = claims.settle(token, [_settled(one, now) for one in outcomes], now)
        for one in outcomes:
            if one.verdict == Verdict.BOUNCED and one.letter.id in held:
                put(BOUNCE, one.letter.tenant_id, [one.letter.subscriber_id])


def _settled(outcome: Outcome, now: datetime) -> Settled:
    if outcome.verdict != Verdict.RETRY:
        return Settled(outcome, _STATUS[outcome.verdict])
    delay = wait(outcome, CHANNELS[outcome.letter.channel].RETRIES)
    if delay is None:
        return Settled(outcome, DeliveryStatus.DEAD)
    return Settled(outcome, DeliveryStatus.PENDING, now + delay)


def _most_attempts() -> str:
    return json.dumps({name: len(channel.RETRIES) + 1 for name, channel in CHANNELS.items()})

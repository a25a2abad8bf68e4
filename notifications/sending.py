"""Sending what is due, a batch of each lane after another. No transaction is open while a channel sends."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Generator, Sequence
from datetime import datetime
from functools import partial
from itertools import groupby
from operator import itemgetter

import structlog
from django.db import transaction
from django.utils import timezone

from notifications import claims, gate, health, measures, sent
from notifications.ahead import Ahead, Batch
from notifications.beside import Beside
from notifications.channels import CHANNELS
from notifications.choices import DeliveryLane, DeliveryStatus
from notifications.claims import Settled
from notifications.letters import NOT_TRIED, Letter, Outcome, Verdict
from notifications.present import still_tellable
from notifications.retries import wait
from notifications.sms.optouts import opt_out
from notifications.summaries import merge, spoken
from notifications.superseding import overtaken
from outbox.queue import put

log = structlog.get_logger(__name__)

_Book = Beside[tuple[uuid.UUID, Outcome]]

BOUNCE = "bounce"
ECHO = "echo"
# How many are claimed at once, of requests to strangers' machines and of all else.
_BATCHES, _BATCH = {DeliveryLane.CHAT.value: 1000}, 500
# Outcomes are written down together, as many as come within so many seconds: what is sent in that time is
# sent again when the process dies.
_TOGETHER = 0.05
# Nothing that goes by one channel is begun later, nor anything of a batch of several: the rest is given back,
# well before its lease ends.
_LONGEST, _ALL = 10.0, 60.0
_STATUS = {
    Verdict.ACCEPTED: DeliveryStatus.ACCEPTED,
    Verdict.BOUNCED: DeliveryStatus.BOUNCED,
    Verdict.FAILED: DeliveryStatus.FAILED,
    Verdict.SUPPRESSED: DeliveryStatus.SUPPRESSED,
    Verdict.SUPERSEDED: DeliveryStatus.SUPERSEDED,
}


def send_due(lane: str, seconds: float) -> int:
    """Send what is due in `lane` until nothing is or `seconds` have passed, batch by batch; how many attempts
    were made."""
    until = time.monotonic() + seconds
    made = 0
    with Beside(_write_down, _TOGETHER) as book, Ahead(partial(_claim, lane), book, until) as ahead:
        while batch := ahead.take():
            made += len(batch.letters)
            _send_some(batch, book, ahead)
            if time.monotonic() > until and not ahead.is_begun:
                break
    return made


def take_back(_seconds: float) -> int:
    """Let what dead senders held be sent by others; how much that was."""
    return claims.sweep(_most_attempts(), timezone.now())


def _claim(lane: str) -> Batch | None:
    now, until = timezone.now(), time.monotonic() + _ALL
    room = gate.room(lane, _BATCHES.get(lane, _BATCH), now)
    if not room:
        return None
    token, letters = claims.claim(lane, room, now)
    return Batch(token, letters, until) if letters else None


def _send_some(batch: Batch, book: _Book, ahead: Ahead) -> None:
    now = timezone.now()
    admitted = gate.admit(_worth_sending(batch.token, batch.letters, now), now)
    if admitted.later:
        claims.postpone(batch.token, admitted.later)
    ahead.expect(len(admitted.go))
    for channel in sorted({one.channel for one in admitted.go}):
        theirs = [one for one in admitted.go if one.channel == channel]
        until = min(batch.until, time.monotonic() + _LONGEST)
        for outcome in _send(batch.token, channel, theirs, until):
            book.note((batch.token, outcome))
            ahead.note()
        book.begin()


def _worth_sending(token: uuid.UUID, letters: Sequence[Letter], now: datetime) -> list[Letter]:
    """Without those that must not go, or need not any more: they are settled."""
    letters = merge(token, letters, now)
    left = still_tellable([one for one in letters if not one.is_suppressed])
    known = {one.id for one in left}
    _settle(token, [Outcome(one, Verdict.SUPPRESSED, now) for one in letters if one.id not in known])
    old = overtaken(left)
    _settle(token, [Outcome(one, Verdict.SUPERSEDED, now) for one in left if one.id in old])
    return [spoken(one) for one in left if one.id not in old]


def _send(token: uuid.UUID, channel: str, letters: Sequence[Letter], until: float) -> Generator[Outcome]:
    """What becomes of one channel's letters, as it does. The others are given back."""
    tried: set[int] = set()
    for outcome in _attempts(channel, letters, until):
        tried.add(outcome.letter.id)
        yield outcome
    if left := [one for one in letters if one.id not in tried]:
        claims.release(token, left)


def _attempts(channel: str, letters: Sequence[Letter], until: float) -> Generator[Outcome]:
    """The channel's outcomes. Where it breaks, that is the doing of the letter it was at: the others, not
    tried, are given back."""
    left = {one.id: one for one in letters}
    began = timezone.now()
    try:
        for outcome in CHANNELS[channel].send(letters, until):
            del left[outcome.letter.id]
            yield outcome
    except Exception as error:
        log.exception("notifications.channel_failed", channel=channel)
        for at in [*left.values()][:1]:
            yield Outcome(at, Verdict.RETRY, began, error=type(error).__name__, response=str(error))


def _write_down(noted: Sequence[tuple[uuid.UUID, Outcome]]) -> None:
    for token, some in groupby(noted, key=itemgetter(0)):
        _settle(token, [outcome for _token, outcome in some])


def _settle(token: uuid.UUID, outcomes: Sequence[Outcome]) -> None:
    if not outcomes:
        return
    now = timezone.now()
    settled = [_settled(one, now) for one in outcomes]
    with transaction.atomic():
        held = claims.settle(token, settled, now)
        known = [one for one in outcomes if one.letter.id in held]
        health.note(known, held, now)
        for one in known:
            _follow(one)
    gate.learn(outcomes, now)
    measures.note([one for one in settled if one.outcome.verdict not in NOT_TRIED], now)
    sent.note([one for one in settled if one.outcome.letter.id in held], now)


def _follow(outcome: Outcome) -> None:
    """Ask for what follows from it, in the same transaction."""
    letter = outcome.letter
    if outcome.verdict == Verdict.BOUNCED:
        put(BOUNCE, letter.tenant_id, [letter.subscriber_id])
    if outcome.opted_out:
        opt_out(letter.target, outcome.provider, outcome.began_at)
    if outcome.echoed:
        put(ECHO, letter.tenant_id, [letter.subscriber_id])


def _settled(outcome: Outcome, now: datetime) -> Settled:
    if outcome.verdict != Verdict.RETRY:
        return Settled(outcome, _STATUS[outcome.verdict])
    delay = wait(outcome, CHANNELS[outcome.letter.channel].RETRIES)
    if delay is None:
        return Settled(outcome, DeliveryStatus.DEAD)
    return Settled(outcome, DeliveryStatus.PENDING, now + delay)


def _most_attempts() -> str:
    return json.dumps({name: len(channel.RETRIES) + 1 for name, channel in CHANNELS.items()})

"""Messages whose provider's answer was lost: it is asked what became of them before they are sent again, and
paid for again."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from notifications.claims import EXPIRED
from notifications.letters import Letter, Outcome, Verdict
from notifications.models import Attempt, Delivery
from notifications.posting import TIMED_OUT, UNREACHABLE, post_all
from notifications.posts import Post, Reply
from notifications.sms.providers import PROVIDERS
from notifications.sms.shapes import Sms
from subscribers.choices import Channel

# After these nobody knows whether the message was taken.
_LOST = (TIMED_OUT, UNREACHABLE, EXPIRED)
_CLOCKS_DIFFER_BY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class _Doubt:
    letter: Letter
    provider: str
    sms: Sms


def resolved(texts: Mapping[int, str], letters: Sequence[Letter], until: float) -> Generator[Outcome]:
    """What became of those letters that an earlier attempt has perhaps sent: accepted where the provider has
    it, to be tried again where it does not say. None of those that it has not, and that are to be sent."""
    doubts = {one.letter.id: one for one in _doubts(texts, letters)}
    for reply in post_all([post for one in doubts.values() if (post := _lookup(one))], until):
        doubt = doubts.pop(reply.number)
        found = PROVIDERS[doubt.provider].taken(doubt.sms, reply, _since(doubt.letter))
        if found is None:
            yield _outcome(doubt, reply, Verdict.RETRY)
        elif mine := _unknown(doubt, found):
            yield _outcome(doubt, reply, Verdict.ACCEPTED, mine[0])
    for doubt in doubts.values():
        if _lookup(doubt):
            yield Outcome(doubt.letter, Verdict.RETRY, _since(doubt.letter), doubt.provider, error=TIMED_OUT)


def _doubts(texts: Mapping[int, str], letters: Sequence[Letter]) -> list[_Doubt]:
    again = {one.id: one for one in letters if one.number > 1}
    if not again:
        return []
    lost = Attempt.objects.filter(delivery_id__in=again, code=None, error__in=_LOST).order_by("number")
    by = {one.delivery_id: one.provider or again[one.delivery_id].through for one in lost}
    return [
        _Doubt(again[pk], name, Sms(pk, again[pk].target, texts[pk], ""))
        for pk, name in by.items()
        if name in PROVIDERS
    ]


def _lookup(doubt: _Doubt) -> Post | None:
    return PROVIDERS[doubt.provider].lookup(doubt.sms)


def _since(letter: Letter) -> datetime:
    return letter.notification.created_at - _CLOCKS_DIFFER_BY


def _unknown(doubt: _Doubt, ids: Sequence[str]) -> list[str]:
    """Without those that are known as other deliveries'."""
    known = Delivery.objects.filter(channel=Channel.SMS, provider=doubt.provider, provider_message_id__in=ids)
    others = set(known.exclude(pk=doubt.letter.id).values_list("provider_message_id", flat=True))
    return [one for one in ids if one not in others]


def _outcome(doubt: _Doubt, reply: Reply, verdict: Verdict, message_id: str = "") -> Outcome:
    return Outcome(
        doubt.letter,
        verdict,
        reply.began_at,
        doubt.provider,
        message_id[:255],
        code=reply.code,
        error=reply.error,
        response="" if message_id else reply.text,
    )

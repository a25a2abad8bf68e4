"""SMS, by the provider whose turn it is: many at once, within what an organisation may spend."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

import structlog
from django.utils import timezone

from notifications.calling import Service, call_each
from notifications.letters import Letter, Outcome, Verdict
from notifications.posts import Post, Reply
from notifications.retries import table
from notifications.sms import budget
from notifications.sms.budget import Cost, NotCounting
from notifications.sms.doubts import resolved
from notifications.sms.providers import PROVIDERS, Provider, names
from notifications.sms.references import callback_url
from notifications.sms.shapes import Sms
from notifications.sms.texts import Texts
from subscribers.phones import country_of
from tenants.sms import limits

log = structlog.get_logger(__name__)

# Seven attempts in about two hours: later nobody wants to be woken.
RETRIES = table(5, 30, 120, 600, 1800, 3600)
_UNCOUNTED = timedelta(seconds=30)
_COUNTRY = "No SMS are sent to numbers of this country."
_CAP = "The organisation has spent what it may on SMS in a day."


@dataclass(frozen=True, slots=True)
class _Ready:
    letter: Letter
    text: str
    cost: Cost


def providers() -> Sequence[str]:
    """By which SMS leave, the preferred first."""
    return names()


def send(letters: Sequence[Letter], until: float) -> Generator[Outcome]:
    now = timezone.now()
    for name, theirs in groupby(sorted(letters, key=_through), _through):
        provider = PROVIDERS.get(name)
        if provider is None:
            for letter in theirs:
                yield Outcome(letter, Verdict.RETRY, now, error="NoProvider", down=True)
            continue
        ready = yield from _ready(list(theirs), now)
        unsent = yield from _unsent(ready, until)
        payable = yield from _within_cap(unsent, now)
        yield from _post(provider, payable, until, now)


def _ready(letters: Sequence[Letter], now: datetime) -> Generator[Outcome, None, list[_Ready]]:
    """Yields what becomes of those that cannot be sent, returns the others."""
    texts, found = Texts(), []
    allowed = limits({one.tenant_id for one in letters})
    for letter in letters:
        countries, _cap = allowed[letter.tenant_id]
        if country_of(letter.target) not in countries:
            yield Outcome(letter, Verdict.FAILED, now, error="CountryNotAllowed", response=_COUNTRY)
            continue
        try:
            text = texts.of(letter)
        except Exception as error:
            log.exception("sms.not_made", notification=letter.notification.pk)
            yield Outcome(letter, Verdict.RETRY, now, error=type(error).__name__)
        else:
            found.append(_Ready(letter, text, budget.cost(letter, text)))
    return found


def _unsent(ready: Sequence[_Ready], until: float) -> Generator[Outcome, None, list[_Ready]]:
    """As `_ready`: without those that an earlier attempt has sent, as far as anybody knows."""
    done: set[int] = set()
    texts = {one.letter.id: one.text for one in ready}
    for outcome in resolved(texts, [one.letter for one in ready], until):
        done.add(outcome.letter.id)
        yield outcome
    return [one for one in ready if one.letter.id not in done]


def _within_cap(ready: Sequence[_Ready], now: datetime) -> Generator[Outcome, None, list[_Ready]]:
    """As `_ready`: what goes on is counted as spent."""
    try:
        over = budget.reserve({one.letter.id: one.cost for one in ready}, now)
    except NotCounting:
        for one in ready:
            yield Outcome(one.letter, Verdict.RETRY, now, error="NotCounting", pause=_UNCOUNTED)
        return []
    for one in ready:
        if one.letter.id in over:
            yield Outcome(one.letter, Verdict.FAILED, now, error="DailyCapReached", response=_CAP)
    return [one for one in ready if one.letter.id not in over]


def _post(provider: Provider, ready: Sequence[_Ready], until: float, now: datetime) -> Generator[Outcome]:
    """What was not taken, or never begun, is given back to what may be spent."""
    mine = {one.letter.id: one for one in ready}
    costs = {number: one.cost for number, one in mine.items()}

    def make(letter: Letter) -> Post:
        callback = callback_url(provider.NAME, letter)
        return provider.post(Sms(letter.id, letter.target, mine[letter.id].text, callback))

    try:
        letters = [one.letter for one in ready]
        for outcome, reply in call_each(Service(provider.NAME, gone=()), letters, until, make):
            known = provider.answered(outcome, reply) if reply else outcome
            if known.verdict == Verdict.ACCEPTED or _is_unknown(reply):
                del costs[outcome.letter.id]
            yield known
    finally:
        budget.give_back(list(costs.values()), now)


def _is_unknown(reply: Reply | None) -> bool:
    """Whether it was handed over and nothing came back: it may have to be paid."""
    return reply is not None and reply.code is None


def _through(letter: Letter) -> str:
    return letter.through

"""Which of the claimed letters may go now, and by which way: circuits and paces are asked before sending.

What may not go is pushed forward: its row waits, no worker does, and the attempt does not count.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog

from notifications import circuits, pace
from notifications.channels import email, sms
from notifications.choices import DeliveryLane
from notifications.circuits import Open
from notifications.letters import Letter, Outcome, Verdict
from notifications.posts import host_of
from subscribers.choices import Channel

log = structlog.get_logger(__name__)

# Who sends for us, the preferred first; every other channel calls the host in the recipient's address.
PROVIDERS: Mapping[str, Callable[[], Sequence[str]]] = {
    Channel.EMAIL: email.providers,
    Channel.SMS: sms.providers,
}
# Lanes in which everything goes by the providers of one channel.
_OF_ONE = {DeliveryLane.EMAIL.value: Channel.EMAIL, DeliveryLane.SMS.value: Channel.SMS}
# While one letter probes, the others wait this long for what comes of it.
_WHILE_PROBING = timedelta(seconds=10)
_LONGEST_NAME = 200


@dataclass(slots=True)
class Admitted:
    """`go` know the way `through` which they leave; `later`: not before then, by their ids."""

    go: list[Letter] = field(default_factory=list)
    later: dict[int, datetime] = field(default_factory=dict)


def room(lane: str, most: int, now: datetime) -> int:
    """How many letters of the lane are worth claiming: none while all its providers are left alone."""
    providers = PROVIDERS.get(_OF_ONE.get(lane, ""))
    if providers is None:
        return most
    names = providers()
    known = circuits.look(names)
    if any(name not in known for name in names):
        return most
    return 1 if any(known[name].until <= now for name in names) else 0


def admit(letters: Sequence[Letter], now: datetime) -> Admitted:
    """Circuits first: what they hold back takes nobody's turn."""
    admitted = Admitted()
    ways = {letter.id: _ways(letter) for letter in letters}
    known = circuits.look({name for names in ways.values() for name in names})
    open_ways: list[Letter] = []
    for letter in letters:
        if name := _way(ways[letter.id], known, now):
            letter.through = name
            open_ways.append(letter)
        else:
            admitted.later[letter.id] = _when([known[name] for name in ways[letter.id]], now)
    admitted.later |= pace.turns(open_ways, now)
    admitted.go = [one for one in open_ways if one.id not in admitted.later]
    return admitted


def learn(outcomes: Sequence[Outcome], now: datetime) -> None:
    """Let what became of letters open and close circuits, and pace what follows to the same address."""
    down = {one.letter.through for one in outcomes if one.down}
    circuits.close({one.letter.through for one in outcomes if _answered(one)} - down)
    for one in outcomes:
        if one.letter.through in down:
            _learn(one, now)
        if one.retry_after is not None and one.letter.channel in pace.INTERVALS:
            pace.rest(one.letter, now + one.retry_after, now)


def _learn(one: Outcome, now: datetime) -> None:
    name = one.letter.through
    if one.down and circuits.note_failure(name, now):
        log.warning("notifications.circuit_opened", through=name, error=one.error, code=one.code)
    elif _answered(one):
        circuits.close([name])


def _answered(one: Outcome) -> bool:
    """Also a refusal is an answer; a message that could not be made is none."""
    return not one.down and (one.code is not None or one.verdict == Verdict.ACCEPTED)


def _ways(letter: Letter) -> Sequence[str]:
    providers = PROVIDERS.get(letter.channel)
    return providers() if providers else (host_of(letter.target)[-_LONGEST_NAME:],)


def _way(names: Sequence[str], known: Mapping[str, Open], now: datetime) -> str | None:
    """The first that is closed, or whose probe this letter may be."""
    for name in names:
        if name not in known or (known[name].until <= now and circuits.may_probe(name)):
            return name
    return None


def _when(known: Sequence[Open], now: datetime) -> datetime:
    return min(one.until if one.until > now else now + _WHILE_PROBING for one in known)

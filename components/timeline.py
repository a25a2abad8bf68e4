"""What a component's status was, when, and by whose word: a pure function of what was said.

Instants are aware datetimes in UTC. Statuses and sources are the values of `components.choices`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from components.choices import ComponentStatus, Source


@dataclass(frozen=True, slots=True)
class Spoken:
    """One statement: `source` said that the component is `status`, from `begun` until before `ended`.

    `ended` None: it still stands. One that ends at or before its beginning was never live.
    """

    id: int
    source: str
    source_id: str
    status: str
    begun: datetime
    ended: datetime | None

    @property
    def rank(self) -> tuple[datetime, int]:
        """The order of being said, oldest first."""
        return self.begun, self.id

    def is_live(self, at: datetime) -> bool:
        return self.begun <= at and (self.ended is None or at < self.ended)


@dataclass(frozen=True, slots=True)
class Effective:
    """The status that holds, and who said so; source and source id are empty where nobody did."""

    status: str
    source: str
    source_id: str


@dataclass(frozen=True, slots=True)
class Change:
    """From `at` until the next change, `status` holds because `source` said so."""

    at: datetime
    status: str
    source: str
    source_id: str


SILENCE = Effective(ComponentStatus.OPERATIONAL, "", "")


def effective(spoken: Iterable[Spoken], at: datetime) -> Effective:
    """What holds at `at`.

    The newest live correction wins over all. Else the newest live statement of a person does, unless it
    says operational (or there is none) and the newest live finding of a monitor was made after it. One made
    at the very same instant loses: a robot never overwrites a person's word.
    """
    live = [one for one in spoken if one.is_live(at)]
    newest = {_voice(one): one for one in sorted(live, key=_rank)}
    return _judge(newest.get(_CORRECTION), newest.get(_PERSON), newest.get(_ROBOT))


def fold(spoken: Iterable[Spoken], until: datetime) -> list[Change]:
    """The beginnings of all that held, up to and including `until`, in strictly rising time.

    Before the first of them the component is operational with no source. No two consecutive ones are equal
    in status, source and source id; one in which only the source differs is kept, because it explains why
    the same status went on. Work: O(n log n).
    """
    changes: list[Change] = []
    before = SILENCE
    for at, now in _sweep(list(spoken), until):
        if now != before:
            changes.append(Change(at, now.status, now.source, now.source_id))
            before = now
    return changes


_CORRECTION, _PERSON, _ROBOT = range(3)


def _rank(one: Spoken) -> tuple[datetime, int]:
    return one.rank


def _voice(one: Spoken) -> int:
    if one.source == Source.CORRECTION:
        return _CORRECTION
    return _PERSON if Source(one.source).is_human else _ROBOT


def _judge(correction: Spoken | None, person: Spoken | None, robot: Spoken | None) -> Effective:
    """What holds when these are the newest live statements of their voices."""
    winner = correction or person
    if correction is None and robot is not None and _may_speak(robot, person):
        winner = robot
    return Effective(winner.status, winner.source, winner.source_id) if winner else SILENCE


def _may_speak(robot: Spoken, person: Spoken | None) -> bool:
    if person is None:
        return True
    return person.status == ComponentStatus.OPERATIONAL and person.begun < robot.begun


def _sweep(spoken: list[Spoken], until: datetime) -> Iterator[tuple[datetime, Effective]]:
    """What holds from each instant, up to `until`, at which anything begins or ends."""
    waiting = sorted(spoken, key=_rank, reverse=True)
    # A stack for each voice. Statements come in the order of being said, so the newest lies on top.
    stacks: tuple[list[Spoken], list[Spoken], list[Spoken]] = ([], [], [])
    for at in _instants(spoken, until):
        while waiting and waiting[-1].begun <= at:
            one = waiting.pop()
            stacks[_voice(one)].append(one)
        yield at, _judge(*(_newest_live(stack, at) for stack in stacks))


def _instants(spoken: list[Spoken], until: datetime) -> list[datetime]:
    begun = {one.begun for one in spoken}
    ended = {one.ended for one in spoken if one.ended is not None}
    return sorted(at for at in begun | ended if at <= until)


def _newest_live(stack: list[Spoken], at: datetime) -> Spoken | None:
    """The top of `stack`, after what has ended is dropped from it; time only rises, so it never returns."""
    while stack and not stack[-1].is_live(at):
        stack.pop()
    return stack[-1] if stack else None

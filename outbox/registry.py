"""Which topic is handled by what. Upper apps register in their `handlers.py`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from common.tenancy import NO_TENANT, in_tenant


class Lane(StrEnum):
    """One Celery queue each: slow work in one does not delay another."""

    PUBLISH = "publish"
    NOTIFY = "notify"
    ARCHIVE = "archive"
    PURGE = "purge"
    COPY = "copy"
    POLL = "poll"
    # What has been asked for in the lane of notifying is sent in these.
    CRITICAL = "critical"
    CHAT = "chat"
    EMAIL = "email"
    SMS = "sms"


SENDING = (Lane.CRITICAL, Lane.CHAT, Lane.EMAIL, Lane.SMS)


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row under lease, as its handler sees it."""

    id: int
    topic: str
    tenant_id: str
    key: str
    seq: int
    attempts: int


class Later(Exception):
    """The handler's word that it is too early: ask again after `delay`, without counting a failure."""

    def __init__(self, delay: timedelta) -> None:
        super().__init__(str(delay))
        self.delay = delay


@dataclass(frozen=True, slots=True)
class Topic:
    """`handle` gets up to `most` rows at once: done, too early or failed together."""

    name: str
    lane: Lane
    handle: Callable[[Sequence[Claimed]], None]
    lease: timedelta
    most: int


_topics: dict[str, Topic] = {}


def register(
    name: str, lane: Lane, handle: Callable[[Claimed], None], lease: timedelta = timedelta(seconds=10)
) -> None:
    """Let `handle` do the work of topic `name`, a row at a time, in the schema of its tenant. It must bear
    being called again for the same row, also while a former call is still at it: after `lease` the row is
    anybody's again."""

    def handle_one(items: Sequence[Claimed]) -> None:
        for item in items:
            with in_tenant(item.tenant_id):
                handle(item)

    _topics[name] = Topic(name, lane, handle_one, lease, most=1)


def register_batch(
    name: str, lane: Lane, handle: Callable[[Sequence[Claimed]], None], most: int, lease: timedelta
) -> None:
    """The same for work that is cheaper together: up to `most` due rows at once, of any tenants, in the
    schema of none. One outcome holds for all of them."""

    def handle_all(items: Sequence[Claimed]) -> None:
        with in_tenant(NO_TENANT):
            handle(items)

    _topics[name] = Topic(name, lane, handle_all, lease, most)


def topic(name: str) -> Topic:
    return _topics[name]


def topics(*lanes: Lane) -> list[str]:
    """Names of the registered topics of these lanes (all lanes when none is given)."""
    return [entry.name for entry in _topics.values() if not lanes or entry.lane in lanes]


# Does what is due for at most so many seconds; how much it did.
Source = Callable[[float], int]
_sources: dict[Lane, list[Source]] = {}


def register_source(lane: Lane, work: Source) -> None:
    """Let drains of `lane` also do what an app finds by a claim of its own: work with a row of its own each,
    of which there is too much to have another row in the outbox."""
    _sources.setdefault(lane, []).append(work)


def sources(*lanes: Lane) -> list[Source]:
    return [work for lane, found in _sources.items() for work in found if not lanes or lane in lanes]

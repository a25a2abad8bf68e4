"""A request to each of some machines, and what their answers mean: what webhooks and chats have in common."""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus

import structlog
from django.utils import timezone

from common.instants import retry_after
from notifications.letters import Letter, Outcome, Verdict
from notifications.posting import TIMED_OUT, post_all
from notifications.posts import Post, Reply

log = structlog.get_logger(__name__)

# Who is overloaded gets a minute at least.
_BREATH = timedelta(minutes=1)
_TAKEN = range(HTTPStatus.OK, HTTPStatus.MULTIPLE_CHOICES)
_OVERLOADED = {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}


@dataclass(frozen=True, slots=True)
class Service:
    """`gone`: the answers after which the address never works again; `refused`: those that are about this one
    message."""

    provider: str
    gone: Collection[int] = frozenset({HTTPStatus.GONE})
    refused: Collection[int] = frozenset()


def call_each(
    service: Service, letters: Sequence[Letter], until: float, make: Callable[[Letter], Post]
) -> Generator[tuple[Outcome, Reply | None]]:
    """As `ChannelModule.send`, with the reply that each outcome is from."""
    posts: list[Post] = []
    for letter in letters:
        try:
            posts.append(make(letter))
        except Exception as error:
            log.exception("notifications.not_made", notification=letter.notification.pk)
            name = type(error).__name__
            yield Outcome(letter, Verdict.RETRY, timezone.now(), service.provider, error=name), None
    by_id = {letter.id: letter for letter in letters}
    for reply in post_all(posts, until):
        yield _outcome(service, by_id[reply.number], reply), reply


def _outcome(service: Service, letter: Letter, reply: Reply) -> Outcome:
    verdict, began, text = _verdict(service, reply.code), reply.began_at, reply.text
    if verdict == Verdict.ACCEPTED:
        return Outcome(letter, verdict, began, service.provider, code=reply.code, response=text)
    return Outcome(
        letter,
        verdict,
        began,
        service.provider,
        code=reply.code,
        error=reply.error,
        response=text,
        retry_after=retry_after(reply.headers.get("Retry-After")),
        pause=_BREATH if reply.code in _OVERLOADED or reply.error == TIMED_OUT else timedelta(),
        down=reply.code is None or reply.code >= HTTPStatus.INTERNAL_SERVER_ERROR,
    )


def _verdict(service: Service, code: int | None) -> Verdict:
    if code in _TAKEN:
        return Verdict.ACCEPTED
    if code in service.gone:
        return Verdict.BOUNCED
    return Verdict.FAILED if code in service.refused else Verdict.RETRY

"""What a channel is given to send, and what it answers.

Made by the hundred thousand: none of it is frozen, which would take ten times as long to make.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from notifications.models import Notification


@dataclass(slots=True)
class Letter:
    """A delivery under lease, with all that its message is made of."""

    id: int
    notification: Notification
    tenant_id: str
    page_id: str
    subscriber_id: str
    channel: str
    target: str
    target_hash: str
    language: str
    time_zone: str
    link_version: int
    settings: dict[str, Any]
    number: int
    """Of this attempt among all of the delivery's."""
    attempt: int
    """Of this attempt since it was last sent again by hand; from 1."""
    earlier: tuple[Notification, ...] = ()
    """What it also speaks for, oldest first; see summaries.py."""
    is_suppressed: bool = False
    """Whether its address must not be written to."""
    through: str = ""
    """The provider or host by which it leaves: the name of its circuit."""


class Verdict(StrEnum):
    ACCEPTED = "accepted"
    RETRY = "retry"
    """Not now: try again later."""
    BOUNCED = "bounced"
    """The recipient's side will never take anything: the address does not work."""
    FAILED = "failed"
    """This message will never be taken, though the address may work."""
    SUPPRESSED = "suppressed"
    """Not tried: the address must not be written to, or the message not be told any more."""
    SUPERSEDED = "superseded"
    """Not tried: a newer message goes instead."""


NOT_TRIED = frozenset({Verdict.SUPPRESSED, Verdict.SUPERSEDED})


@dataclass(slots=True)
class Outcome:
    """What became of one attempt. `error` is a short name of what went wrong, `response` the other side's
    words, `code` its SMTP or HTTP status; `retry_after` is what it asked for."""

    letter: Letter
    verdict: Verdict
    began_at: datetime
    provider: str = ""
    provider_message_id: str = ""
    code: int | None = None
    error: str = ""
    response: str = ""
    retry_after: timedelta | None = None
    pause: timedelta = timedelta()
    """The next attempt is not made sooner, whatever the channel's table says."""
    down: bool = False
    """Whether the provider or host seems to be away as a whole, whatever letter it is given."""
    echoed: bool = False
    """Whether a machine proved, by repeating what it was sent, that it wants to be told."""
    opted_out: bool = False
    """Whether the recipient has told the provider to pass nothing on."""

"""What providers are given and what they say, whatever their own words for it are."""

from __future__ import annotations

from dataclasses import dataclass

from notifications.choices import DeliveryStatus


@dataclass(frozen=True, slots=True)
class Sms:
    """`number` is the letter's id, `to` a number as +491711234567, `callback` where to report."""

    number: int
    to: str
    text: str
    callback: str


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a message: accepted, delivered, bounced (nobody ever gets anything there) or failed."""

    status: DeliveryStatus
    message_id: str = ""
    error: str = ""
    opted_out: bool = False


@dataclass(frozen=True, slots=True)
class Inbound:
    """A message that somebody has sent to us. `answered`: the provider has replied to it by itself."""

    sender: str
    text: str
    answered: bool = False


class Forged(Exception):
    """The request is not the provider's, or says nothing that can be read."""

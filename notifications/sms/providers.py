"""Who sends SMS for us: one module each, all alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from notifications.letters import Outcome
from notifications.posts import Post, Reply
from notifications.sms import gateway, twilio
from notifications.sms.shapes import Inbound, Report, Sms


class Provider(Protocol):
    @property
    def NAME(self) -> str:  # noqa: N802 a constant of the module
        """In settings, rows and addresses."""

    def missing(self) -> list[str]:
        """Names of the settings that it needs and has not."""

    def post(self, sms: Sms) -> Post:
        """The request that sends it."""

    def answered(self, outcome: Outcome, reply: Reply) -> Outcome:
        """The outcome with what the provider's own words add to the status of its answer."""

    def lookup(self, sms: Sms) -> Post | None:
        """The request that asks whether it has taken this message; None where it cannot be asked."""

    def taken(self, sms: Sms, reply: Reply, since: datetime) -> Sequence[str] | None:
        """Its ids of messages that may be this one, taken after `since`, oldest first; None where it did not
        say."""

    def report(self, request: HttpRequest) -> Report:
        """What it says became of a message. Raises Forged."""

    def inbound(self, request: HttpRequest) -> Inbound:
        """What somebody has sent to us. Raises Forged."""

    def reply(self, text: str) -> HttpResponse:
        """The answer that has it send `text` back; empty: nothing."""


PROVIDERS: Mapping[str, Provider] = {one.NAME: one for one in (twilio, gateway)}
# Stands where there is none: what is due waits until one is set up.
_NOBODY = ("sms",)


def names() -> Sequence[str]:
    """The preferred first."""
    return [name for name in settings.SMS_PROVIDERS if name in PROVIDERS] or _NOBODY

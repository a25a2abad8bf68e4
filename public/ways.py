"""The ways of being told that a page offers, and what its form asks for each."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from subscribers.choices import Channel

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Way:
    """`field` is the name of the answer that is the address, `kind` the type of its input."""

    channel: Channel
    label: Text
    field: str
    kind: str
    autocomplete: str
    lead: Text
    asks_for: Text
    note: Text
    has_owner: bool = False
    """Whether the form asks who looks after the machine at the address."""

    @property
    def path(self) -> str:
        return f"/subscriptions/new-{self.channel.value}"


_ALL = (
    Way(
        Channel.EMAIL,
        label=_("E-mail"),
        field="email",
        kind="email",
        autocomplete="email",
        lead=_("Mail when something happens. No account, and one click to leave."),
        asks_for=_("E-mail address"),
        note=_("We will send you a link to confirm. Your address is used for these messages alone."),
    ),
    Way(
        Channel.WEBHOOK,
        label=_("Webhook"),
        field="address",
        kind="url",
        autocomplete="url",
        lead=_("A signed request with JSON to a machine of yours when something happens."),
        asks_for=_("Address of the machine"),
        note=_(
            "With an e-mail address we send a link to confirm there, and a warning when the machine fails. "
            "Without one, the machine confirms by answering with the “challenge” of its first message."
        ),
        has_owner=True,
    ),
)
WAYS = {way.channel.value: way for way in _ALL}

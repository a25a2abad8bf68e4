"""The ways of being told that a page offers, and what its form asks for each."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from subscribers.choices import Channel
from subscribers.phones import is_offered

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
    sent: Text
    """What is said once the form has been taken."""
    has_owner: bool = False
    """Whether the form asks who looks after the machine at the address."""

    @property
    def path(self) -> str:
        return f"/subscriptions/new-{self.channel.value}"


_MAILBOX = _(
    "We have sent a message to the address that you entered. Open the link in it, and you are subscribed. If "
    "nothing has come after a few minutes, look among the spam, or try again."
)
_OWNER_OR_MACHINE = _(
    "If you gave an e-mail address, open the link that we have sent there. Otherwise we are asking the "
    "machine now: it is told as soon as it has answered with the challenge."
)
_OWNER_OR_CHAT = _(
    "If you gave an e-mail address, open the link that we have sent there. Otherwise look into the chat: the "
    "message that we have posted there has a link to confirm."
)


def _chat(channel: Channel, label: str, asks_for: Text) -> Way:
    return Way(
        channel,
        label=label,
        field="address",
        kind="url",
        autocomplete="off",
        lead=_("A message in a channel of yours when something happens."),
        asks_for=asks_for,
        note=_(
            "We post a link to confirm into the chat or, with an e-mail address, send it there; and a "
            "warning when the chat takes no more messages."
        ),
        sent=_OWNER_OR_CHAT,
        has_owner=True,
    )


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
        sent=_MAILBOX,
    ),
    Way(
        Channel.SMS,
        label=_("SMS"),
        field="number",
        kind="tel",
        autocomplete="tel",
        lead=_("An SMS when an incident opens or is resolved, and when maintenance begins. STOP ends them."),
        asks_for=_("Mobile number, with the code of its country"),
        note=_("We will send you a code. Your number is used for these messages alone. Carriers may charge."),
        sent=_("We have sent you an SMS with a code. Enter it, and you are subscribed."),
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
        sent=_OWNER_OR_MACHINE,
        has_owner=True,
    ),
    _chat(Channel.SLACK, "Slack", _("Address of the channel's incoming webhook")),
    _chat(Channel.TEAMS, "Teams", _("Address of the workflow that takes webhook requests")),
    _chat(Channel.DISCORD, "Discord", _("Address of the channel's webhook")),
    _chat(Channel.GOOGLE_CHAT, "Google Chat", _("Address of the space's webhook")),
)
WAYS = {way.channel.value: way for way in _ALL}


def offered(closed: Collection[str] = ()) -> dict[str, Way]:
    """Those that this installation can tell people by, but for those that a page has `closed`."""
    known = (way for way in _ALL if way.channel != Channel.SMS or is_offered())
    return {way.channel.value: way for way in known if way.channel not in closed}

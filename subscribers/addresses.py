"""Addresses as they are stored, and the hash by which they are found and compared."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection
from functools import partial
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from common import egress
from common.errors import Refused
from subscribers.choices import Channel
from subscribers.phones import normal_number

_LONGEST = 254


def normal(channel: str, address: str, field: str = "address") -> str:
    """The address as it is stored: trimmed, an e-mail's domain in lower case.

    Raises Refused, naming `field`, where it cannot be one, and for a channel that nobody can subscribe by.
    """
    if channel not in _SPELLED:
        message = _("“%(channel)s” is no way to be told that this page offers.") % {"channel": channel}
        raise Refused(message, "channel")
    return _SPELLED[channel](address.strip(), field)


def address_hash(channel: str, address: str) -> str:
    """SHA-256 of channel and address, an e-mail's letter case aside: the same for every tenant."""
    spelled = address.casefold() if channel == Channel.EMAIL else address
    return hashlib.sha256(f"{channel}\0{spelled}".encode()).hexdigest()


def _email(address: str, field: str) -> str:
    try:
        validate_email(address)
    except ValidationError as error:
        raise Refused(_no_address(), field) from error
    if len(address) > _LONGEST or not address.isascii():
        raise Refused(_no_address(), field)
    local, _at, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}"


def _no_address() -> str:
    return _("This is not an e-mail address. One looks like name@example.org.")


def _hook(url: str, field: str, hosts: Collection[str], example: str) -> str:
    """Of a chat: only its service's own hosts, so that its messages go nowhere else."""
    url = egress.check_url(url, field)
    parts = urlsplit(url)
    host = parts.hostname or ""
    known = parts.scheme == "https" and any(f".{host}".endswith(f".{one}") for one in hosts)
    if not known and not egress.is_opened(host):
        message = _("This is not the address of such a chat. One begins with %(example)s.")
        raise Refused(message % {"example": example}, field)
    return url


def _chat(example: str, *hosts: str) -> Callable[[str, str], str]:
    return partial(_hook, hosts=hosts, example=example)


_SPELLED: dict[str, Callable[[str, str], str]] = {
    Channel.EMAIL: _email,
    Channel.SMS: normal_number,
    Channel.WEBHOOK: egress.check_url,
    Channel.SLACK: _chat("https://hooks.slack.com/", "hooks.slack.com", "hooks.slack-gov.com"),
    Channel.TEAMS: _chat(
        "https://….logic.azure.com/", "logic.azure.com", "api.powerplatform.com", "powerautomate.com"
    ),
    Channel.DISCORD: _chat("https://discord.com/api/webhooks/", "discord.com", "discordapp.com"),
    Channel.GOOGLE_CHAT: _chat("https://chat.googleapis.com/v1/spaces/", "chat.googleapis.com"),
}


def channels() -> list[str]:
    """Those by which somebody can be told."""
    return list(_SPELLED)

"""Addresses as they are stored, and the hash by which they are found and compared."""

from __future__ import annotations

import hashlib

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from common.errors import Refused
from subscribers.choices import Channel

_LONGEST = 254


def normal(channel: str, address: str) -> str:
    """The address as it is stored: trimmed, an e-mail's domain in lower case.

    Raises Refused where it cannot be one, and for a channel that nobody can subscribe by yet.
    """
    if channel != Channel.EMAIL:
        message = _("Only e-mail addresses can subscribe so far.")
        raise Refused(message, "channel")
    address = address.strip()
    try:
        validate_email(address)
    except ValidationError as error:
        raise Refused(_no_address(), "address") from error
    if len(address) > _LONGEST or not address.isascii():
        raise Refused(_no_address(), "address")
    local, _at, domain = address.rpartition("@")
    return f"{local}@{domain.lower()}"


def address_hash(channel: str, address: str) -> str:
    """SHA-256 of channel and address, letter case aside: the same for every tenant."""
    return hashlib.sha256(f"{channel}\0{address.casefold()}".encode()).hexdigest()


def _no_address() -> str:
    return _("This is not an e-mail address. One looks like name@example.org.")

"""What becomes of a delivery by what its provider reports, of every channel and in whatever order: one table
of moves, and none of them leads back."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from notifications.choices import DeliveryStatus
from notifications.models import Delivery
from subscribers.choices import Channel

_ENDS = frozenset({DeliveryStatus.DELIVERED, DeliveryStatus.FAILED, DeliveryStatus.BOUNCED})
# What is not named is never left.
_MOVES = {
    DeliveryStatus.PENDING: {DeliveryStatus.ACCEPTED} | _ENDS,
    # Its sender died before it could write down that it was taken.
    DeliveryStatus.LEASED: {DeliveryStatus.ACCEPTED} | _ENDS,
    DeliveryStatus.ACCEPTED: _ENDS,
    # Given up, and yet it has arrived.
    DeliveryStatus.DEAD: {DeliveryStatus.DELIVERED},
}
# A mailbox may send back what it took.
_MOVES_OF_MAIL = _MOVES | {DeliveryStatus.DELIVERED: {DeliveryStatus.BOUNCED}}


def leads_to(channel: str, status: str, reported: DeliveryStatus) -> bool:
    """Whether a delivery of that channel and status becomes what is reported of it."""
    moves = _MOVES_OF_MAIL if channel == Channel.EMAIL else _MOVES
    return reported in moves.get(DeliveryStatus(status), ())


def move(delivery: Delivery, reported: DeliveryStatus, at: datetime, **noted: str) -> bool:
    """Let a locked row become what is reported, where that leads on, with the columns `noted`; whether it
    has."""
    if not leads_to(delivery.channel, delivery.status, reported):
        return False
    values: dict[str, Any] = {"status": reported, "lease_token": None, "lease_until": None}
    values |= {"accepted_at": delivery.accepted_at or at, "reported_at": at, **noted}
    for name, value in values.items():
        setattr(delivery, name, value)
    delivery.save(update_fields=list(values))
    return True

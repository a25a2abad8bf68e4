"""What a webhook's messages are signed with: made from the installation's key and the number of the secret,
so that no row holds it."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any

from django.conf import settings

_OVERLAP = timedelta(hours=24)
_UNSALTED = bytes(sha256().digest_size)


def signing_keys(subscriber_id: str, known: Mapping[str, Any], now: datetime) -> list[bytes]:
    """Those that sign now, the present one first; after a rotation the former signs as well for a day.

    `known`: the subscriber's settings, where `secret` is the number of the present one and `rotated_at` says
    since when.
    """
    present = int(known.get("secret", 1))
    numbers = [present, present - 1] if former_signs_until(known, now) else [present]
    return [signing_key(subscriber_id, number) for number in numbers]


def former_signs_until(known: Mapping[str, Any], now: datetime) -> datetime | None:
    """How long the former secret still signs beside the present one; None: it does not."""
    rotated = known.get("rotated_at")
    ends = datetime.fromisoformat(rotated) + _OVERLAP if rotated else None
    return ends if ends and now < ends else None


def signing_key(subscriber_id: str, number: int) -> bytes:
    """HKDF (RFC 5869) of the installation's key; its first step is the same for everybody."""
    info = f"webhook {subscriber_id} {number}".encode()
    return hmac.digest(_extracted(settings.SECRET_KEY), info + b"\1", sha256)


@lru_cache(maxsize=2)
def _extracted(key: str) -> bytes:
    return hmac.digest(_UNSALTED, key.encode(), sha256)

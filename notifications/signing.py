"""Signatures of webhooks, as Standard Webhooks has them.

A subscriber's secret is made from the installation's key and the number of its secret: no row holds it.
After a rotation the former one signs as well for a day.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

OVERLAP = timedelta(hours=24)


def secret(subscriber_id: str, number: int) -> str:
    """`whsec_…`, as its owner is shown it."""
    return "whsec_" + b64encode(_key(subscriber_id, number)).decode()


def headers(
    message_id: str, body: bytes, subscriber_id: str, known: Mapping[str, Any], now: datetime
) -> dict[str, str]:
    """`known`: the subscriber's settings, where `secret` is the number of the present one and `rotated_at`
    says since when."""
    stamp = str(int(now.timestamp()))
    signed = b".".join([message_id.encode(), stamp.encode(), body])
    signatures = [_signature(_key(subscriber_id, number), signed) for number in _numbers(known, now)]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(signatures),
    }


def _numbers(known: Mapping[str, Any], now: datetime) -> list[int]:
    present = int(known.get("secret", 1))
    rotated = known.get("rotated_at")
    overlaps = rotated is not None and now < datetime.fromisoformat(rotated) + OVERLAP
    return [present, present - 1] if overlaps else [present]


def _signature(key: bytes, signed: bytes) -> str:
    return "v1," + b64encode(hmac.digest(key, signed, sha256)).decode()


def _key(subscriber_id: str, number: int) -> bytes:
    derived = HKDF(SHA256(), length=32, salt=None, info=f"webhook {subscriber_id} {number}".encode())
    return derived.derive(settings.SECRET_KEY.encode())

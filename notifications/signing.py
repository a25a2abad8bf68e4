"""Signatures of webhooks, as Standard Webhooks has them."""

from __future__ import annotations

import hmac
from base64 import b64encode
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from subscribers.secrets import signing_key, signing_keys

# Of a delivery's settings: whose secret signs it, where that is not its subscriber's.
SIGNS_AS = "signs_as"


def secret(subscriber_id: str, number: int) -> str:
    """`whsec_…`, as its owner is shown it."""
    return "whsec_" + b64encode(signing_key(subscriber_id, number)).decode()


def headers(
    message_id: str, body: bytes, subscriber_id: str, known: Mapping[str, Any], now: datetime
) -> dict[str, str]:
    """`known`: the subscriber's settings, as `signing_keys` takes them."""
    stamp = str(int(now.timestamp()))
    signed = b".".join([message_id.encode(), stamp.encode(), body])
    signatures = [_signature(key, signed) for key in signing_keys(subscriber_id, known, now)]
    return {
        "webhook-id": message_id,
        "webhook-timestamp": stamp,
        "webhook-signature": " ".join(signatures),
    }


def _signature(key: bytes, signed: bytes) -> str:
    return "v1," + b64encode(hmac.digest(key, signed, sha256)).decode()

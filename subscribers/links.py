"""Signed links by which somebody confirms, manages or leaves without an account."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import lru_cache
from hmac import HMAC

from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner, b62_encode, b64_encode
from django.utils.crypto import salted_hmac


class Purpose(StrEnum):
    CONFIRM = "confirm"
    MANAGE = "manage"
    LEAVE = "leave"


CONFIRM_WITHIN = timedelta(days=7)
_VALID = {
    Purpose.CONFIRM: CONFIRM_WITHIN,
    Purpose.MANAGE: timedelta(days=90),
    # Old mail lies about for long, and whoever opens it must still be able to leave.
    Purpose.LEAVE: timedelta(days=3650),
}


class BadLink(Exception):
    """The token is forged, too old, of another page or for another purpose."""


@dataclass(frozen=True, slots=True)
class Link:
    subscriber_id: str
    version: int
    """The subscriber's `token_version` when the link was made."""


def token(purpose: Purpose, page_id: str, subscriber_id: str, version: int) -> str:
    """A token of [A-Za-z0-9._-], bound to page and purpose, with its time of making in it."""
    value = f"{subscriber_id}.{version}.{_second(int(time.time()))}"
    signature = _prepared(purpose, page_id, settings.SECRET_KEY).copy()
    signature.update(value.encode())
    return f"{value}.{b64_encode(signature.digest()).decode()}"


def read(token: str, purpose: Purpose, page_id: str) -> Link:
    """What a token says. Raises BadLink."""
    try:
        value = _signer(purpose, page_id).unsign(token, max_age=_VALID[purpose])
    except BadSignature as error:
        raise BadLink from error
    subscriber_id, _dot, version = value.rpartition(".")
    return Link(subscriber_id, int(version))


def confirm_url(page_url: str, page_id: str, subscriber_id: str, version: int) -> str:
    return f"{page_url}/subscriptions/confirm/{token(Purpose.CONFIRM, page_id, subscriber_id, version)}"


def manage_url(page_url: str, page_id: str, subscriber_id: str, version: int) -> str:
    return f"{page_url}/subscriptions/{token(Purpose.MANAGE, page_id, subscriber_id, version)}"


def leave_url(page_url: str, page_id: str, subscriber_id: str, version: int) -> str:
    """Also the address of one-click unsubscribing (RFC 8058)."""
    made = token(Purpose.LEAVE, page_id, subscriber_id, version)
    return f"{page_url}/subscriptions/{made}/unsubscribe"


def _signer(purpose: Purpose, page_id: str) -> TimestampSigner:
    return TimestampSigner(sep=".", salt=_salt(purpose, page_id))


@lru_cache(maxsize=256)
def _prepared(purpose: Purpose, page_id: str, key: str) -> HMAC:
    """What `_signer` would sign with, up to where the value comes: a page's mail has many links."""
    return salted_hmac(f"{_salt(purpose, page_id)}signer", "", key, algorithm="sha256")


@lru_cache(maxsize=2)
def _second(time: int) -> str:
    return b62_encode(time)


def _salt(purpose: Purpose, page_id: str) -> str:
    return f"subscribers.{purpose}.{page_id}"

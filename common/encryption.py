"""Keeping secrets of tenants in the database: what is stored there cannot be read without `SECRET_KEY`."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


class Unreadable(Exception):
    """It was encrypted with another key or for another purpose, or it was changed."""


def encrypt(text: str, purpose: str) -> str:
    """`text` as ASCII that only `decrypt` with the same purpose can read. Never twice the same."""
    return _box(settings.SECRET_KEY, purpose).encrypt(text.encode()).decode()


def decrypt(token: str, purpose: str) -> str:
    """What was given to `encrypt`. Raises Unreadable."""
    try:
        return _box(settings.SECRET_KEY, purpose).decrypt(token.encode()).decode()
    except InvalidToken as error:
        message = f"This was not encrypted for {purpose} with this SECRET_KEY."
        raise Unreadable(message) from error


@lru_cache(maxsize=16)
def _box(secret: str, purpose: str) -> Fernet:
    """Each purpose has a key of its own, so that none opens what was meant for another."""
    derived = HKDF(SHA256(), length=32, salt=None, info=f"statuspage {purpose}".encode())
    return Fernet(urlsafe_b64encode(derived.derive(secret.encode())))

"""Identifiers that URLs and APIs name."""

import secrets
import string

LENGTH = 12
_ALPHABET = string.digits + string.ascii_lowercase


def new_id() -> str:
    """12 random characters of [0-9a-z]: 62 bits."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(LENGTH))

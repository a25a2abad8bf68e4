"""The code by which somebody proves to have a telephone number: made from the installation's key, so that no
row holds it, and another one each time that the subscriber's `token_version` is raised."""

from __future__ import annotations

from datetime import timedelta
from hmac import compare_digest

from django.utils.crypto import salted_hmac

CODE_WITHIN = timedelta(hours=1)
CODE_TRIES = 5
_DIGITS = 6


def code(subscriber_id: str, version: int) -> str:
    """Six digits."""
    made = salted_hmac("subscribers.code", f"{subscriber_id}.{version}", algorithm="sha256").digest()
    return str(int.from_bytes(made[:8], "big") % 10**_DIGITS).zfill(_DIGITS)


def is_code(given: str, subscriber_id: str, version: int) -> bool:
    """Whether `given`, as somebody typed it, is the code."""
    digits = "".join(one for one in given if one.isdecimal() and one.isascii())
    return compare_digest(digits, code(subscriber_id, version))

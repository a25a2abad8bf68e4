"""The address of the page that asks for a code, with a number in it that stands in no log."""

from __future__ import annotations

from urllib.parse import quote

from common.encryption import Unreadable, decrypt, encrypt

_PURPOSE = "public.code"


def code_path(number: str) -> str:
    return f"/subscriptions/code?for={quote(encrypt(number, _PURPOSE))}"


def number_in(made: str) -> str:
    """The number of `code_path`; empty for what is not ours."""
    try:
        return decrypt(made, _PURPOSE)
    except (Unreadable, UnicodeError):
        return ""

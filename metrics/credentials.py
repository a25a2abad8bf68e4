"""What a service wants to see before it tells its metrics, as a row keeps it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from common.encryption import Unreadable, decrypt, encrypt
from common.errors import Refused

FIELDS = ("email", "password", "api_key", "api_token", "application_key")
"""By Statuspage's names. Which of them a service needs, its module says."""
_PURPOSE = "metrics credentials"
_LONGEST = 300

Credentials = dict[str, str]


def taken(fields: dict[str, Any]) -> Credentials:
    """Those that are given, taken out of `fields`. Raises Refused, naming the field."""
    given = {name: str(fields.pop(name, "") or "").strip() for name in FIELDS}
    for name, value in given.items():
        if len(value) > _LONGEST or not all("!" <= one <= "~" for one in value):
            raise Refused(_("A key has only letters, digits and signs, without spaces."), name)
    return {name: value for name, value in given.items() if value}


def sealed(credentials: Mapping[str, str]) -> str:
    return encrypt(json.dumps(credentials), _PURPOSE) if credentials else ""


def opened(token: str) -> Credentials:
    """Raises Unreadable where `SECRET_KEY` is another than it was then."""
    return dict(json.loads(decrypt(token, _PURPOSE))) if token else {}


def known(token: str) -> Credentials:
    """The same, but nothing where they cannot be read any more: somebody is entering them again."""
    try:
        return opened(token)
    except Unreadable:
        return {}

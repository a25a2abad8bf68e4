"""A request to a machine, and what it answered: as `letters`, not frozen."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

_HOST = re.compile(r"\w+://([^/?#]*)")


@dataclass(slots=True)
class Post:
    """`number` is the caller's, to know the reply by. `reads`: how many bytes of the answer matter; None: how
    it begins. `tells`: whether it is a message, for the mailbox of the local stack."""

    number: int
    url: str
    body: bytes
    headers: Mapping[str, str]
    method: str = "POST"
    reads: int | None = None
    tells: bool = True


@dataclass(slots=True)
class Reply:
    """`code` is None where nobody answered, and then `error` says so; `text` is how the answer begins."""

    number: int
    began_at: datetime
    code: int | None = None
    text: str = ""
    error: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def host_of(url: str) -> str:
    """Who answers there: name and port, as the address spells them."""
    found = _HOST.match(url)
    return found[1] if found else ""

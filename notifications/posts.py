"""A request to a machine, and what it answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True, slots=True)
class Reply:
    """`code` is None where nobody answered, and then `error` says so; `text` is how the answer begins."""

    number: int
    began_at: datetime
    code: int | None = None
    text: str = ""
    error: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

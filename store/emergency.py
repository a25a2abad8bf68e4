"""Emergency notices: written by hand beside the store while everything else is down, and signed.

A page's log of notices is JSON whose first member is an HMAC-SHA256 of all that follows it, under a key of
that page alone. Where its keys come from, and what they are good for: docs/decisions/emergency.md.
`emergency.py` writes the same formats by its own means.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from store.documents import check_name, is_count, require
from store.errors import StoreError

RESERVED = "/.emergency/"
"""Where a manifest keeps what is ready for an emergency; no visitor gets it under these paths."""
TARGETS = f"{RESERVED}targets.bin"

INVESTIGATING, IDENTIFIED, MONITORING, RESOLVED = "investigating", "identified", "monitoring", "resolved"
STATUSES = (INVESTIGATING, IDENTIFIED, MONITORING, RESOLVED)
IMPACTS = ("minor", "major", "critical")

_OPEN = b'{"hmac":"'
_START = len(_OPEN) + 64 + 2
_MAGIC = b"sealed1\n"
_TAG = 32
_BLOCK = 1024
_LARGEST_LOG = 512_000
_ID = re.compile(r"[0-9a-z]{12}")
_UNSHOWN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def ready_path(impact: str, path: str) -> str:
    """Where the document that stands in for `path` is, while there is a notice of that impact."""
    return f"{RESERVED}{impact}-{path.strip('/') or 'index.html'}"


# Keys


def derived(secret: str) -> str:
    """The installation's emergency key, where it has been given none of its own."""
    return _hmac(secret.encode(), b"emergency").hex()


def page_key(installation: str, page_id: str) -> bytes:
    return _hmac(installation.encode(), b"page " + check_name(page_id).encode())


# Sealed lists


def seal(key: bytes, context: str, plain: bytes) -> bytes:
    """Encrypted and authenticated under a page's key. The same text is sealed the same way.

    The tag of the text is what the stream that hides it begins from, so no two texts share a stream. Padded,
    so that the size tells little.
    """
    padded = plain + b" " * (-len(plain) % _BLOCK)
    tag = _tag(key, context, padded)
    return _MAGIC + tag + _mixed(key, tag, padded)


def unseal(key: bytes, context: str, raw: bytes) -> bytes:
    """Raises StoreError for what was not sealed with this key for this context."""
    body = raw[len(_MAGIC) :]
    tag = body[:_TAG]
    plain = _mixed(key, tag, body[_TAG:])
    if raw[: len(_MAGIC)] != _MAGIC or not hmac.compare_digest(tag, _tag(key, context, plain)):
        message = "Not sealed with this key."
        raise StoreError(message)
    return plain


def _tag(key: bytes, context: str, plain: bytes) -> bytes:
    return _hmac(_hmac(key, b"tag"), context.encode() + b"\0" + plain)


def _mixed(key: bytes, tag: bytes, data: bytes) -> bytes:
    stream = hashlib.shake_256(_hmac(key, b"stream") + tag).digest(len(data))
    return (int.from_bytes(data, "big") ^ int.from_bytes(stream, "big")).to_bytes(len(data), "big")


def _hmac(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")


# Notices


@dataclass(frozen=True, slots=True)
class Said:
    """One update: plain text, with line breaks alone."""

    id: str
    status: str
    at: datetime
    text: str

    def __post_init__(self) -> None:
        _check_id(self.id)
        require(self.status in STATUSES, f"Not a status of an incident: {self.status!r}")
        _check_text(self.text, 5_000)


@dataclass(frozen=True, slots=True)
class Notice:
    """`updates`, at least one, oldest first; shown until `until`."""

    id: str
    name: str
    impact: str
    until: datetime
    updates: tuple[Said, ...]

    def __post_init__(self) -> None:
        _check_id(self.id)
        _check_text(self.name, 120)
        require("\n" not in self.name, "A name has one line.")
        require(self.impact in IMPACTS, f"Not an impact: {self.impact!r}")
        require(1 <= len(self.updates) <= 100, "A notice has between 1 and 100 updates.")

    @property
    def newest(self) -> Said:
        return self.updates[-1]

    @property
    def is_open(self) -> bool:
        return self.newest.status != RESOLVED


@dataclass(frozen=True, slots=True)
class Log:
    """What was written for a page and is not in its history yet. The greater `serial` is the newer one."""

    page_id: str
    serial: int
    notices: tuple[Notice, ...]

    def __post_init__(self) -> None:
        check_name(self.page_id)
        require(is_count(self.serial), "The serial is a whole number from 0.")
        require(len(self.notices) <= 20, "There are 20 notices at most.")

    def current(self, now: datetime) -> Notice | None:
        """The newest, unless its time is over."""
        return self.notices[-1] if self.notices and now < self.notices[-1].until else None

    def to_bytes(self, key: bytes) -> bytes:
        members = {
            "page": self.page_id,
            "serial": self.serial,
            "notices": [_notice_members(one) for one in self.notices],
        }
        rest = json.dumps(members, separators=(",", ":"), ensure_ascii=False).encode()[1:]
        return _OPEN + _signature(key, rest).encode() + b'",' + rest

    @classmethod
    def from_bytes(cls, raw: bytes, key: bytes, page_id: str) -> Log:
        """Raises StoreError for what was not written with this key, or for another page."""
        rest = raw[_START:]
        require(len(raw) <= _LARGEST_LOG, "Too large for a log of notices.")
        expected = _OPEN + _signature(key, rest).encode() + b'",'
        require(hmac.compare_digest(raw[:_START], expected), "Not signed with this page's key.")
        try:
            members = json.loads(b"{" + rest)
            log = cls(members["page"], members["serial"], tuple(_notice(one) for one in members["notices"]))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            message = f"Not a log of notices: {error}"
            raise StoreError(message) from error
        require(log.page_id == page_id, "Of another page.")
        return log


def _signature(key: bytes, rest: bytes) -> str:
    return _hmac(_hmac(key, b"sign"), rest).hex()


def _notice_members(notice: Notice) -> dict[str, Any]:
    return {
        "id": notice.id,
        "name": notice.name,
        "impact": notice.impact,
        "until": notice.until.isoformat(),
        "updates": [
            {"id": one.id, "status": one.status, "at": one.at.isoformat(), "text": one.text}
            for one in notice.updates
        ],
    }


def _notice(members: dict[str, Any]) -> Notice:
    updates = tuple(
        Said(one["id"], one["status"], _moment(one["at"]), one["text"]) for one in members["updates"]
    )
    return Notice(members["id"], members["name"], members["impact"], _moment(members["until"]), updates)


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    require(found.tzinfo is not None, f"A time without its offset: {text!r}")
    return found


def _check_id(value: str) -> None:
    require(isinstance(value, str) and _ID.fullmatch(value) is not None, f"Not an id: {value!r}")


def _check_text(text: str, longest: int) -> None:
    fits = isinstance(text, str) and 0 < len(text.strip()) <= len(text) <= longest
    require(fits and not _UNSHOWN.search(text), f"Not a text of 1 to {longest} characters.")

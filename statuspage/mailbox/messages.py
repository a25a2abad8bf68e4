"""Kept messages as they would look: mail from the mail sink, and the requests that were not sent."""

from __future__ import annotations

import email
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

_SHOWN = 200
# By what only that service's messages have.
_MARKS = {"blocks": "slack", "attachments": "teams", "embeds": "discord", "cardsV2": "google_chat"}
# The members of cards that people see.
_SEEN = ("text", "title", "subtitle", "name", "description")


@dataclass(frozen=True)
class Message:
    """`lines` is what a chat shows; `text` what stands in a mail, or the request as it was."""

    name: str
    at: datetime
    channel: str
    to: str
    subject: str
    text: str
    headers: dict[str, str]
    lines: list[str] = field(default_factory=list)
    has_html: bool = False


def newest(folder: Path, channel: str = "") -> list[Message]:
    """Those of `channel`, or of all."""
    found = (read(path) for path in sorted(_files(folder), reverse=True)[:_SHOWN])
    return [one for one in found if channel in ("", one.channel)]


def find(folder: Path, name: str) -> Path | None:
    """The file of a message; only names that are in the folder are known."""
    return next((path for path in _files(folder) if path.name == name), None)


def read(path: Path) -> Message:
    return _mail(path) if path.suffix == ".eml" else _request(path)


def html(path: Path) -> str:
    body = _parsed(path).get_body(("html",))
    return str(body.get_content()) if body else ""


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*") if path.suffix in {".eml", ".json"}]


def _mail(path: Path) -> Message:
    mail = _parsed(path)
    text = mail.get_body(("plain",))
    return Message(
        name=path.name,
        at=_at(path),
        channel="email",
        to=str(mail.get("X-RcptTo", mail.get("To", ""))),
        subject=str(mail.get("Subject", "")),
        text=str(text.get_content()) if text else "",
        headers={name: str(value) for name, value in mail.items()},
        has_html=mail.get_body(("html",)) is not None,
    )


def _request(path: Path) -> Message:
    said = json.loads(path.read_text(encoding="utf-8"))
    if said["url"].endswith("/Messages.json"):
        return _sms(path, said)
    body = _json(said["body"])
    channel = next((name for mark, name in _MARKS.items() if mark in body), "webhook")
    lines = [] if channel == "webhook" else list(_seen(body))
    return Message(
        name=path.name,
        at=_at(path),
        channel=channel,
        to=said["url"],
        subject=_subject(body, lines),
        text=json.dumps(body, ensure_ascii=False, indent=2) if body else said["body"],
        headers=said["headers"],
        lines=lines,
    )


def _sms(path: Path, said: dict[str, Any]) -> Message:
    """A form, as Twilio takes it."""
    form = {name: values[0] for name, values in parse_qs(said["body"]).items()}
    text = form.get("Body", "")
    return Message(
        name=path.name,
        at=_at(path),
        channel="sms",
        to=form.get("To", ""),
        subject=text.partition("\n")[0],
        text=said["body"],
        headers=said["headers"],
        lines=[text],
    )


def _subject(body: dict[str, Any], lines: list[str]) -> str:
    notice = body.get("incident") or body.get("component") or {}
    return ": ".join(lines[:2]) if lines else str(notice.get("name") or body.get("meta", {}).get("event", ""))


def _seen(value: Any) -> Iterator[str]:
    """What people read of a card, in order."""
    if isinstance(value, list):
        for one in value:
            yield from _seen(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            if name in _SEEN and isinstance(one, str):
                yield one
            else:
                yield from _seen(one)


def _json(text: str) -> dict[str, Any]:
    try:
        body = json.loads(text)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _parsed(path: Path) -> EmailMessage:
    return email.message_from_bytes(path.read_bytes(), policy=policy.default)


def _at(path: Path) -> datetime:
    return datetime.strptime(path.name.partition("-")[0], "%Y%m%dT%H%M%S.%fZ").replace(tzinfo=UTC)

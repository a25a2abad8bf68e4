"""Google Chat, by the address of a space's webhook; an incident is a thread."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from html import escape
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from notifications.calling import Service
from notifications.chat import Message, send_each
from notifications.letters import Letter, Outcome
from notifications.retries import table

_SERVICE = Service(
    "google_chat",
    gone={HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE},
    refused={HTTPStatus.BAD_REQUEST},
)
RETRIES = table(5, 30, 120, 600, 1800, 3600, 3 * 3600)
_REPLY = "messageReplyOption=REPLY_MESSAGE_FALLBACK_TO_NEW_THREAD"
# A message has 32 KB; a character is at most four bytes, more where it is escaped.
_LONGEST = 4_000


def send(letters: Sequence[Letter], until: float) -> Generator[Outcome]:
    return send_each(_SERVICE, letters, until, payload, _threaded)


def _threaded(url: str, message: Message) -> str:
    parts = urlsplit(url)
    if not message.thread:
        return url
    query = f"{parts.query}&{_REPLY}" if parts.query else _REPLY
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def payload(message: Message) -> dict[str, Any]:
    """A card alone: in the text of a message, names in angle brackets would call people."""
    card = {
        "header": {"title": message.headline, "subtitle": message.page},
        "sections": [{"widgets": list(_widgets(message))}],
    }
    thread = {"thread": {"threadKey": f"incident-{message.thread}"}} if message.thread else {}
    return {"cardsV2": [{"cardId": "notice", "card": card}], "fallbackText": message.headline} | thread


def _widgets(message: Message) -> Generator[dict[str, Any]]:
    words = [message.text[:_LONGEST], *message.lines]
    if any(words):
        lines = "<br>".join(escape(one).replace("\n", "<br>") for one in words if one)
        yield {"textParagraph": {"text": lines}}
    buttons = [
        {"text": link.text, "onClick": {"openLink": {"url": link.url}}}
        for link in (message.action, message.foot)
        if link
    ]
    if buttons:
        yield {"buttonList": {"buttons": buttons}}

"""Microsoft Teams, by the address of a workflow. It answers before it shows a card, and knows no threads."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from http import HTTPStatus
from typing import Any

from notifications.calling import Service
from notifications.chat import Message, send_each
from notifications.letters import Letter, Outcome
from notifications.retries import table

_SERVICE = Service(
    "teams",
    gone={HTTPStatus.NOT_FOUND, HTTPStatus.GONE},
    refused={HTTPStatus.REQUEST_ENTITY_TOO_LARGE},
)
RETRIES = table(5, 30, 120, 600, 1800, 3600, 3 * 3600)
# A card has 28 KB; a character is at most four bytes.
_LONGEST = 5_000
_LINES = 40


def send(letters: Sequence[Letter], until: float) -> Generator[Outcome]:
    return send_each(_SERVICE, letters, until, payload)


def payload(message: Message) -> dict[str, Any]:
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            _run(message.page, isSubtle=True, size="Small"),
            _run(message.headline, weight="Bolder", size="Large"),
            *([_run(message.text[:_LONGEST])] if message.text else []),
            *(_run(f"• {line}") for line in message.lines[:_LINES]),
        ],
        "actions": [
            {"type": "Action.OpenUrl", "title": link.text, "url": link.url}
            for link in (message.action, message.foot)
            if link
        ],
    }
    kind = "application/vnd.microsoft.card.adaptive"
    return {"type": "message", "attachments": [{"contentType": kind, "contentUrl": None, "content": card}]}


def _run(text: str, **look: Any) -> dict[str, Any]:
    """Rich text, as it alone is shown letter by letter: a text block would read markdown in it."""
    return {"type": "RichTextBlock", "inlines": [{"type": "TextRun", "text": text} | look]}

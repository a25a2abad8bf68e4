"""Discord, by the address of a channel's webhook. Threads would need one made by hand for each incident."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from http import HTTPStatus
from typing import Any

from notifications.calling import Service
from notifications.chat import Message, send_each
from notifications.letters import Letter, Outcome
from notifications.retries import table

_SERVICE = Service(
    "discord",
    gone={HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE},
    refused={HTTPStatus.BAD_REQUEST},
)
RETRIES = table(5, 30, 120, 600, 1800, 3600, 3 * 3600)
_TITLE, _DESCRIPTION = 256, 4_096
_MARKS = re.compile(r"([\\*_~`|>\[\]()#<@-])")


def send(letters: Sequence[Letter], until: float) -> Generator[Outcome]:
    return send_each(_SERVICE, letters, until, payload)


def payload(message: Message) -> dict[str, Any]:
    """Calls nobody, whatever stands in it."""
    links = [f"[{_escaped(link.text)}]({link.url})" for link in (message.action, message.foot) if link]
    foot = "\n\n" + " · ".join(links)
    words = _escaped("\n".join(one for one in (message.text, *message.lines) if one))
    embed = {
        "author": {"name": message.page[:_TITLE], "url": message.page_url},
        "title": _escaped(message.headline)[:_TITLE],
        "description": words[: _DESCRIPTION - len(foot)] + foot,
        "color": message.colour,
    }
    return {"embeds": [embed], "allowed_mentions": {"parse": []}}


def _escaped(text: str) -> str:
    """Shown letter by letter: markdown, mentions and emoji names are only text."""
    return _MARKS.sub(r"\\\1", text)

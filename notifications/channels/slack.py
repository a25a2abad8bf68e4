"""Slack, by the address of an incoming webhook. Such addresses know no threads."""

from __future__ import annotations

import re
from collections.abc import Generator, Sequence
from http import HTTPStatus
from typing import Any

from notifications.calling import Service
from notifications.chat import Link, Message, send_each
from notifications.letters import Letter, Outcome
from notifications.retries import table

# Workspaces, channels and hooks that are gone answer with one of these.
_SERVICE = Service("slack", gone={HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
RETRIES = table(5, 30, 120, 600, 1800, 3600, 3 * 3600)
_HEADER = 150
_SECTION = 3_000
# What cutting may leave of an escaped character.
_CUT = re.compile(r"&[a-z]{0,3}$")


def send(letters: Sequence[Letter], until: float) -> Generator[Outcome]:
    return send_each(_SERVICE, letters, until, payload)


def payload(message: Message) -> dict[str, Any]:
    """In Block Kit; `text` is what notifications and screen readers say."""
    return {
        "text": _escaped(f"{message.page}: {message.headline}"),
        "unfurl_links": False,
        "blocks": [
            {"type": "header", "text": {"type": "plain_text", "text": message.headline[:_HEADER]}},
            *(_section(text) for text in (message.text, "\n".join(message.lines)) if text),
            *([_words("section", "text", _link(message.action))] if message.action else []),
            {"type": "context", "elements": [_mrkdwn(_foot(message))]},
        ],
    }


def _section(text: str) -> dict[str, Any]:
    return _words("section", "text", _CUT.sub("", _escaped(text)[:_SECTION]))


def _words(kind: str, name: str, text: str) -> dict[str, Any]:
    return {"type": kind, name: _mrkdwn(text)}


def _mrkdwn(text: str) -> dict[str, Any]:
    """`verbatim`: names of people and channels in it are not looked for."""
    return {"type": "mrkdwn", "text": text, "verbatim": True}


def _foot(message: Message) -> str:
    links = [Link(message.page, message.page_url), *([message.foot] if message.foot else [])]
    return " · ".join(_link(one) for one in links)


def _link(link: Link) -> str:
    return f"<{link.url}|{_escaped(link.text)}>"


def _escaped(text: str) -> str:
    """All that Slack asks to be escaped: without angle brackets nobody is called and nothing is linked."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")

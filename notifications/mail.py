"""The words of mail, from a notification's facts alone.

A message is rendered once for each notification, language and zone; a recipient's own links stand in it as
placeholders that nobody can guess, and are put in afterwards.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from email.utils import formataddr
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.template.loader import render_to_string
from django.utils import timezone, translation

from notifications.letters import Letter
from notifications.own_links import LINKS, own_links
from notifications.wording import asks, words

_SECRET = secrets.token_hex(16)
_PLACEHOLDERS = {name: f"https://{name}.{_SECRET}.invalid" for name in LINKS}


@dataclass(frozen=True, slots=True)
class Mail:
    sender: str
    """The name that it is from; the address is the installation's."""
    subject: str
    text: str
    html: str
    headers: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Common:
    """What all recipients of one notification in one language and zone get."""

    sender: str
    subject: str
    text: str
    html: str


class Rendered:
    """Messages of one batch, each rendered once."""

    def __init__(self) -> None:
        self._common: dict[tuple[int, str, str], _Common] = {}

    def mail(self, letter: Letter) -> Mail:
        key = (letter.notification.pk, letter.language, letter.time_zone)
        common = self._common.get(key) or self._common.setdefault(key, _render(letter))
        links = own_links(letter)
        return Mail(
            sender=common.sender,
            subject=common.subject,
            text=_put_in(common.text, links),
            html=_put_in(common.html, links),
            headers=_headers(letter, links),
        )


def _render(letter: Letter) -> _Common:
    notification = letter.notification
    with translation.override(letter.language), timezone.override(ZoneInfo(letter.time_zone)):
        said = words(notification.kind, notification.facts)
        values: dict[str, Any] = {
            "said": said,
            "page": notification.facts["page"],
            "links": _PLACEHOLDERS,
            "language": translation.get_language(),
            "direction": "rtl" if translation.get_language_bidi() else "ltr",
        }
        return _Common(
            sender=_one_line(notification.facts["page"]["name"]),
            subject=_one_line(said.subject),
            text=render_to_string(f"mail/{said.template}.txt", values).strip() + "\n",
            html=render_to_string(f"mail/{said.template}.html", values).strip() + "\n",
        )


def _put_in(content: str, links: dict[str, str]) -> str:
    for name, url in links.items():
        content = content.replace(_PLACEHOLDERS[name], url)
    return content


def _headers(letter: Letter, links: dict[str, str]) -> dict[str, str]:
    """The Message-ID is the delivery's: whoever gets a message twice can tell."""
    page = letter.notification.facts["page"]
    host = urlsplit(page["url"]).hostname or "localhost"
    headers = {
        "Message-ID": f"<delivery-{letter.id}@{host}>",
        "Auto-Submitted": "auto-generated",
        "List-Id": formataddr((_one_line(page["name"]), f"{letter.page_id}.{host}")),
    }
    if letter.notification.incident_id:
        thread = f"<incident-{letter.notification.incident_id}@{host}>"
        headers |= {"In-Reply-To": thread, "References": thread}
    if not asks(letter.notification.kind):
        headers["List-Unsubscribe"] = f"<{links['leave']}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _one_line(name: str) -> str:
    return " ".join(name.split())

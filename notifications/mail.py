"""The words of mail, from a notification's facts alone.

A message is rendered once for each notification, language and zone; a recipient's own links stand in it as
placeholders that nobody can guess, and are put in afterwards.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from email.utils import parseaddr
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from notifications.letters import Letter
from notifications.own_links import LINKS
from notifications.senders import Sender, senders
from notifications.wording import asks, words

_SECRET = secrets.token_hex(16)
PLACEHOLDERS = {name: f"https://{name}.{_SECRET}.invalid" for name in LINKS}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Mail:
    """What all recipients of one notification in one language and zone get, with PLACEHOLDERS in it.

    `sender` is the name that it is from, `address` where, `host` the one that its ids are made with.
    """

    sender: str
    address: str
    subject: str
    text: str
    html: str
    list_id: str
    host: str
    headers: dict[str, str]
    asks: bool

    @property
    def links(self) -> frozenset[str]:
        """Names of the personal links that the message needs."""
        stand = {name for name, url in PLACEHOLDERS.items() if url in self.text or url in self.html}
        return frozenset(stand if self.asks else stand | {"leave"})


@dataclass(frozen=True, slots=True)
class Personal:
    """A message to one recipient: `links` are theirs, by the names of PLACEHOLDERS."""

    letter: Letter
    mail: Mail
    links: dict[str, str]


class Rendered:
    """Messages of one batch, each rendered once."""

    def __init__(self, letters: Collection[Letter]) -> None:
        self._senders = senders(letters)
        self._mails: dict[tuple[int, str, str], Mail] = {}

    def mail(self, letter: Letter) -> Mail:
        key = (letter.notification.pk, letter.language, letter.time_zone)
        known = self._mails.get(key)
        if known is None:
            sender = self._senders.get(letter.page_id, Sender())
            known = self._mails.setdefault(key, _render(letter, sender))
        return known


def own_headers(mail: Mail, letter_id: int, links: dict[str, str]) -> dict[str, str]:
    """Those of one recipient. The Message-ID is the delivery's: whoever gets a message twice can tell."""
    headers = {"Message-ID": f"<delivery-{letter_id}@{mail.host}>"}
    if not mail.asks:
        headers["List-Unsubscribe"] = f"<{links['leave']}>"
    return headers


def put_in(content: str, links: dict[str, str]) -> str:
    """`content` with a recipient's own links."""
    for name, url in links.items():
        content = content.replace(PLACEHOLDERS[name], url)
    return content


def _render(letter: Letter, sender: Sender) -> Mail:
    notification = letter.notification
    page = notification.facts["page"]
    with translation.override(letter.language), timezone.override(ZoneInfo(letter.time_zone)):
        said = words(notification.kind, notification.facts)
        values: dict[str, Any] = {
            "said": said,
            "page": page,
            "links": PLACEHOLDERS,
            "language": translation.get_language(),
            "direction": "rtl" if translation.get_language_bidi() else "ltr",
        }
        return Mail(
            sender=_one_line(sender.name or page["name"]),
            address=sender.address or parseaddr(settings.DEFAULT_FROM_EMAIL)[1],
            subject=_one_line(said.subject),
            text=render_to_string(f"mail/{said.template}.txt", values).strip() + "\n",
            html=render_to_string(f"mail/{said.template}.html", values).strip() + "\n",
            list_id=f"{letter.page_id}.{_host(page)}",
            host=_host(page),
            headers=_headers(letter, page, sender),
            asks=asks(notification.kind),
        )


def _headers(letter: Letter, page: dict[str, Any], sender: Sender) -> dict[str, str]:
    host = _host(page)
    headers = {"Auto-Submitted": "auto-generated"}
    if sender.reply_to:
        headers["Reply-To"] = sender.reply_to
    if letter.notification.incident_id:
        thread = f"<incident-{letter.notification.incident_id}@{host}>"
        headers |= {"In-Reply-To": thread, "References": thread}
    if not asks(letter.notification.kind):
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    return headers


def _host(page: dict[str, Any]) -> str:
    return urlsplit(page["url"]).hostname or "localhost"


def _one_line(name: str) -> str:
    return " ".join(_CONTROL.sub(" ", name).split())

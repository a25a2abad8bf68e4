"""What a chat is told, before it takes the shape that its service wants."""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from notifications.calling import Service, call_each
from notifications.letters import Letter, Outcome
from notifications.own_links import own_links
from notifications.posts import Post
from notifications.wording import Notice, Said, asks, words

_HEADERS = {"Content-Type": "application/json; charset=utf-8"}
# By the tone of what is said; the status stands in words as well.
_COLOURS = {
    "calm": 0x5C6AC4,
    "work": 0x2F6FDB,
    "over": 0x1A7F4B,
    "none": 0x5C616C,
    "minor": 0xB7791F,
    "major": 0xC4551A,
    "critical": 0xC0262D,
}


@dataclass(frozen=True, slots=True)
class Link:
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Message:
    """All of it plain text. `thread` keeps the messages of one incident together; empty: a thread of its
    own."""

    page: str
    page_url: str
    title: str
    headline: str
    text: str
    lines: tuple[str, ...]
    action: Link | None
    foot: Link | None
    colour: int
    thread: str


class Messages:
    """Of one batch: what all recipients of a language and zone have in common is said once."""

    def __init__(self) -> None:
        self._said: dict[tuple[int, str, str], tuple[Said, tuple[str, ...]]] = {}

    def of(self, letter: Letter) -> Message:
        notification, page = letter.notification, letter.notification.facts["page"]
        with translation.override(letter.language), timezone.override(ZoneInfo(letter.time_zone)):
            key = (notification.pk, letter.language, letter.time_zone)
            said, lines = self._said.get(key) or self._said.setdefault(key, _said(letter))
            action, foot = _links(said, letter)
        return Message(
            page=page["name"],
            page_url=page["url"],
            title=said.title,
            headline=said.subject,
            text=said.text or said.preview,
            lines=lines,
            action=action,
            foot=foot,
            colour=_COLOURS[said.tone],
            thread=notification.incident_id,
        )


def send_each(
    service: Service,
    letters: Sequence[Letter],
    until: float,
    payload: Callable[[Message], dict[str, Any]],
    address: Callable[[str, Message], str] = lambda target, _message: target,
) -> Generator[Outcome]:
    """As `ChannelModule.send`: to each letter's target, or what `address` makes of it, goes its `payload`."""
    messages = Messages()

    def post(letter: Letter) -> Post:
        message = messages.of(letter)
        body = json.dumps(payload(message), ensure_ascii=False).encode()
        return Post(letter.id, address(letter.target, message), body, _HEADERS)

    for outcome, _reply in call_each(service, letters, until, post):
        yield outcome


def _said(letter: Letter) -> tuple[Said, tuple[str, ...]]:
    said = words(letter.notification.kind, letter.notification.facts)
    when = [_span(said)] if said.begins and said.ends else []
    parts = [f"{part.name}: {part.label}" for part in said.parts]
    return said, (*when, *parts, *(_open(one) for one in said.notices))


def _span(said: Said | Notice) -> str:
    begins, ends = (
        date_format(timezone.localtime(one), "DATETIME_FORMAT") for one in (said.begins, said.ends) if one
    )
    zone = timezone.get_current_timezone_name()
    return _("From %(begins)s until %(ends)s (%(zone)s)") % {"begins": begins, "ends": ends, "zone": zone}


def _open(notice: Notice) -> str:
    return f"{notice.label}: {notice.name} ({notice.url})"


def _links(said: Said, letter: Letter) -> tuple[Link | None, Link | None]:
    mine = own_links(letter)
    if asks(letter.notification.kind):
        return Link(_("Confirm on the next page"), mine["confirm"]), None
    manage = Link(_("Choose what you are told"), mine["manage"])
    return (Link(_("Read it on the status page"), said.url), manage) if said.url else (None, manage)

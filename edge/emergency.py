"""Emergency notices as visitors get them: laid over what was published last, by each edge for itself."""

from __future__ import annotations

import asyncio
import html
import json
import logging
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from store import Store, StoreError
from store.documents import require
from store.emergency import MONITORING, Log, Notice, Said, page_key

# Seconds between two looks at the disk, and at Redis where it told nothing.
LOOK, LOOK_AROUND = 1.0, 10.0
SENTENCES = {
    "minor": "Minor Service Outage",
    "major": "Partial System Outage",
    "critical": "Major System Outage",
}
_SEVERITY = ("none", "maintenance", "minor", "major", "critical")
_PLACE = re.compile(rb"<!--emergency-->.*<!--/emergency-->", re.DOTALL)
_WORDS = re.compile(rb'data-words="([^"]*)"')

logger = logging.getLogger(__name__)


class Watch:
    """The notices that are to be shown now. What was once seen counts until a newer log of its page."""

    def __init__(self, store: Store, key: str, on_change: Callable[[], None]) -> None:
        """`key` is the installation's. Without one no notice can be told from a forged one: none counts."""
        self.shown: dict[str, tuple[int, Notice]] = {}
        """Serial and notice by page id."""
        self._store = store
        self._key = key
        self._on_change = on_change
        self._logs: dict[str, Log] = {}
        self._refused: dict[str, bytes] = {}
        self._stamp: int | None = None
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Redis said that there is something new."""
        self._asked.set()

    async def run(self) -> None:
        """Until cancelled."""
        looks, around = 0, int(LOOK_AROUND / LOOK)
        while True:
            told = self._asked.is_set()
            self._asked.clear()
            try:
                await self.look(datetime.now(UTC), around=told or looks % around == 0)
            except OSError:
                logger.exception("The edge cannot read emergency notices")
            looks += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), LOOK)

    async def look(self, now: datetime, *, around: bool) -> None:
        """At the disk, and `around` it: at Redis."""
        await asyncio.to_thread(self._read, around)
        current = {page_id: (log.serial, log.current(now)) for page_id, log in self._logs.items()}
        shown = {page_id: (serial, one) for page_id, (serial, one) in current.items() if one is not None}
        if shown != self.shown:
            self.shown = shown
            self._on_change()

    def _read(self, around: bool) -> None:
        notices = self._store.notices
        stamp = notices.stamp()
        if stamp != self._stamp:
            self._stamp = stamp
            for page_id, raw in notices.on_disk().items():
                self._take(page_id, raw)
        for page_id, raw in notices.shared().items() if around else ():
            if self._take(page_id, raw):
                notices.keep(page_id, raw)

    def _take(self, page_id: str, raw: bytes) -> bool:
        """Whether it is newer than what is known; a log that is not ours is said once and forgotten."""
        if self._refused.get(page_id) == raw:
            return False
        try:
            require(bool(self._key), "this edge has no EMERGENCY_KEY to check it with")
            log = Log.from_bytes(raw, page_key(self._key, page_id), page_id)
        except StoreError as error:
            self._refused[page_id] = raw
            logger.warning("A notice for page %s does not count: %s", page_id, error)
            return False
        known = self._logs.get(page_id)
        if known is not None and known.serial >= log.serial:
            return False
        self._logs[page_id] = log
        logger.warning("Page %s has a new log of emergency notices, %d", page_id, log.serial)
        return True


# In documents


def stands_in(body: bytes) -> bool:
    """Whether it is a page that waits for a notice."""
    return _PLACE.search(body) is not None


def in_ready_page(notice: Notice, body: bytes) -> tuple[bytes, bytes]:
    """The page with the notice in it, and the line that tells what it is."""
    found = _WORDS.search(body)
    words = json.loads(html.unescape(found[1].decode())) if found else {}
    lines = "".join(_line(one, words.get(one.status, one.status)) for one in reversed(notice.updates))
    shown = (
        f'<article id="i-{notice.id}" class="card incident unresolved-incident impact-{notice.impact}">'
        f'<header><h3 dir="auto">{html.escape(notice.name)}</h3></header>'
        f'<ol class="timeline">{lines}</ol></article>'
    ).encode()
    line = f"{html.escape(words.get('written', ''))} {moment(notice.newest.at)}".encode()
    return _PLACE.sub(lambda _: shown, body, count=1), line


def line(notice: Notice) -> bytes:
    """What every other page says of it."""
    said = f"{html.escape(notice.name)}: {html.escape(notice.newest.text)}"
    return f'<a href="/" dir="auto">{said}</a> {moment(notice.newest.at)}'.encode()


def in_text(notice: Notice, body: bytes, *, markdown: bool) -> bytes:
    """Behind the beginning that was made ready."""
    said = [
        f"{one.status}, {one.at.astimezone(UTC):%Y-%m-%d %H:%M} UTC: {one.text}" for one in notice.updates
    ]
    lines = [notice.name, *reversed(said)]
    if markdown:
        quoted = "\n".join(f"> {one}" for text in lines for one in [*_plain(text).split("\n"), ""])
        return body + b"\n" + quoted.encode() + b"\n"
    return body + "\n".join(lines).encode() + b"\n"


def in_json(notice: Notice, members: dict[str, Any], *, listed: bool) -> None:
    """`listed`: in the list of all incidents, where those that are over stay."""
    if "notices" in members:
        in_widget(notice, members)
        return
    page = members.get("page")
    if not isinstance(page, dict) or "url" not in page:
        return
    stamp = _stamp(page.get("time_zone", "UTC"))
    page["updated_at"] = stamp(notice.newest.at)
    status = members.get("status")
    if isinstance(status, dict) and notice.is_open and _is_worse(notice.impact, status.get("indicator")):
        members["status"] = {"indicator": notice.impact, "description": SENTENCES[notice.impact]}
    incidents = members.get("incidents")
    if isinstance(incidents, list) and (notice.is_open or listed):
        members["incidents"] = [_shape(notice, page, stamp), *incidents]


def in_widget(notice: Notice, members: dict[str, Any]) -> None:
    """Above what the page's widget on other sites lists, while the notice is open."""
    if notice.is_open:
        state = members["words"].get(notice.newest.status, notice.newest.status)
        members["notices"].insert(0, {"id": notice.id, "name": notice.name, "state": state})


def moment(at: datetime) -> str:
    utc = at.astimezone(UTC)
    return f'<time datetime="{utc:%Y-%m-%dT%H:%M:%SZ}" data-rel>{utc:%Y-%m-%d %H:%M} UTC</time>'


def _line(said: Said, word: str) -> str:
    text = html.escape(said.text).replace("\n", "<br>")
    return (
        f'<li class="update at-{said.status}" id="u-{said.id}"><p class="when">'
        f'<strong>{html.escape(word)}</strong> <span class="meta">{moment(said.at)}</span></p>'
        f'<div class="prose" dir="auto"><p>{text}</p></div></li>'
    )


def _plain(text: str) -> str:
    """Somebody's plain text, so that markdown shows it as it is."""
    return re.sub(r"([\\`*_{}\[\]<>#|~])", r"\\\1", text)


def _is_worse(impact: str, indicator: Any) -> bool:
    return indicator not in _SEVERITY or _SEVERITY.index(impact) > _SEVERITY.index(indicator)


def _stamp(zone_name: str) -> Callable[[datetime], str]:
    """As published documents write instants."""
    try:
        zone = ZoneInfo(zone_name)
    except (KeyError, ValueError, OSError):
        zone = ZoneInfo("UTC")

    def write(at: datetime) -> str:
        text = at.astimezone(zone).isoformat(timespec="milliseconds")
        return text.removesuffix("+00:00") + "Z" if zone_name.removeprefix("Etc/") == "UTC" else text

    return write


def _shape(notice: Notice, page: dict[str, Any], stamp: Callable[[datetime], str]) -> dict[str, Any]:
    """The notice as an incident of Statuspage's API."""
    first, last = stamp(notice.updates[0].at), stamp(notice.newest.at)
    monitored = (stamp(one.at) for one in notice.updates if one.status == MONITORING)
    return {
        "id": notice.id,
        "name": notice.name,
        "status": notice.newest.status,
        "created_at": first,
        "updated_at": last,
        "monitoring_at": next(monitored, None),
        "resolved_at": None if notice.is_open else last,
        "impact": notice.impact,
        "shortlink": page["url"],
        "started_at": first,
        "page_id": page.get("id"),
        "incident_updates": [_update(notice, one, stamp(one.at)) for one in reversed(notice.updates)],
        "components": [],
        "reminder_intervals": None,
    }


def _update(notice: Notice, said: Said, at: str) -> dict[str, Any]:
    return {
        "id": said.id,
        "status": said.status,
        "body": said.text,
        "incident_id": notice.id,
        "created_at": at,
        "updated_at": at,
        "display_at": at,
        "affected_components": None,
        "deliver_notifications": True,
        "custom_tweet": None,
        "tweet_id": None,
    }

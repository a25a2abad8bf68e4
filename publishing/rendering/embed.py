"""What shows a page's state on other sites: a web component, what it asks for, and a document for a frame."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from django.utils import translation
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _

from publishing.rendering import assets, badges, engine, words
from publishing.rendering.statuspage import JSON, encoded
from publishing.snapshot import PageView, Snapshot
from store import Document

WIDGET, STATE, FRAME = "/widget.js", "/embed/widget.json", "/embed/frame"
# Where sites that showed Statuspage's banner have it from.
BANNER = "/embed/script.js"
_HTML = "text/html; charset=utf-8"
_DIRECTORY = assets.DIRECTORY.parent / "embed"
_INSETS = {
    "top-left": "1em auto auto 1em",
    "top-right": "1em 1em auto auto",
    "bottom-left": "auto auto 1em 1em",
    "bottom-right": "auto 1em 1em auto",
}
# Of what is wrong, the newest.
_NOTICES = 3


def documents(snapshot: Snapshot) -> list[Document]:
    """Windows that are still to come are no trouble."""
    running = (one for one in snapshot.maintenance if one.status != "scheduled")
    notices = [*snapshot.incidents, *running][:_NOTICES]
    with engine.locale(snapshot.page):
        listed = [{"id": one.id, "name": one.name, "state": words.update_word(one.status)} for one in notices]
        state = _state(snapshot.page, snapshot.indicator, words.sentence(snapshot.description), listed)
        return [
            script(),
            Document(STATE, encoded({"version": snapshot.version} | state), JSON),
            frame_sheet(),
            Document(FRAME, _frame(snapshot.page, state), _HTML),
            banner_script(),
        ]


def headings(page: PageView, indicator: str, sentence: str, states: dict[str, str]) -> list[Document]:
    """How state and frame begin, for a page that is as `sentence` says; `states`: words for a notice."""
    with engine.locale(page):
        state = _state(page, indicator, sentence, [])
        state["words"] |= states
        return [Document(STATE, encoded(state), JSON), Document(FRAME, _frame(page, state), _HTML)]


def snippets(page: PageView) -> dict[str, str]:
    """What people copy into their own pages: the component, and a badge in markdown."""
    url = page.base_url
    widget = f'<script src="{url}{WIDGET}" async></script>\n<status-widget src="{url}"></status-widget>'
    return {"widget_code": widget, "badge_code": f"[![Status]({url}/badge.svg)]({url})"}


@cache
def script() -> Document:
    """The same for every page: whatever it says, the page's own words are asked for."""
    source = re.sub(r" ?/\*.*?\*/ ?", "", assets.compact(_read("widget.js")).decode())
    return Document(WIDGET, source.replace("{css}", _sheet("host", "widget")).encode(), assets.SCRIPT)


@cache
def banner_script() -> Document:
    return Document(BANNER, assets.compact(_read("script.js")), assets.SCRIPT)


@cache
def frame_sheet() -> Document:
    return assets.named("frame", "css", _sheet("widget", "frame").encode(), assets.CSS)


def _own(page: PageView, indicator: str) -> dict[str, Any]:
    """What the team says of the look of a banner: the widget's custom properties, where the site has none."""
    said = dict(page.embed)
    kind = "maintenance" if indicator == "maintenance" else "incident"
    own = {
        "inset": _INSETS.get(said.get("position", ""), ""),
        "background": said.get(f"{kind}_background_color", "") if indicator != "none" else "",
        "color": said.get(f"{kind}_text_color", "") if indicator != "none" else "",
    }
    return {"own": own} if any(own.values()) else {}


def _state(page: PageView, indicator: str, sentence: str, notices: list[dict[str, str]]) -> dict[str, Any]:
    """What the component shows, in the page's language."""
    return {
        **_own(page, indicator),
        "name": page.name,
        "lang": page.language,
        "dir": "rtl" if translation.get_language_bidi() else "ltr",
        "indicator": indicator,
        "sentence": sentence,
        "notices": notices,
        "words": {
            "close": _("Dismiss this notice"),
            "old": _("This may be out of date. Last confirmed:"),
        },
    }


def _frame(page: PageView, state: dict[str, Any]) -> bytes:
    """Complete without scripts; with them the component takes its place."""
    form, line = badges.SIGNS[words.IMPACT_STATUS[state["indicator"]]]
    values = {
        "page": page,
        "direction": state["dir"],
        "stylesheet": frame_sheet().path,
        "sign": mark_safe(f'{form}<path d="{line}"/>'),  # noqa: S308 our own shapes
    }
    return engine.render("frame.html", state | values)


def _sheet(*names: str) -> str:
    """Style sheets without the room that they do not need."""
    text = "".join(_read(f"{name}.css").decode() for name in names)
    text = re.sub(r"\s*([{};,])\s*", r"\1", text)
    return re.sub(r"(?<=[a-z]): ", ":", text).replace(";}", "}")


def _read(name: str) -> bytes:
    return (_DIRECTORY / name).read_bytes()

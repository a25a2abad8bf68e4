"""Style, script and signs of the page at addresses that name their content, so that they keep forever."""

import hashlib
import re
from functools import cache
from pathlib import Path

from publishing.rendering import brand
from publishing.snapshot import PageView
from store import Document

DIRECTORY = Path(__file__).resolve().parent.parent.parent / "static" / "page"
CSS = "text/css; charset=utf-8"
SCRIPT = "text/javascript; charset=utf-8"
SVG = "image/svg+xml"

# Of a script: indentation, lines that are a comment, and ends of lines and spaces that mean nothing.
_MARGIN = re.compile(rb"(?m)^[ ]*(?://.*\n|\n)?")
_SPACE = re.compile(rb"(?<=[;{,(])\n|\n(?=})| (?==)|(?<==) ")

ICON_COLOURS = {
    "none": "#1a7f4b",
    "minor": "#b57b00",
    "major": "#cf5a11",
    "critical": "#c8323a",
    "maintenance": "#3569c9",
    "page": "#5b606b",
}
"""Per page indicator; "page" where a document must not tell it."""


@cache
def stylesheet() -> Document:
    return named("page", "css", (DIRECTORY / "page.css").read_bytes(), CSS)


@cache
def script() -> Document:
    return named("page", "js", compact((DIRECTORY / "page.js").read_bytes()), SCRIPT)


@cache
def icon(indicator: str) -> Document:
    """The little sign in the browser's tab."""
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32">{mark(ICON_COLOURS[indicator])}</svg>'
    )
    return named("icon", "svg", drawn.encode(), SVG)


def mark(colour: str) -> str:
    """A disc with a pulse on it, in a square of 32."""
    return (
        f'<circle cx="16" cy="16" r="15" fill="{colour}"/>'
        '<path d="M7 17h4.5l3-7 4 13 3-6H25" fill="none" stroke="#fff" stroke-width="2.5"'
        ' stroke-linecap="round" stroke-linejoin="round"/>'
    )


def brand_sheet(page: PageView) -> Document | None:
    """The page's colours and its team's own styles; None where it has neither."""
    rules = brand.css(page.accent, page.accent_dark) + page.custom_css
    return named("brand", "css", rules.encode(), CSS) if rules else None


def compact(script: bytes) -> bytes:
    return _SPACE.sub(b"", _MARGIN.sub(b"", script))


def named(name: str, suffix: str, body: bytes, content_type: str) -> Document:
    digest = hashlib.sha256(body).hexdigest()[:12]
    return Document(f"/assets/{name}-{digest}.{suffix}", body, content_type, cold=True)

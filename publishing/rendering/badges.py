"""Badges: how a page or a component is, in one line, for READMEs and other sites.

Sign, words and colour all say it. `badge.svg` is a plate, `badge-plain.svg` is for any ground, light or dark.
"""

from __future__ import annotations

from unicodedata import east_asian_width

from publishing.forms import ComponentForms
from publishing.rendering import engine, words
from publishing.rendering.assets import SVG
from publishing.rendering.xml import text
from publishing.snapshot import PageView, Snapshot
from store import Document

# White letters on these, and these on black or white, can be read.
COLOURS = {
    "operational": "#1a7f4b",
    "degraded_performance": "#8f6100",
    "partial_outage": "#b4470f",
    "major_outage": "#b4232c",
    "under_maintenance": "#2f5fbd",
}
# Shape and mark, in a square of 16.
SIGNS = {
    "operational": ('<circle cx="8" cy="8" r="7.5"/>', "m4.8 8.3 2.2 2.2 4.3-4.7"),
    "degraded_performance": (
        '<rect x="2.6" y="2.6" width="10.8" height="10.8" rx="1.8" transform="rotate(45 8 8)"/>',
        "M5.2 8h5.6",
    ),
    "partial_outage": ('<path d="M8 1 15.5 14.5H.5z"/>', "M8 6.2v3.4M8 11.7v.1"),
    "major_outage": (
        '<path d="M5 .5h6L15.5 5v6L11 15.5H5L.5 11V5z"/>',
        "m5.4 5.4 5.2 5.2m0-5.2-5.2 5.2",
    ),
    "under_maintenance": (
        '<rect x=".5" y=".5" width="15" height="15" rx="4"/>',
        "M8.2 7.9 4.4 11.6M12.5 6.1A2.5 2.5 0 1 1 10 3.6",
    ),
}
# As dark on white as it is light on black.
_GREY = "#757575"
_LABEL = "#3b3f46"
_FONT = "Verdana,DejaVu Sans,sans-serif"
_LONGEST = 40
_HEIGHT = 20


def of_page(snapshot: Snapshot) -> list[Document]:
    page = snapshot.page
    status = words.IMPACT_STATUS[snapshot.indicator]  # type: ignore[index]
    with engine.locale(page):
        message = words.sentence(snapshot.description)
    return of_status("", page.name, message, status)


def of_component(page: PageView, component: ComponentForms) -> list[Document]:
    with engine.locale(page):
        message = words.status_word(component.status)
    made = of_status(f"/components/{component.id}", component.name, message, component.status)
    return [Document(one.path, one.body, one.content_type, cold=True) for one in made]


def of_status(path: str, label: str, message: str, status: str) -> list[Document]:
    label = label if len(label) <= _LONGEST else f"{label[: _LONGEST - 1]}…"
    return [
        Document(f"{path}/badge.svg", _plate(label, message, status).encode(), SVG),
        Document(f"{path}/badge-plain.svg", _plain(label, message, status).encode(), SVG),
    ]


def _plate(label: str, message: str, status: str) -> str:
    left, right = width(label) + 12, width(message) + 30
    return _svg(
        left + right,
        f"{label}: {message}",
        f'<clipPath id="r"><rect width="{left + right}" height="{_HEIGHT}" rx="4"/></clipPath>'
        f'<g clip-path="url(#r)"><rect width="{left}" height="{_HEIGHT}" fill="{_LABEL}"/>'
        f'<rect x="{left}" width="{right}" height="{_HEIGHT}" fill="{COLOURS[status]}"/></g>'
        f"{_sign(status, left + 7, '#fff', COLOURS[status])}"
        f"{_words(label, 6, '#fff')}{_words(message, left + 24, '#fff')}",
    )


def _plain(label: str, message: str, status: str) -> str:
    said = f"{label}: {message}"
    return _svg(
        width(said) + 22, said, f"{_sign(status, 2, COLOURS[status], '#fff')}{_words(said, 20, _GREY)}"
    )


def _svg(length: int, title: str, inner: str) -> str:
    title = text(title)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{length}" height="{_HEIGHT}" '
        f'viewBox="0 0 {length} {_HEIGHT}" role="img" aria-label="{title}">'
        f"<title>{title}</title>{inner}</svg>\n"
    )


def _sign(status: str, left: int, shape: str, mark: str) -> str:
    form, line = SIGNS[status]
    return (
        f'<g transform="translate({left} 4) scale(.75)" fill="{shape}">{form}'
        f'<path d="{line}" fill="none" stroke="{mark}" stroke-width="1.8" stroke-linecap="round" '
        'stroke-linejoin="round"/></g>'
    )


def _words(words_: str, left: int, colour: str) -> str:
    return (
        f'<text x="{left}" y="14" fill="{colour}" font-family="{_FONT}" font-size="11" '
        f'textLength="{width(words_)}" lengthAdjust="spacingAndGlyphs">{text(words_)}</text>'
    )


def width(said: str) -> int:
    """Roughly how wide it is, in pixels; the letters are then set to be just that."""
    return round(sum(11.5 if east_asian_width(one) in "WF" else _NARROW.get(one, 6.8) for one in said))


_NARROW = dict.fromkeys("iljtfrI.,:;'|! ()[]", 3.9) | dict.fromkeys("mwMW%@", 9.6)

"""Pictures of a page's states (Open Graph), for sites and chats that show where a link leads.

There is one for each of the seven sentences and one that tells no state. Nothing but the page's name and look
is in them, so they are cold: made when those change, not while an incident is announced.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass, replace
from functools import lru_cache
from unicodedata import bidirectional, category, name

from django.utils import translation
from django.utils.translation import gettext as _

from common.drawing import Undrawable, draw
from publishing.rendering import assets, badges, brand, engine, words
from publishing.rendering.xml import text
from publishing.snapshot import PageView
from store import Document

PNG, SVG = "image/png", "image/svg+xml"
WIDTH, HEIGHT = 1200, 630
GENERAL = "page"
_FONTS = sorted(str(path) for path in (assets.DIRECTORY.parent / "fonts").glob("*.ttf"))
# What those fonts have letters for.
_SCRIPTS = frozenset(
    {"LATIN", "GREEK", "CYRILLIC", "DEVANAGARI", "ARABIC", "HEBREW", "COMBINING", "MODIFIER"}
)
_UNSHOWN = frozenset({"So", "Sk", "Cc", "Cf", "Cn", "Co", "Cs"})
_MARGIN, _SIGN, _GAP = 88, 176, 48
_MIDDLE = 335
_LONGEST = 60
_INK, _MUTED = "#17181c", "#5c616c"
_INDICATORS = {
    "All Systems Operational": "none",
    "Major System Outage": "critical",
    "Partial System Outage": "major",
    "Minor Service Outage": "minor",
    "Degraded System Service": "minor",
    "Partially Degraded Service": "minor",
    "Service Under Maintenance": "maintenance",
}


def names() -> list[str]:
    return [GENERAL, *map(_slug, _INDICATORS)]


def address(page: PageView, description: str = "") -> str:
    """Of the picture for one of the seven sentences, or of the general one.

    It changes with the page's look, for whoever shows it keeps it.
    """
    look = hashlib.sha256(repr((page.name, page.language, page.accent, page.logo_light)).encode())
    return f"{page.base_url}{_path(_slug(description))}?{look.hexdigest()[:8]}"


def document(page: PageView, wanted: str, logo: bytes = b"") -> Document:
    """One of `names()`. `logo` is a PNG or SVG, or empty for the page's name in letters."""
    description = next((one for one in _INDICATORS if _slug(one) == wanted), "")
    with engine.locale(page):
        said = words.sentence(description) if description else _("Status, incidents and uptime")
        face = _Face(
            title=_legible(page.name) or _host(page),
            said=said,
            indicator=_INDICATORS.get(description, ""),
            host=_host(page),
            accent=page.accent if brand.COLOUR.fullmatch(page.accent) else "",
            logo=logo,
            is_rtl=translation.get_language_bidi(),
        )
    return Document(_path(wanted), _picture(face), PNG, cold=True)


@dataclass(frozen=True, slots=True)
class _Face:
    """Everything that a picture shows. `indicator` is empty for the general one."""

    title: str
    said: str
    indicator: str
    host: str
    accent: str
    logo: bytes
    is_rtl: bool

    @property
    def tone(self) -> str:
        return badges.COLOURS[words.IMPACT_STATUS[self.indicator]] if self.indicator else _MUTED  # type: ignore[index]


# A page's pictures are asked for more than once while its look is tried out.
@lru_cache(maxsize=64)
def _picture(face: _Face) -> bytes:
    """A logo that cannot be drawn after all gives way to the name."""
    try:
        return _drawn(face)
    except Undrawable:
        return _drawn(replace(face, logo=b""))


def _drawn(face: _Face) -> bytes:
    return draw(_svg(face), skip_system_fonts=True, font_files=_FONTS, font_family="Noto Sans")


def _svg(face: _Face) -> str:
    parts = [
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{brand.tint(face.tone, 0.07)}"/>',
        f'<rect width="{WIDTH}" height="16" fill="{face.accent or face.tone}"/>',
        _logo(face) if face.logo else _line(face, face.title, 134, _fitting(face.title, 54), _INK),
        _sign(face),
        *_sentence(face),
        _line(face, face.host, 562, _fitting(face.host, 34), _MUTED) if face.host != face.title else "",
    ]
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}">{"".join(parts)}</svg>'


def _sentence(face: _Face) -> list[str]:
    """In one line or two, as large as there is room beside the sign."""
    lines = _halves(face.said)
    inset = _SIGN + _GAP
    size = min(92.0, *((WIDTH - 2 * _MARGIN - inset) / _ems(line) for line in lines))
    first = _MIDDLE + 0.36 * size - 0.62 * size * (len(lines) - 1)
    ink = face.tone if face.indicator else _INK
    return [
        _line(face, line, first + 1.24 * size * number, size, ink, inset) for number, line in enumerate(lines)
    ]


def _halves(said: str) -> list[str]:
    """Cut between two words, where the longer half is shortest; a short one stays whole."""
    found = said.split()
    if len(found) < 2 or _ems(said) < 9:
        return [said]
    cuts = [(" ".join(found[:at]), " ".join(found[at:])) for at in range(1, len(found))]
    return list(min(cuts, key=lambda cut: max(map(_ems, cut))))


def _line(face: _Face, said: str, baseline: float, size: float, ink: str, inset: int = 0) -> str:
    """Begins `inset` from the margin where the page's language begins, and reads its own way."""
    left, anchor = (WIDTH - _MARGIN - inset, "end") if face.is_rtl else (_MARGIN + inset, "start")
    if next((bidirectional(one) for one in said if bidirectional(one) in {"L", "R", "AL"}), "L") != "L":
        said = f"\u202b{said}\u202c"
    return (
        f'<text x="{left}" y="{baseline:.0f}" text-anchor="{anchor}" font-size="{size:.1f}" '
        f'font-weight="600" fill="{ink}">{text(said)}</text>'
    )


def _sign(face: _Face) -> str:
    left = WIDTH - _MARGIN - _SIGN if face.is_rtl else _MARGIN
    place = f"translate({left} {_MIDDLE - _SIGN / 2:.0f})"
    if not face.indicator:
        return f'<g transform="{place} scale({_SIGN / 32})">{assets.mark(face.tone)}</g>'
    form, line = badges.SIGNS[words.IMPACT_STATUS[face.indicator]]  # type: ignore[index]
    return (
        f'<g transform="{place} scale({_SIGN / 16})" fill="{face.tone}">{form}<path d="{line}" fill="none" '
        'stroke="#fff" stroke-width="1.7" stroke-linecap="round" stroke-linejoin="round"/></g>'
    )


def _logo(face: _Face) -> str:
    left, side = (WIDTH - _MARGIN - 640, "xMaxYMid") if face.is_rtl else (_MARGIN, "xMinYMid")
    data, kind = b64encode(face.logo).decode(), SVG if face.logo.startswith(b"<svg") else PNG
    return (
        f'<image x="{left}" y="76" width="640" height="84" preserveAspectRatio="{side} meet" '
        f'href="data:{kind};base64,{data}"/>'
    )


def _fitting(said: str, size: int) -> float:
    return min(float(size), (WIDTH - 2 * _MARGIN) / _ems(said))


def _ems(said: str) -> float:
    """Rather too wide than too narrow."""
    return max(badges.width(said) / 11, 1.0)


def _legible(title: str) -> str:
    """The name without what is no letter of any script, such as emoji; "" where the fonts lack some of it."""
    kept = " ".join("".join(one for one in title if category(one) not in _UNSHOWN).split())
    kept = kept if len(kept) <= _LONGEST else f"{kept[: _LONGEST - 1].rstrip()}…"
    scripts = {name(one, "").split(" ")[0] for one in kept if category(one)[0] in "LM"}
    # One other font can help out in a line.
    return kept if scripts <= _SCRIPTS and not {"ARABIC", "HEBREW"} <= scripts else ""


def _host(page: PageView) -> str:
    return page.base_url.partition("://")[2]


def _path(wanted: str) -> str:
    return f"/preview/{wanted}.png"


def _slug(description: str) -> str:
    return description.lower().replace(" ", "-") or GENERAL

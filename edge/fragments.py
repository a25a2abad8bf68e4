"""A status page cut into the elements that are replaced one by one in an open browser.

Such an element begins with `<tag id="…" data-live` and has `<!--/id-->` right behind its end. They nest. What
people write cannot take part: their markup keeps neither ids nor comments.
"""

import hashlib
import html
import re
from dataclasses import dataclass

_MARK = re.compile(rb'<[a-z0-9]+ id="([0-9a-z-]+)" data-live|<!--/([0-9a-z-]+)-->')
_TITLE = re.compile(rb"<title>([^<]*)</title>")
_ICON = re.compile(rb'<link rel="icon" href="([^"]*)"')
_LOADED = re.compile(rb'/assets/[^"]+\.(?:css|js)"')
_INDICATOR = re.compile(rb'data-indicator="([a-z]+)"')
_DESCRIPTION = re.compile(rb'id="state"[^>]*>([^<]*)<')


@dataclass(slots=True)
class Part:
    """Where an element stands, in which other one, and the digest of what is in it but in no inner one."""

    parent: bytes
    start: int
    end: int
    own: bytes


@dataclass(frozen=True, slots=True)
class Outline:
    """A page at one version, without its text. `loaded`: the style sheets and scripts that it needs."""

    parts: dict[bytes, Part]
    loaded: frozenset[bytes]
    title: str
    icon: str
    indicator: str
    description: str


def outline(body: bytes) -> Outline | None:
    """Outer elements come before inner ones; None where begins and ends do not match."""
    parts = _parts(body)
    if not parts:
        return None
    head = body[: min(part.start for part in parts.values())]
    return Outline(
        parts,
        frozenset(_LOADED.findall(head)),
        _text(_TITLE, head),
        _text(_ICON, head),
        _text(_INDICATOR, body),
        _text(_DESCRIPTION, body),
    )


def changed(before: Outline, after: Outline, body: bytes) -> dict[str, str] | None:
    """The HTML by id of those elements that differ, none inside another; None where more than they differ.

    `body` is that of `after`. An element that came or went is a change of the one it is in.
    """
    if before.loaded != after.loaded:
        return None
    found: dict[bytes, Part] = {}
    covered: set[bytes] = set()
    for name, part in after.parts.items():
        former = before.parts.get(name)
        if part.parent in covered:
            covered.add(name)
        elif former is None or former.own != part.own:
            covered.add(name)
            found[name] = part
    if any(not part.parent and name not in before.parts for name, part in found.items()):
        return None
    return {name.decode(): body[part.start : part.end].decode() for name, part in found.items()}


def _parts(body: bytes) -> dict[bytes, Part]:
    parts: dict[bytes, Part] = {}
    around: list[tuple[bytes, hashlib._Hash]] = []
    position = 0
    for mark in _MARK.finditer(body):
        if around:
            around[-1][1].update(body[position : mark.start()])
        begun, ended = mark.groups()
        if begun:
            if around:
                around[-1][1].update(b"\0" + begun)
            parts[begun] = Part(around[-1][0] if around else b"", mark.start(), 0, b"")
            around.append((begun, hashlib.sha256()))
            position = mark.start()
        else:
            if not around or around[-1][0] != ended:
                return {}
            name, own = around.pop()
            parts[name].end, parts[name].own = mark.start(), own.digest()[:16]
            position = mark.end()
    return {} if around else parts


def _text(pattern: re.Pattern[bytes], body: bytes) -> str:
    found = pattern.search(body)
    return html.unescape(found[1].decode()) if found else ""

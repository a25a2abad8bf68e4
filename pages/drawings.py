"""SVG that people upload: taken apart, and put together of what draws and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from xml.etree import ElementTree as ET

from django.utils.translation import gettext as _

from common.drawing import Undrawable, try_to_draw
from common.errors import Refused

MAX_BYTES = 200_000
_SVG = "{http://www.w3.org/2000/svg}"
_ELEMENTS = frozenset(
    [
        *("svg", "g", "path", "circle", "ellipse", "rect", "line", "polyline", "polygon", "title", "desc"),
        *("defs", "linearGradient", "radialGradient", "stop", "clipPath", "mask"),
    ]
)
_ATTRIBUTES = frozenset(
    [
        *(
            "viewBox",
            "width",
            "height",
            "x",
            "y",
            "x1",
            "y1",
            "x2",
            "y2",
            "cx",
            "cy",
            "r",
            "rx",
            "ry",
            "fx",
            "fy",
        ),
        *("d", "points", "transform", "id", "offset", "preserveAspectRatio"),
        *("fill", "fill-opacity", "fill-rule", "opacity", "color", "clip-path", "clip-rule", "mask"),
        *(
            "stroke",
            "stroke-width",
            "stroke-opacity",
            "stroke-linecap",
            "stroke-linejoin",
            "stroke-miterlimit",
        ),
        *("stroke-dasharray", "stroke-dashoffset", "stop-color", "stop-opacity"),
        *("gradientUnits", "gradientTransform", "spreadMethod", "clipPathUnits", "maskUnits"),
    ]
)
# Of what a value may refer to: something in the same file.
_ELSEWHERE = re.compile(r"url\(\s*['\"]?(?!#)|javascript:|data:|&|\\|expression", re.IGNORECASE)
_SIZES = frozenset({"width", "height"})
# A mask is drawn for each shape that it cuts. Where masks cut masks, each one more doubles the time.
_CUTTERS = frozenset({f"{_SVG}mask", f"{_SVG}clipPath"})
_CUTTING = frozenset({"mask", "clip-path"})
_MOST = 5_000
_DEEPEST = 100
# Of longer ones nothing is seen, and whoever draws one at its size runs out of memory.
_LONGEST = 50
_NUMBER = re.compile(r"[0-9]*\.?[0-9]+(?:e[+-]?[0-9]+)?", re.IGNORECASE)


def is_drawing(data: bytes) -> bool:
    return b"<svg" in data[:4000]


def clean_drawing(data: bytes, field: str | None = None) -> bytes:
    """The drawing without scripts, styles, texts, links and whatever else is not on the list here.

    Raises Refused, about `field`, for what is no SVG, too large, draws nothing, or cannot be drawn.
    """
    if len(data) > MAX_BYTES:
        raise Refused(_("An SVG has at most 200 kB."), field)
    # Entities are how small files become large ones, and how files of the server are read.
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise Refused(_("An SVG with a document type is not taken: save it without one."), field)
    try:
        # As UTF-8 alone: in another encoding a document type would not have been found.
        root = ET.fromstring(data.decode())  # noqa: S314 (without a document type there are no entities)
    except (ET.ParseError, ValueError, LookupError) as error:
        raise Refused(_("This is not an SVG that can be read."), field) from error
    if root.tag != f"{_SVG}svg" or sum(1 for _one in root.iter()) > _MOST:
        raise Refused(_("This is not an SVG that can be read."), field)
    _strip(root, field)
    _check(root, field)
    ET.register_namespace("", "http://www.w3.org/2000/svg")
    found: bytes = ET.tostring(root, encoding="utf-8")
    _try(found, field)
    return found


def _try(svg: bytes, field: str | None) -> None:
    try:
        try_to_draw(svg)
    except Undrawable as error:
        message = _("This SVG cannot be drawn. Please export it anew, as paths with moderate numbers.")
        raise Refused(message, field) from error


def _check(root: ET.Element, field: str | None) -> None:
    if not any(True for _one in root):
        message = _("Nothing is left of this SVG: its shapes have to be paths, not texts or pictures.")
        raise Refused(message, field)
    if any(max(sides) > _LONGEST * min(sides) for sides in _sides(root)):
        message = _("An SVG is at most fifty times as wide as it is high, or the other way round.")
        raise Refused(message, field)
    cut = sum(1 for one in root.iter() if _CUTTING & one.attrib.keys())
    if cut * sum(len(list(one.iter())) for one in root.iter() if one.tag in _CUTTERS) > _MOST:
        raise Refused(_("This SVG has too many masks and clip paths."), field)


def _sides(root: ET.Element) -> Iterator[tuple[float, float]]:
    """Width and height, of what is drawn and of what it is drawn in."""
    for text in (root.get("viewBox", ""), f"0 0 {root.get('width')} {root.get('height')}"):
        found = [float(one) for one in _NUMBER.findall(text)]
        if len(found) == 4:
            yield found[2], found[3]


def _strip(element: ET.Element, field: str | None, depth: int = 0, cutting: bool = False) -> None:
    cutting = cutting or element.tag in _CUTTERS
    if depth > _DEEPEST:
        raise Refused(_("This is not an SVG that can be read."), field)
    if element.tag == f"{_SVG}svg" and "viewBox" not in element.attrib and element.attrib.keys() >= _SIZES:
        element.set("viewBox", f"0 0 {element.get('width')} {element.get('height')}".replace("px", ""))
    for name, value in list(element.attrib.items()):
        if name not in _ATTRIBUTES or _ELSEWHERE.search(value) or (cutting and name in _CUTTING):
            del element.attrib[name]
    for child in list(element):
        if not isinstance(child.tag, str) or child.tag.removeprefix(_SVG) not in _ELEMENTS:
            element.remove(child)
        else:
            _strip(child, field, depth + 1, cutting)

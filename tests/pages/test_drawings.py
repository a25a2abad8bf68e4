"""SVG: what draws stays, everything else goes, and nothing of the outside is touched."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Refused
from pages.drawings import MAX_BYTES, clean_drawing
from pages.images import clean_image
from tests.examples import examples

PATH = '<path d="M0 0h8v8z" fill="#0b5cad"/>'


def svg(inside: str, attributes: str = 'viewBox="0 0 8 8"') -> bytes:
    return f'<svg xmlns="http://www.w3.org/2000/svg" {attributes}>{inside}</svg>'.encode()


HOSTILE = [
    "<script>alert(1)</script>",
    "<style>@import url(https://evil.example)</style>",
    '<image href="https://evil.example/x.png"/>',
    '<use href="#x"/>',
    '<a href="javascript:alert(1)"><path d="M0 0"/></a>',
    "<foreignObject><body xmlns='http://www.w3.org/1999/xhtml'><img src='x'/></body></foreignObject>",
    '<animate attributeName="href" values="javascript:alert(1)"/>',
    '<set attributeName="onload" to="alert(1)"/>',
    '<g onload="alert(1)"/>',
    '<path d="M0 0" style="fill:url(https://evil.example)"/>',
    '<path d="M0 0" fill="url(https://evil.example#x)"/>',
    '<path d="M0 0" fill="url( \'//evil.example\')"/>',
    "<text>evil.example</text>",
    '<feImage href="https://evil.example"/>',
    "<?xml-stylesheet href='https://evil.example'?>",
    "<!-- evil.example -->",
]


@pytest.mark.parametrize("hostile", HOSTILE)
def test_what_does_not_draw_is_gone(hostile: str) -> None:
    found = clean_drawing(svg(hostile + PATH)).decode()
    assert "M0 0h8v8z" in found
    for word in ("evil", "alert", "script", "on", "href", "style", "image"):
        assert f"{word}=" not in found
        assert f"<{word}" not in found
    assert "evil" not in found


def test_shapes_and_gradients_stay() -> None:
    gradient = '<defs><linearGradient id="g"><stop offset="0" stop-color="#fff"/></linearGradient></defs>'
    found = clean_drawing(svg(gradient + '<circle r="4" fill="url(#g)"/>')).decode()
    assert 'fill="url(#g)"' in found
    assert "linearGradient" in found
    assert found.startswith("<svg")


@pytest.mark.parametrize(("tag", "name"), [("mask", "mask"), ("clipPath", "clip-path")])
def test_what_cuts_is_not_cut_itself(tag: str, name: str) -> None:
    twice = f'<g><path d="M0 0h8v8z" {name}="url(#b)"/></g>' * 2
    cut = f'<rect width="8" height="8" {name}="url(#a)"/>'
    found = clean_drawing(svg(f'<{tag} id="a" {name}="url(#b)">{twice}</{tag}><{tag} id="b"/>{cut}')).decode()
    assert f'{name}="url(#a)"' in found
    assert "url(#b)" not in found


def test_a_size_becomes_a_box_so_that_it_scales() -> None:
    assert 'viewBox="0 0 40 20"' in clean_drawing(svg(PATH, 'width="40px" height="20"')).decode()


# The library that draws panics at this: it is no Exception then.
_POINTS = "1e-38 3.4e38 1e-45 2147483648 1e-38 65536 1e-45 1 inf"
PANICS = svg(f'<mask id="m"/><svg mask="url(#m)"><polygon points="{_POINTS}"/></svg>')
# Each of these curves is far longer than what is seen of it: all of them take many seconds.
_CURVES = "C1e6 1e6 -1e6 1e6 50 50 " * 5000
SLOW = svg(f'<path stroke="red" stroke-width="50" fill="none" d="M0 0 {_CURVES}"/>', 'viewBox="0 0 99 99"')
REFUSED = [
    b"nonsense <svg",
    b"<html xmlns='http://www.w3.org/2000/svg'/>",
    b"<svg/>",
    svg(""),
    svg("<text>only</text>"),
    b'<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + svg("&x;" + PATH),
    svg(PATH * (MAX_BYTES // len(PATH) + 1)),
    svg("<g>" * 6000 + "</g>" * 6000),
    svg(f'<mask id="m">{PATH * 100}</mask>' + '<rect width="8" height="8" mask="url(#m)"/>' * 100),
    svg(PATH, 'viewBox="-4 -4 8 1e9"'),
    svg(PATH, 'viewBox="0 0 8 8" width="800000" height="8px"'),
    PANICS,
    SLOW,
]


@pytest.mark.parametrize("data", REFUSED)
def test_what_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(Refused):
        clean_drawing(data)


def test_an_upload_is_told_apart_from_pictures() -> None:
    asset = clean_image(svg(PATH))
    assert asset.content_type == "image/svg+xml"
    assert asset.path.endswith(".svg")


@given(st.text(alphabet="<>/=\"'svgpath d#&;!-[]xlink:hrefon ", max_size=200))
@examples(200)
def test_nothing_makes_it_fail_otherwise(inside: str) -> None:
    try:
        found = clean_drawing(svg(inside))
    except Refused:
        return
    assert b"href" not in found


HIDDEN = '<!DOCTYPE svg [<!ENTITY a "M0 0">]><!--\u733c\u6776--><svg xmlns="http://www.w3.org/2000/svg">'


@pytest.mark.parametrize(
    "data",
    [
        svg("<g>" * 4_000 + PATH + "</g>" * 4_000),
        ("\ufeff" + HIDDEN + '<path d="&a;"/></svg>').encode("utf-16-le"),
    ],
    ids=["endlessly deep", "a document type in another encoding"],
)
def test_what_is_made_to_break_readers_is_refused(data: bytes) -> None:
    with pytest.raises(Refused):
        clean_image(data)

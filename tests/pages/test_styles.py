"""Styles that people write: they change the look, and neither load nor hide anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import Refused
from pages.actions import update_page
from pages.models import StatusPage
from pages.styles import LONGEST, clean_css
from tests.conftest import ACTOR
from tests.examples import examples

GOOD = [
    "",
    "h1 { color: red }",
    ".page-status.status-none { background: linear-gradient(90deg, #fff, var(--accent)); margin-top: 2rem }",
    "@media (min-width: 40rem) { main > ul li:not(.x):nth-child(2n+1) { padding: calc(1px + 1em) } }",
    ":root { --accent: oklch(0.6 0.1 20); }",
    "a:hover { text-decoration-color: currentcolor !important }",
    "[data-component-id='x'] { border-top-width: 1px; border-start-end-radius: 2px }",
    "/* a remark */ h2 { font: 600 1rem/1.2 Georgia, serif }",
]


@pytest.mark.parametrize("text", GOOD)
def test_what_changes_the_look_is_taken_and_taken_again_as_it_is(text: str) -> None:
    once = clean_css(text)
    assert clean_css(once) == once
    assert bool(once) == bool(text)


HOSTILE = [
    "@import url(https://evil.example/x.css);",
    "@font-face { font-family: x; src: url(https://evil.example) }",
    "h1 { background: url(https://evil.example/x.png) }",
    "h1 { background: URL('//evil.example') }",
    r"h1 { background: \75rl(//evil.example) }",
    "h1 { background-image: image-set('https://evil.example' 1x) }",
    "h1 { background: src('//evil.example') }",
    "h1 { --x: url(//evil.example); background: var(--x) }",
    "h1 { behavior: url(x.htc) }",
    "h1 { color: expression(alert(1)) }",
    "h1 { -moz-binding: url(x) }",
    "h1 { display: none }",
    "h1 { visibility: hidden }",
    "h1 { opacity: 0 }",
    "h1 { position: fixed }",
    "h1 { content: 'All fine' }",
    "h1 { transform: scale(0) }",
    "h1 { color: red } </style><script>alert(1)</script>",
    "@layer x { h1 { color: red } }",
    "@supports (color: red) { h1 { color: red } }",
    "@media screen { @import 'x'; }",
    "@charset 'utf-8';",
    "h1 { color",
    "h1 { color: red",
    "}",
    "h1 { { color: red } }",
    r"h1 { font-family: '\3c/style\3e' }",
    r"h1 { font-family: \3c /style> }",
    r"h1[id='\3c/style\3e'] { color: red }",
    "h1 { color: " + "(" * 9_000,
    "@media a {" * 1_500,
    "a" * (LONGEST + 1),
]


@pytest.mark.parametrize("text", HOSTILE)
def test_what_loads_hides_or_moves_is_refused_or_has_no_effect(text: str) -> None:
    try:
        found = clean_css(text)
    except Refused:
        return
    # What a browser would mend at the end of the text.
    assert found == "h1{color:red}"


def test_the_line_is_named() -> None:
    with pytest.raises(Refused, match="Line 3: “display”"):
        clean_css("h1 { color: red }\nh2 {\n display: none }")


@given(st.text(alphabet="h1{}:;()@mediaurlv-/*\\'\" \n#.,!<", max_size=80))
@examples(300)
def test_nothing_makes_it_fail_otherwise(text: str) -> None:
    try:
        found = clean_css(text)
    except Refused:
        return
    assert "url(" not in found.lower()
    assert "@import" not in found
    assert clean_css(found) == found


def test_a_page_has_its_styles_after_its_colours(page: StatusPage) -> None:
    assert update_page(page, ACTOR, custom_css="h1 { color : RED }").custom_css == "h1{color:RED}"
    with pytest.raises(Refused):
        update_page(page, ACTOR, custom_css="h1 { display: none }")

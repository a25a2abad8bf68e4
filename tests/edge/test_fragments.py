"""Fragments bring an open browser from one version to another, and are no more than what changed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.fragments import Outline, changed, outline
from publishing import render
from tests.publishing import samples

NAMES = ("now", "slot-open", "i-1", "i-2", "c-1", "c-2", "g-1", "u-1")


def element(name: str, inner: str) -> str:
    return f'<div id="{name}" data-live class="x">{inner}</div><!--/{name}-->'


@st.composite
def trees(draw: Any) -> str:
    """The HTML of a page with some of NAMES in it, nested anyhow."""
    names = draw(st.permutations(NAMES))[: draw(st.integers(0, len(NAMES)))]
    pieces = {"main": [draw(st.sampled_from("ab"))]}
    for name in names:
        around = draw(st.sampled_from(sorted(pieces)))
        pieces[name] = [draw(st.sampled_from("ab"))]
        pieces[around].append(name)

    def shown(name: str) -> str:
        first, *inner = pieces[name]
        return element(name, first + "-".join(map(shown, inner)) + first)

    return f"<head><title>T</title></head>{shown('main')}<footer>F</footer>"


def outlined(text: str) -> Outline:
    found = outline(text.encode())
    assert found is not None
    return found


def applied(text: str, fragments: dict[str, str]) -> str:
    """The page once a browser has swapped the fragments in."""
    body = text.encode()
    parts = outlined(text).parts
    for name in sorted(fragments, key=lambda name: -parts[name.encode()].start):
        part = parts[name.encode()]
        body = body[: part.start] + fragments[name].encode() + body[part.end :]
    return body.decode()


@given(trees(), trees())
def test_fragments_bring_any_page_to_any_other(before: str, after: str) -> None:
    fragments = changed(outlined(before), outlined(after), after.encode())
    assert fragments is not None
    assert applied(before, fragments) == after
    assert (fragments == {}) == (before == after)


@given(trees())
def test_a_page_that_lost_the_end_of_an_element_has_no_outline(text: str) -> None:
    assert outline(text.replace("<!--/main-->", "").encode()) is None


def test_only_the_innermost_element_that_changed_is_sent() -> None:
    before = element("main", element("slot", element("c-1", "a") + element("c-2", "b")))
    after = before.replace(">b<", ">c<")
    assert changed(outlined(before), outlined(after), after.encode()) == {
        "c-2": '<div id="c-2" data-live class="x">c</div>'
    }


def test_what_lies_outside_of_elements_needs_the_whole_page() -> None:
    one, other = (f'<link href="/assets/page-{n}.css">' + element("main", "a") for n in "12")
    assert changed(outlined(one), outlined(other), other.encode()) is None


def test_an_outline_says_what_the_tab_shows() -> None:
    body = render.render_status(samples.stormy()).body
    found = outline(body)
    assert found is not None
    assert found.title.encode() in body
    assert (found.indicator, found.icon) == (
        samples.stormy().indicator,
        render.parts.icon(samples.stormy().indicator).path,
    )
    assert found.description.lower() == samples.stormy().description.lower()


@pytest.mark.parametrize("sample", ["calm", "stormy", "empty", "german", "arabic"])
def test_every_live_element_of_the_page_has_its_end(sample: str) -> None:
    body = render.render_status(getattr(samples, sample)()).body
    found = outline(body)
    assert found is not None
    assert len(found.parts) == body.count(b" data-live")
    assert {b"main", b"now", b"slot-open", b"slot-components", b"slot-past"} <= found.parts.keys()


def test_what_people_write_is_no_element() -> None:
    text = '<p id="now" data-live>x</p><!--/now--><!--/main-->'
    snapshot = samples.stormy()
    page = replace(snapshot.page, name=text, header=text, footer=text, description=text, note=text)
    spiked = tuple(
        replace(one, name=text, updates=tuple(replace(update, body=text) for update in one.updates))
        for one in snapshot.incidents
    )
    found = outlined(render.render_status(replace(snapshot, page=page, incidents=spiked)).body.decode())
    assert found.parts.keys() == outlined(render.render_status(snapshot).body.decode()).parts.keys()


def test_a_new_version_of_a_page_sends_its_head_alone() -> None:
    before = samples.stormy()
    after = replace(before, version=before.version + 1)
    old, new = (render.render_status(snapshot).body for snapshot in (before, after))
    fragments = changed(outlined(old.decode()), outlined(new.decode()), new)
    assert fragments is not None
    assert list(fragments) == ["now"]

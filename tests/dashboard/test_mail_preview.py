"""A preview shows the mail as it is, in both themes, in a frame that runs nothing."""

from __future__ import annotations

import html
import re

import pytest
from django.core.cache import cache

from subscribers.actions import Who, add_confirmed
from tests.conftest import ACTOR
from tests.dashboard.conftest import Place, Visitor

_FRAME = re.compile(r'<iframe src="([^"]+)"[^>]* sandbox ')


@pytest.fixture(autouse=True)
def nothing_kept_yet(place: Place) -> None:
    cache.clear()
    add_confirmed(place.page, Who("ada@example.org"), ACTOR, "Asked.")


def _previewed(visitor: Visitor, place: Place, **more: str) -> list[str]:
    """The addresses of the frames: light and dark."""
    typed = {"name": "Slow", "status": "investigating", "body": "Not **well**.", "notify": "on"} | more
    text = visitor.post(f"{place.incidents}preview", typed).content.decode()
    return [html.unescape(one) for one in _FRAME.findall(text)]


def test_the_mail_is_shown_in_both_themes(editor: Visitor, place: Place) -> None:
    light, dark = (editor.see(address) for address in _previewed(editor, place))

    assert "Not <strong>well</strong>." in light
    assert "prefers-color-scheme" not in light + dark
    assert ("@media (max-width:0)" in light, "@media (min-width:0)" in dark) == (True, True)


def test_two_tabs_show_each_its_own(editor: Visitor, place: Place) -> None:
    """Each is given a token of its own spelling with its form."""
    frames = {}
    for said in ("The first says this.", "The second says that."):
        token = editor.fill(f"{place.incidents}new", "name")["csrfmiddlewaretoken"]
        frames[said] = _previewed(editor, place, body=said, csrfmiddlewaretoken=token)

    for said, addresses in frames.items():
        assert [said in editor.see(address) for address in addresses] == [True, True]


def test_the_frame_runs_nothing_and_is_framed_by_us_alone(editor: Visitor, place: Place) -> None:
    answer = editor.get(_previewed(editor, place)[0])

    policy = set(answer["Content-Security-Policy"].split("; "))
    assert {"default-src 'none'", "sandbox", "frame-ancestors 'self'"} <= policy
    assert "script" not in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "SAMEORIGIN"


def test_a_preview_is_for_whoever_was_shown_it(visitors: dict[str, Visitor], place: Place) -> None:
    address = _previewed(visitors["editor"], place)[0]

    assert visitors["admin"].get(address).status_code == 404
    assert visitors["viewer"].get(address).status_code == 403
    assert visitors["editor"].get(address.replace("theme=light", "theme=x")).status_code == 404

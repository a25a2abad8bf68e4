"""What keeps forever in caches is named by what it is."""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import replace

import pytest
from PIL import Image

from publishing import render
from publishing.rendering import assets as parts
from publishing.rendering import favicon
from tests.pages.test_drawings import PANICS
from tests.publishing import samples

# A hundred million times as high as it is wide.
ENDLESS = (
    b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 100000000">'
    b'<rect width="1" height="100000000" fill="#cf5a11"/></svg>'
)
_NAME = re.compile(r"/assets/[a-z0-9-]+-([0-9a-f]{12})\.[a-z0-9]+")


@pytest.mark.parametrize("accent", ["", "#5b3df5"])
def test_an_asset_is_named_by_the_hash_of_its_content(accent: str) -> None:
    assets = render.assets(replace(samples.PAGE, accent=accent))
    assert len(assets) > 2
    for asset in assets:
        named = _NAME.fullmatch(asset.path)
        assert named is not None, asset.path
        assert hashlib.sha256(asset.body).hexdigest().startswith(named[1]), asset.path


def test_a_page_loads_nothing_else() -> None:
    page = render.render_status(samples.stormy()).body.decode()
    paths = {asset.path for asset in render.assets(samples.stormy().page)}
    loaded = re.findall(
        r'<(?:script[^>]* src|link rel="(?:stylesheet|icon|preload)"[^>]* href)="([^"]+)"', page
    )
    assert len(loaded) > 1
    assert set(loaded) <= paths


@pytest.mark.parametrize(
    "kind", ["none of its own", "wide", "tiny", "drawing", "endless drawing", "undrawable"]
)
def test_the_icon_is_an_icon_whatever_a_page_has(kind: str) -> None:
    own, content_type = b"", ""
    if kind == "drawing":
        own, content_type = parts.icon("major").body, parts.SVG
    elif kind == "endless drawing":
        own, content_type = ENDLESS, parts.SVG
    elif kind == "undrawable":
        own, content_type = PANICS, parts.SVG
    elif kind != "none of its own":
        out = io.BytesIO()
        Image.new("RGBA", (800, 90) if kind == "wide" else (3, 3), "#cf5a11").save(out, "PNG")
        own, content_type = out.getvalue(), "image/png"
    made = favicon.document(own, content_type)
    shown = Image.open(io.BytesIO(made.body), formats=["ICO"])
    assert (made.path, made.content_type) == ("/favicon.ico", "image/x-icon")
    assert shown.info["sizes"] == {(16, 16), (32, 32), (48, 48)}
    red, _green, blue, alpha = shown.convert("RGBA").getpixel((24, 24 if kind == "wide" else 42))  # type: ignore[misc]
    assert alpha == 255
    assert (red > blue) == (bool(own) and kind != "undrawable")

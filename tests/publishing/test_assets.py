"""What keeps forever in caches is named by what it is."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

import pytest

from publishing import render
from tests.publishing import samples

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

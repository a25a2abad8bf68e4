from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from copies.models import CopyTarget
from pages.models import StatusPage
from tests.copies.places import Buckets, Folder, Place, s3_server
from tests.publishing.published import drain_publishing


@pytest.fixture(autouse=True)
def own_places(settings: Any, tmp_path: Path) -> None:
    """A store and a root for copies of the test's own. Servers on this machine may be called."""
    settings.STORE_DIR = tmp_path / "store"
    settings.STORE_REDIS_URL = ""
    settings.COPIES_ROOT = str(tmp_path / "copies")
    settings.EGRESS_ALLOW_NETS = ["127.0.0.0/8"]


@pytest.fixture(scope="session")
def s3_url() -> Iterator[str]:
    with s3_server() as url:
        yield url


@pytest.fixture
def buckets(s3_url: str, settings: Any) -> Buckets:
    """Without TLS, which development alone allows."""
    settings.DEBUG = True
    found = Buckets(s3_url)
    found.empty()
    return found


@pytest.fixture
def folder(settings: Any) -> Folder:
    return Folder(Path(settings.COPIES_ROOT))


@pytest.fixture(params=["folder", "buckets"])
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def target(page: StatusPage, place: Place) -> CopyTarget:
    """A target of acme's page, which is published; nothing has been copied yet."""
    drain_publishing()
    return place.add(page)

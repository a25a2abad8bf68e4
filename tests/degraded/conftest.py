from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.degraded.installation import Installation, installed


@pytest.fixture(scope="package")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """All of it, healthy; whoever stops a server starts it again."""
    with installed(tmp_path_factory.mktemp("installation")) as running:
        yield running


@pytest.fixture(autouse=True, scope="module")
def whole(request: pytest.FixtureRequest) -> None:
    """What a test that failed has left behind is no other module's business."""
    if "installation" in request.fixturenames:
        installation = request.getfixturevalue("installation")
        installation.start(*(name for name in installation.children if not installation.is_alive(name)))
        installation.fill_disk(*installation.children, full=False)
        installation.until_healthy()

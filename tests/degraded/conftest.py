from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.degraded.installation import Installation, installed


@pytest.fixture(scope="package")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """All of it, healthy; whoever stops a server starts it again."""
    with installed(tmp_path_factory.mktemp("installation")) as running:
        yield running

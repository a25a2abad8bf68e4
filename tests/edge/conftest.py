from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from store import Store
from tests.services import valkey
from tests.store.builders import emptied, opened


@pytest.fixture(scope="session")
def running_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with valkey(tmp_path_factory.mktemp("valkey")) as url:
        yield f"{url}/1"


@pytest.fixture
def redis_url(running_valkey: str) -> str:
    emptied(running_valkey).close()
    return running_valkey


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return opened(tmp_path / "store", None)

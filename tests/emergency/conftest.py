from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from store import Store
from tests.emergency.kits import directory, make_kit, publish_acme
from tests.emergency.sink import Sink, sink
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
def root(tmp_path: Path) -> Path:
    return tmp_path / "store"


@pytest.fixture
def store(root: Path) -> Store:
    """With acme's page, calm, and globex's."""
    made = opened(root, None)
    publish_acme(made)
    return made


@pytest.fixture
def kit(tmp_path: Path, root: Path, store: Store) -> Path:
    return make_kit(tmp_path / "kit.json", directory(root))


@pytest.fixture
def machines() -> Iterator[Sink]:
    with sink() as running:
        yield running

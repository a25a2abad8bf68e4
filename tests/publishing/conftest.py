from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def own_store(settings: Any, tmp_path: Path) -> None:
    """A store on disk of the test's own, without Redis: what others published is not there."""
    settings.STORE_DIR = tmp_path / "store"
    settings.STORE_REDIS_URL = ""

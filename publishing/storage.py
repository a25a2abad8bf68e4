"""This process's store, as the settings say."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from store import Store, connect


def store() -> Store:
    return _open(settings.STORE_DIR, settings.STORE_REDIS_URL)


@lru_cache(maxsize=4)
def _open(directory: Path, redis_url: str) -> Store:
    return Store(directory, connect(redis_url) if redis_url else None)

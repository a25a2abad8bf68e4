"""What django-allauth counts and remembers: shared by all processes, and each for itself while Redis is away.

A Redis that is gone neither locks anybody out nor lets anybody try passwords for ever.
"""

from __future__ import annotations

from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache

from notifications.shared import shared


class SteadyCache(BaseCache):
    """A cache that does not fail: Redis, or this process's own memory."""

    def __init__(self, location: str, params: dict[str, Any]) -> None:
        super().__init__(params)

    def add(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(shared(lambda memory: memory.add(key, value, timeout, version)))

    def get(self, key: str, default: Any = None, version: int | None = None) -> Any:
        return shared(lambda memory: memory.get(key, default, version))

    def set(self, key: str, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        shared(lambda memory: memory.set(key, value, timeout, version))

    def touch(self, key: str, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        return bool(shared(lambda memory: memory.touch(key, timeout, version)))

    def delete(self, key: str, version: int | None = None) -> bool:
        return bool(shared(lambda memory: memory.delete(key, version)))

    def clear(self) -> None:
        shared(lambda memory: memory.clear())

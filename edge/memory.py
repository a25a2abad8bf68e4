"""What the edge keeps in memory: the least recently used goes first once the budget of bytes is spent."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Memory(Generic[T]):
    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0
        self._items: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._items)

    def get(self, key: Hashable) -> T | None:
        found = self._items.get(key)
        if found is None:
            return None
        self._items.move_to_end(key)
        return found[0]

    def put(self, key: Hashable, value: T, size: int) -> None:
        """Keep `value`, said to take `size` bytes. One larger than the whole budget is not kept."""
        self.drop(key)
        self._items[key] = (value, size)
        self.used += size
        while self.used > self.limit:
            _, (_, freed) = self._items.popitem(last=False)
            self.used -= freed

    def drop(self, key: Hashable) -> None:
        _, freed = self._items.pop(key, (None, 0))
        self.used -= freed

    def values(self) -> list[T]:
        return [value for value, _ in self._items.values()]

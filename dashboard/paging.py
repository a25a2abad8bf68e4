"""Lists that may be of any length, a page at a time."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator


class LongPaginator(Paginator):
    """Knows the first rows of a list alone: nobody leafs through more, and counting them would take long.

    Whoever looks for what is further on filters the list, or turns its order round.
    """

    most = 5_000

    @cached_property
    def count(self) -> int:
        return min(self._found, self.most)

    @property
    def is_more(self) -> bool:
        """Whether there are rows that are not shown."""
        return self._found > self.most

    @cached_property
    def _found(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[: self.most + 1].count())

"""Taking back what one row of a table did, so that each finds the same world."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction


@contextmanager
def undone() -> Iterator[None]:
    block = transaction.atomic()
    # Like those of a test case: verbs may open their own inside.
    block._from_testcase = True
    with block:
        yield
        transaction.set_rollback(True)

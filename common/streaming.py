"""What is sent while it is made, some at a time, from the database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import TypeVar

from asgiref.sync import sync_to_async
from django.db import connection

from common.tenancy import NO_TENANT, in_tenant

_Piece = TypeVar("_Piece")


async def in_steps(pieces: Iterator[_Piece]) -> AsyncIterator[_Piece]:
    """Each piece when it is fetched; they enter the tenant that they need by themselves.

    Between two of them no connection is held: whoever fetches slowly takes none of the pool's from others,
    and a piece that fails loses none.
    """
    while (piece := await sync_to_async(_next)(pieces)) is not None:
        yield piece


def _next(pieces: Iterator[_Piece]) -> _Piece | None:
    try:
        with in_tenant(NO_TENANT):
            return next(pieces, None)
    finally:
        if not connection.in_atomic_block:
            connection.close()

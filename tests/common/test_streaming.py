"""What is sent while it is made holds no connection of the pool meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.db import connection

from common.streaming import in_steps
from common.tenancy import in_tenant
from tenants.models import Tenant


def _schema() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_schema()")
        return str(cursor.fetchone()[0])


def test_nobody_who_fetches_slowly_or_in_vain_holds_a_connection(acme: Tenant) -> None:
    held: dict[str, bool] = {}

    def pieces() -> Iterator[str]:
        yield _schema()
        with in_tenant(acme.pk):
            found = _schema()
        yield found
        message = f"The disk of {_schema()} is full."
        raise OSError(message)

    async def fetched() -> None:
        async for piece in in_steps(pieces()):
            held[piece] = await sync_to_async(lambda: connection.connection is not None)()

    # A thread has a connection of its own, and this one's is in no transaction of the test.
    with ThreadPoolExecutor(1) as thread:
        with pytest.raises(OSError, match="public is full"):
            thread.submit(async_to_sync(fetched)).result()
        assert thread.submit(lambda: connection.connection).result() is None
    assert held == {"public": False, acme.schema_name: False}

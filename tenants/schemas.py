"""Schemas of organisations: what their migrations do is recorded once, and then only replayed.

Django needs over a second of a processor to work out the SQL of all migrations, which is the same for every
organisation. The recording is that very SQL, so a replayed schema is what migrating would have made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.core.management import call_command
from django.db import connection, transaction
from django.utils.translation import gettext as _
from django_tenants.utils import schema_context

from common.errors import Refused
from common.fingerprints import of_migrations
from common.patience import patience
from tenants.models import Blueprint

_SCRATCH = "blueprint"
# What only asks, and what belongs to the transaction in which it was recorded. Psycopg gives strings.
_LEFT_OUT = ("SELECT", "SHOW", "SAVEPOINT", "RELEASE SAVEPOINT", "SET SEARCH_PATH")
# Seconds for all of its tables at once, also where the disk is slow.
_MAKES_IN = 60.0
# A replayed schema says when it was made itself.
_DATED = "UPDATE django_migrations SET applied = now()"


def hold_release() -> None:
    """Step: the database stays at this release until the caller's transaction ends. Raises Refused in a
    process of another release."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT migrations FROM tenants_installation FOR SHARE")
        found = cursor.fetchone()
    if found and found[0] not in ("", of_migrations()):
        raise Refused(_("The service is being brought to a new release. Please try again in a few minutes."))


def make(schema: str) -> None:
    """Step: add a schema with all tables in the caller's transaction, from the public schema.

    A process goes by its own migrations. Where nobody recorded those yet, they run, and are recorded.
    """
    _execute(f'CREATE SCHEMA "{schema}"')
    with schema_context(schema):
        recorded = Blueprint.objects.filter(pk=of_migrations()).values_list("script", flat=True).first()
        if recorded is None:
            _record(schema)
        else:
            with patience(_MAKES_IN):
                _execute(recorded)


def prepare() -> None:
    """Record now what the next organisation is made from, so that its owner need not wait for it."""
    if Blueprint.objects.filter(pk=of_migrations()).exists():
        return
    with transaction.atomic(durable=True):
        make(_SCRATCH)
        _execute(f'DROP SCHEMA "{_SCRATCH}" CASCADE')


def _record(schema: str) -> None:
    with _recording() as statements:
        migrate(schema)
    recorded = Blueprint(migrations=of_migrations(), script=";\n".join([*statements, _DATED]))
    Blueprint.objects.bulk_create([recorded], ignore_conflicts=True)


def migrate(schema: str) -> None:
    """Let Django run the migrations that a schema lacks."""
    call_command("migrate_schemas", tenant=True, schema_name=schema, interactive=False, verbosity=0)


@contextmanager
def _recording() -> Iterator[list[str]]:
    """The statements of the block that change something, with their parameters."""
    statements: list[str] = []

    def listen(execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        text = str(sql)
        if not text.lstrip().upper().startswith(_LEFT_OUT):
            given = params if many else [params]
            # Without parameters, and not with none of them, a percent sign is one.
            mogrify = context["cursor"].mogrify
            statements.extend(text if some is None else mogrify(text, some) for some in given)
        return execute(sql, params, many, context)

    with connection.execute_wrapper(listen):
        yield statements


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)

"""The recorded history of a real page, brought over; then again, when nothing is new."""

from __future__ import annotations

import resource
from collections.abc import Iterator

import psycopg
from django.apps import apps
from django.conf import settings
from django.db import connection

from benchmarks.figures import Table, measured, took
from benchmarks.made import RECORD, migrate, publish_all
from common.tenancy import in_tenant, schema_of
from importing.actions import import_page
from importing.folder import read_folder
from tenants.actions import create_tenant
from tenants.models import Tenant

AIM = 15.0


def measure(*_options: str) -> None:
    migrate()
    tenant, twin = create_tenant("Imported", "imported"), create_tenant("Twin", "twin")
    with in_tenant(tenant.id):
        with took() as first:
            summary = import_page(read_folder(RECORD), slug="imported")
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        second = measured(lambda: import_page(read_folder(RECORD), slug="imported"))
        published = measured(lambda: publish_all(summary.page))
    reading = measured(lambda: read_folder(RECORD))
    rows, copying = _copy(tenant, twin)
    reference = reading.wall + copying
    table = Table(f"Importing {summary.counts['incidents'].added:,} records")
    table.time("first import, one transaction", first, reference=reference, aim=AIM)
    table.time("again, with nothing new", second, reference=reference)
    table.time("of each, reading and checking the source", reading)
    table.time(f"reference: reading, and COPY of the same {rows:,} rows", reference)
    table.time("every document published, after the import", published)
    table.count("largest size of the process", f"{peak:,.0f} MB")


def _copy(source: Tenant, target: Tenant) -> tuple[int, float]:
    """Every row of one tenant's schema into the empty one of another, in one durable transaction; how many
    rows, and the seconds of writing them."""
    with _raw() as raw:
        content = {table: _rows(raw, f"{schema_of(source.id)}.{table}") for table in _tables()}
        with took() as writing, raw.transaction():
            for table, data in content.items():
                with raw.cursor().copy(f"COPY {schema_of(target.id)}.{table} FROM STDIN") as copy:
                    copy.write(data)
        return sum(data.count(b"\n") for data in content.values()), writing.wall


def _raw() -> psycopg.Connection:
    values = connection.settings_dict
    return psycopg.connect(
        host=values["HOST"],
        port=values["PORT"],
        user=values["USER"],
        password=values["PASSWORD"],
        dbname=values["NAME"],
        autocommit=True,
    )


def _rows(raw: psycopg.Connection, table: str) -> bytes:
    with raw.cursor().copy(f"COPY {table} TO STDOUT") as copy:
        return b"".join(bytes(block) for block in copy)


def _tables() -> Iterator[str]:
    for name in settings.TENANT_APPS:
        for model in apps.get_app_config(name).get_models(include_auto_created=True):
            yield model._meta.db_table

"""Schemas of organisations: acme's was migrated and recorded, globex's was made from the recording."""

from __future__ import annotations

import os
import subprocess

import pytest
from django.db import Error, connection

from common.fingerprints import of_migrations
from common.tenancy import in_tenant, leave_tenant
from statuspage.supervisor.postgres import binaries
from tenants import schemas
from tenants.actions import create_tenant
from tenants.models import Blueprint, Tenant
from tests.live import Live


def dumped(tenant: Tenant) -> list[str]:
    """Everything that PostgreSQL knows of a committed schema, without what stands in it."""
    values = connection.settings_dict
    address = f"postgresql://{values['USER']}@{values['HOST']}:{values['PORT']}/{values['NAME']}"
    command = [str(binaries() / "pg_dump"), "--schema-only", f"--schema={tenant.schema_name}", address]
    environment = os.environ | {"PGPASSWORD": values["PASSWORD"]}
    text = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    # A dump keeps its own commands from being forged by words that are new each time.
    lines = [line for line in text.splitlines() if not line.startswith("\\")]
    return [line.replace(tenant.schema_name, "t_x") for line in lines]


def migrations(schema: str) -> list[tuple[int, str, str]]:
    return rows(f"SELECT id, app, name FROM {schema}.django_migrations ORDER BY id")  # noqa: S608


def rows(sql: str) -> list[tuple[int, str, str]]:
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def test_a_replayed_schema_is_what_migrating_makes(db: None) -> None:
    acme, globex = (Tenant.objects.get(slug=slug) for slug in ("acme", "globex"))
    dates = "SELECT count(DISTINCT applied) FROM {}.django_migrations"
    assert rows(dates.format(acme.schema_name)) != [(1,)]
    assert rows(dates.format(globex.schema_name)) == [(1,)]

    assert dumped(globex) == dumped(acme)
    assert len(dumped(acme)) > 500
    assert migrations(globex.schema_name) == migrations(acme.schema_name)


def test_a_schema_made_from_a_recording_lacks_no_migration(db: None) -> None:
    leave_tenant()
    tenant = create_tenant("Initech", "initech")
    before = migrations(tenant.schema_name)
    schemas.migrate(tenant.schema_name)

    assert migrations(tenant.schema_name) == before


def test_another_release_goes_by_its_own_migrations(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    leave_tenant()
    Blueprint.objects.update(script="SELECT 1")
    monkeypatch.setattr(schemas, "of_migrations", lambda: "of another release")
    schemas.prepare()

    assert set(Blueprint.objects.values_list("pk", flat=True)) == {of_migrations(), "of another release"}
    assert rows("SELECT nspname FROM pg_namespace WHERE nspname = 'blueprint'") == []
    with in_tenant(create_tenant("Initech", "initech").pk):
        assert rows("SELECT count(*) FROM events_event") == [(0,)]


def test_a_statement_that_fails_leaves_nothing(db: None) -> None:
    leave_tenant()
    Blueprint.objects.update(script="CREATE TABLE made (); SELECT 1 / 0")
    before = rows("SELECT nspname FROM pg_namespace ORDER BY nspname")
    with pytest.raises(Error, match="division by zero"):
        create_tenant("Initech", "initech")

    assert not Tenant.objects.filter(slug="initech").exists()
    assert rows("SELECT nspname FROM pg_namespace ORDER BY nspname") == before


def test_a_recording_says_what_the_database_was_told(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    def migrate(_schema: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE django_migrations (applied timestamptz, name text)")
            cursor.execute("ALTER TABLE django_migrations ADD a text DEFAULT '1%%'", None)
            cursor.execute("ALTER TABLE django_migrations ADD b text DEFAULT '2%%'", ())
            cursor.execute("ALTER TABLE django_migrations ADD c text DEFAULT %s", ["3%; '--"])
            cursor.executemany("INSERT INTO django_migrations (name) VALUES (%s)", [["4%%"], ["5"]])

    leave_tenant()
    monkeypatch.setattr(schemas, "of_migrations", lambda: "of another release")
    monkeypatch.setattr(schemas, "migrate", migrate)
    found = []
    for name in ("first", "second"):
        schemas.make(name)
        found.append(rows(f"SELECT a, b, c, name FROM {name}.django_migrations"))  # noqa: S608
    said = ("1%%", "2%", "3%; '--")
    assert found == [[(*said, "4%%"), (*said, "5")]] * 2


@pytest.mark.process
def test_organisations_can_be_made_at_once_before_and_after_anything_is_recorded(live: Live) -> None:
    code = """
from concurrent.futures import ThreadPoolExecutor
from tenants.actions import create_tenant
from tenants.models import Blueprint
def make(slug):
    try:
        with in_tenant(create_tenant(slug, slug).pk), connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = current_schema()")
            return cursor.fetchone()[0]
    finally:
        connection.close()
Blueprint.objects.all().delete()
with ThreadPoolExecutor(2) as pool:
    tables = [*pool.map(make, ["a", "b"]), *pool.map(make, ["c", "d", "e"])]
answer([tables, Blueprint.objects.count()])
"""
    tables, recordings = live.run(code)
    assert len(tables) == 5
    assert len(set(tables)) == 1
    assert tables[0] > 20
    assert recordings == 1

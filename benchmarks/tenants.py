"""A new organisation with its page: the first one, and one more where there are many."""

from __future__ import annotations

import itertools
import os
import subprocess

from django.db import connection

from benchmarks.figures import Table, Took, measured, middle
from benchmarks.made import migrate
from common.tenancy import in_tenant
from events.actor import SYSTEM
from pages.actions import create_page
from statuspage.supervisor.postgres import binaries
from tenants.actions import create_tenant
from tenants.models import Tenant

MANY, FEW = 500, 50
AIM = 1.0
_ROUNDS = 5
_numbers = itertools.count(1)


def measure(*options: str) -> None:
    migrate()
    many = FEW if "--quick" in options else MANY
    _create()
    table = Table("A new organisation with its page")
    _compare(table, "the first ones")
    missing = many - Tenant.objects.count()
    filling = measured(lambda: _create_some(missing))
    table.time("filling up, each", Took(filling.wall / missing, filling.cpu / missing))
    _compare(table, f"with {many} present")
    table.count(f"database, with {many} present", _size())


def _compare(table: Table, when: str) -> None:
    made = middle([measured(_create) for _ in range(_ROUNDS)])
    bare = _bare()
    table.time(f"{when}: organisation and page", made, reference=bare.wall, aim=AIM)
    table.time(f"reference, {when}: its tables as one text of SQL", bare)


def _create() -> None:
    number = next(_numbers)
    tenant = create_tenant(f"Tenant {number}", f"tenant-{number}")
    with in_tenant(tenant.id):
        create_page(SYSTEM, name=f"Page {number}", slug=f"page-{number}")


def _create_some(number: int) -> None:
    for _ in range(number):
        _create()


def _bare() -> Took:
    """What making a tenant's schema takes a client that knows its SQL beforehand."""
    sql = _schema_as_sql(Tenant.objects.latest("created_at"))
    runs = []
    for _ in range(_ROUNDS):
        runs.append(measured(lambda: _execute(sql)))
        _execute("RESET ALL; DROP SCHEMA t_bare CASCADE")
    return middle(runs)


def _schema_as_sql(tenant: Tenant) -> str:
    values = connection.settings_dict
    address = f"postgresql://{values['USER']}@{values['HOST']}:{values['PORT']}/{values['NAME']}"
    command = [str(binaries() / "pg_dump"), "--schema-only", f"--schema={tenant.schema_name}", address]
    environment = os.environ | {"PGPASSWORD": values["PASSWORD"]}
    dumped = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    plain = "\n".join(line for line in dumped.splitlines() if not line.startswith(("\\", "--")))
    return plain.replace(tenant.schema_name, "t_bare")


def _execute(sql: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql)


def _size() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
        return str(cursor.fetchone()[0])

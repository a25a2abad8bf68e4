"""Bringing an installation to this release, and filling it for the first time."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from common.errors import Refused
from common.fingerprints import of_migrations
from common.tenancy import in_tenant, leave_tenant
from events.models import Event
from pages.models import StatusPage
from statuspage import fingerprint
from tenants.actions import create_tenant
from tenants.models import Blueprint, Installation, Tenant
from tests.live import Live


def migrate_all() -> str:
    out = StringIO()
    call_command("migrate_all", stdout=out)
    return out.getvalue()


def test_what_is_up_to_date_is_left_alone(page: StatusPage) -> None:
    installed = {"migrations": of_migrations(), "documents": fingerprint.of_documents()}
    Installation.objects.update_or_create(id=1, defaults=installed)
    version = page.version

    assert "up to date" in migrate_all()
    page.refresh_from_db()
    assert page.version == version


def test_a_release_that_renders_otherwise_gives_every_page_a_version(page: StatusPage) -> None:
    installed = {"migrations": of_migrations(), "documents": "of the release before"}
    Installation.objects.update_or_create(id=1, defaults=installed)
    version = page.version
    migrate_all()

    page.refresh_from_db()
    assert page.version == version + 1
    assert Event.objects.of_page(page.pk).latest("id").name == "page.released"


def test_what_a_former_release_adds_meanwhile_is_migrated_too(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave_tenant()
    former = "of the release before"
    Installation.objects.update_or_create(id=1, defaults={"migrations": former})
    Blueprint.objects.filter(pk=of_migrations()).update(migrations=former)
    added: list[str] = []

    def meanwhile(_command: str, **options: Any) -> None:
        """Nothing is left to do for those that are known; one is added that lacks the last migration."""
        if not added and "shared" not in options:
            schema = create_tenant("Initech", "initech").schema_name
            with in_tenant(schema.removeprefix("t_")), connection.cursor() as cursor:
                cursor.execute("DROP INDEX subscriber_wishes")
                cursor.execute("DELETE FROM django_migrations WHERE name = '0005_wishes_index'")
            added.append(schema)

    monkeypatch.setattr("tenants.schemas.of_migrations", lambda: former)
    monkeypatch.setattr("statuspage.management.commands.migrate_all.call_command", meanwhile)
    migrate_all()

    with connection.cursor() as cursor:
        cursor.execute("SELECT schemaname FROM pg_indexes WHERE indexname = 'subscriber_wishes'")
        assert added[0] in {schema for (schema,) in cursor.fetchall()}
    # From now on that release adds no more.
    with pytest.raises(Refused, match="new release"):
        create_tenant("Hooli", "hooli")
    assert not Tenant.objects.filter(slug="hooli").exists()


@pytest.mark.process
def test_the_seed_fills_a_new_installation_once(live: Live) -> None:
    code = """
from django.core.management import call_command
from components.models import Component
from pages.models import StatusPage
from incidents.models import Incident
from tenants.models import User, Installation
Tenant.objects.get(slug="acme").delete(force_drop=True)
os.environ.update(FIRST_RUN_EMAIL="first@example.com", FIRST_RUN_PASSWORD="correct horse battery")
call_command("migrate_all", verbosity=0)
def found():
    made = {"staff": list(User.objects.values_list("email", flat=True))}
    for slug in ("acme", "demo"):
        with in_tenant(Tenant.objects.get(slug=slug).id):
            page = StatusPage.objects.get()
            made[slug] = [page.version, Incident.objects.count(), page.components.count(), page.note]
    return made
call_command("seed")
first = found()
call_command("seed")
newest = None
with in_tenant(Tenant.objects.get(slug="demo").id):
    hidden = list(Component.objects.filter(only_show_if_degraded=True).values_list("name", flat=True))
    newest = Incident.objects.incidents().latest("started_at").started_at
from django.utils import timezone
answer([first, found(), (timezone.now() - newest).days, hidden])
"""
    first, second, age, hidden = live.run(code)

    assert first == second
    assert first["staff"] == ["first@example.com"]
    assert first["demo"][1] >= 819
    assert "moved forward by" in first["demo"][3]
    # A hint at another page's address is no component of this one.
    assert hidden == ["Visit www.githubstatus.com for more information"]
    assert age < 7
    assert first["acme"][1] > 5

"""Two tenants are always in the database: `acme`, whose tests these are, and `globex`, which must never show.

Their schemas are copied (tests/prepared.py). A test runs in a transaction that is rolled back, in acme's
schema. Tests that need real commits or processes of their own take `live` (tests/live.py), a database of
their own.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.db import connection

from common.tenancy import in_tenant
from components.actions import create_component
from components.models import Component
from events.actor import Actor, ActorKind
from incidents.actions.incident import open_incident
from incidents.steps import Words
from pages.actions import create_page
from pages.models import StatusPage
from tenants.models import Tenant
from tests.api.undoing import undone
from tests.live import TEMPLATE, Live

pytest_plugins = ["tests.chromium", "tests.golden"]

# What makes it slow to guess a password makes tests slow, too.
PBKDF2PasswordHasher.iterations = 1
# Every client of a test would look for all static files before its first request.
settings.WHITENOISE_AUTOREFRESH = True

ACTOR = Actor(ActorKind.USER, "tester")
# Stands in everything of globex that could leak.
CANARY = "Globex canary"


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: Any) -> None:
    with django_db_blocker.unblock():
        with in_tenant(Tenant.objects.get(slug="globex").id):
            _fill_globex()
        connection.close()
        Live.make_template(connection.settings_dict["NAME"], TEMPLATE)


def _fill_globex() -> None:
    page = create_page(ACTOR, name=f"{CANARY} page", slug="globex")
    component = create_component(page, ACTOR, name=f"{CANARY} component")
    words = Words("investigating", f"{CANARY} update", components={component.pk: "major_outage"})
    open_incident(page, ACTOR, words, name=f"{CANARY} incident")


@pytest.fixture(scope="module")
def kept(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A transaction around all tests of a file: what is made in it is there for each, then gone."""
    with django_db_blocker.unblock(), undone():
        yield
        connection.set_schema_to_public()


@pytest.fixture
def acme(db: None) -> Iterator[Tenant]:
    """The tenant under test, whose schema the connection is in."""
    tenant = Tenant.objects.get(slug="acme")
    connection.set_tenant(tenant)
    yield tenant
    connection.set_schema_to_public()


@pytest.fixture
def globex(db: None) -> Tenant:
    """The other tenant: it has a page, a component and an open incident, all named CANARY."""
    return Tenant.objects.get(slug="globex")


@pytest.fixture
def page(acme: Tenant) -> StatusPage:
    """A page of acme in Berlin's zone, without components."""
    return create_page(ACTOR, name="Acme", slug="acme", time_zone="Europe/Berlin")


@pytest.fixture
def component(page: StatusPage) -> Component:
    return create_component(page, ACTOR, name="API")


@pytest.fixture
def live(django_db_setup: None, tmp_path: Path) -> Iterator[Live]:
    """A database, a Valkey database and a store of the test's own, for real processes."""
    with Live.start(TEMPLATE, tmp_path) as started:
        yield started

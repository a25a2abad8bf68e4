"""People who work for acme, in every role, and two who do not."""

from __future__ import annotations

import pytest

from tenants.actions import set_role
from tenants.models import Role, Tenant, User
from tests.admin.browser import Browser
from tests.conftest import ACTOR


@pytest.fixture
def people(acme: Tenant, globex: Tenant) -> dict[str, User | None]:
    """`outsider` owns globex; `staff` runs the platform; `anonymous` is nobody."""
    found: dict[str, User | None] = {"anonymous": None}
    for role in Role:
        found[role.value] = User.objects.create_user(f"{role}@acme.example")
        set_role(found[role.value], acme, role, ACTOR)  # type: ignore[arg-type]
    outsider = found["outsider"] = User.objects.create_user("owner@globex.example")
    set_role(outsider, globex, Role.OWNER, ACTOR)
    found["staff"] = User.objects.create_user("staff@platform.example", is_staff=True)
    return found


@pytest.fixture
def browsers(people: dict[str, User | None]) -> dict[str, Browser]:
    return {name: Browser(user) for name, user in people.items()}


@pytest.fixture
def editor(browsers: dict[str, Browser]) -> Browser:
    return browsers["editor"]

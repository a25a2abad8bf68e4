from __future__ import annotations

from typing import Any

from tenants.members import Invited, invite
from tenants.models import Role, Tenant
from tests.api.conftest import person
from tests.conftest import ACTOR


def _editor(ids: dict[str, str]) -> Any:
    return {"pages": {ids["page_id"]: {"incident_manager": True, "maintenance_manager": True}}}


BODIES: dict[str, Any] = {
    "invite_user": {
        "user": {"email": "new@example.org", "password": "x", "first_name": "N", "last_name": "O"}
    },
    "replace_permissions": _editor,
    "change_permissions": _editor,
}


def build(world: Any) -> None:
    acme = Tenant.objects.get(pk=world.ids["organization_id"])
    member = person("member@example.org", acme, Role.VIEWER)
    invite(acme, Invited("invited@example.org", Role.VIEWER, {}), member, ACTOR)
    world.ids |= {"user_id": member.pk}

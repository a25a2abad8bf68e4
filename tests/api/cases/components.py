from __future__ import annotations

from typing import Any

from components.actions import create_component, create_group
from tests.conftest import ACTOR

BODIES: dict[str, Any] = {
    "add_component": {"component": {"name": "Mail", "description": "Sends", "status": "partial_outage"}},
    "patch_change_component": {"component": {"status": "major_outage"}},
    "put_change_component": {"component": {"name": "Other", "start_date": "2026-01-31"}},
    "set_statuses": lambda ids: {"components": {ids["component_id"]: "partial_outage"}},
    "add_group": lambda ids: {"component_group": {"name": "All", "components": [ids["component_id"]]}},
    "patch_change_group": {"component_group": {"name": "Some"}, "description": "Outside"},
    "put_change_group": lambda ids: {"component_group": {"components": [ids["component_id"]]}},
}


def build(world: Any) -> None:
    component, other = (create_component(world.page, ACTOR, name=name) for name in ("API", "Web"))
    group = create_group(world.page, ACTOR, name="Group", components=[other.pk])
    world.ids |= {"component_id": component.pk, "other_component_id": other.pk, "group_id": group.pk}

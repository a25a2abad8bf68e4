from __future__ import annotations

from typing import Any

from incidents.actions.template import create_template
from tests.conftest import ACTOR

BODIES: dict[str, Any] = {
    "add_incident_template": lambda ids: {
        "template": {
            "name": "Mail is late",
            "title": "Late mail",
            "body": "We look into it.",
            "component_ids": [ids["component_id"]],
        }
    },
    "patch_change_incident_template": {"template": {"title": "Later mail", "group_id": "mail"}},
    "put_change_incident_template": {"template": {"update_status": "identified"}},
}


def build(world: Any) -> None:
    fields = {"name": "Search", "title": "Search is slow", "body": "We look into it."}
    template = create_template(world.page, ACTOR, components=[world.ids["component_id"]], **fields)
    world.ids["incident_template_id"] = template.pk

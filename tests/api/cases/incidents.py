from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.utils import timezone

from incidents.actions.incident import open_incident, resolve
from incidents.actions.maintenance import schedule_maintenance
from incidents.steps import Words
from tests.conftest import ACTOR

BODIES: dict[str, Any] = {
    "add_incident": lambda ids: {
        "incident": {
            "name": "Down",
            "status": "identified",
            "body": "It does not answer.",
            "components": {ids["component_id"]: "major_outage"},
            "metadata": {"jira": {"issue": "OPS-1"}},
        }
    },
    "patch_change_incident": {"incident": {"status": "monitoring", "message": "Better."}},
    "put_change_incident": {"incident": {"name": "Slower", "impact_override": "critical"}},
    "patch_change_incident_update": {"incident_update": {"body": "We looked."}},
    "put_change_incident_update": {"incident_update": {"display_at": "2026-01-31T10:00:00Z"}},
}


def build(world: Any) -> None:
    """An open incident, one that is over, and announced work."""
    page, named = world.page, {world.ids["component_id"]: "partial_outage"}
    words = Words("investigating", "We look.", components=named)
    incident = open_incident(page, ACTOR, words, name="Slow")
    over = open_incident(page, ACTOR, Words("investigating", ""), name="Over")
    resolve(page, over, ACTOR)
    begin = timezone.now() + timedelta(days=1)
    times = {"scheduled_for": begin, "scheduled_until": begin + timedelta(hours=1)}
    planned = schedule_maintenance(page, ACTOR, name="Disks", components=list(named), **times)
    world.ids |= {"incident_id": incident.pk, "over_id": over.pk, "planned_id": planned.pk}
    world.ids["incident_update_id"] = incident.updates.get().pk

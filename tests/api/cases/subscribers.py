from __future__ import annotations

from typing import Any

from events.actor import SYSTEM
from subscribers.actions import Who, add_confirmed, unsubscribe
from subscribers.models import Subscriber
from subscribers.wishes import Wish

_ALL = {"subscribers": "all"}
BODIES: dict[str, Any] = {
    "add_subscriber": lambda ids: {
        "subscriber": {"email": "new@example.org", "component_ids": [ids["component_id"]]}
    },
    "change_subscriber": lambda ids: {"component_ids": [ids["component_id"]]},
    "unsubscribe_several": lambda ids: {"subscribers": [ids["subscriber_id"]]},
    "reactivate_several": _ALL,
    "resend_confirmation_to_several": _ALL | {"type": "email"},
    "add_incident_subscriber": {"subscriber": {"email": "new@example.org"}},
}
_OF_INCIDENT = ("get_incident_subscriber", "remove_incident_subscriber", "resend_incident_confirmation")
IDS = {name: {"subscriber_id": "follower_id"} for name in _OF_INCIDENT}


def build(world: Any) -> None:
    """One of the whole page, one of some components, one of an incident, and one who has left."""

    def added(name: str, **wish: Any) -> Subscriber:
        return add_confirmed(world.page, Who(f"{name}@example.org"), SYSTEM, "test", Wish(**wish))

    added("some", scope="components", component_ids=frozenset([world.ids["component_id"]]))
    unsubscribe(world.page, added("left"), SYSTEM)
    world.ids["subscriber_id"] = added("ada").pk
    world.ids["follower_id"] = added("eve", scope="incident", incident_id=world.ids["incident_id"]).pk

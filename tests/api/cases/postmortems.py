from __future__ import annotations

from typing import Any

from incidents.actions.incident import open_incident, resolve
from incidents.actions.postmortem import publish_postmortem, write_postmortem
from incidents.steps import Words
from tests.conftest import ACTOR

_DRAFT = {"postmortem": {"body_draft": "A disk was full."}}
_PUBLISH = {"postmortem": {"notify_subscribers": True, "notify_twitter": False}}
BODIES: dict[str, Any] = {
    "put_write_draft": _DRAFT,
    "post_write_draft": _DRAFT,
    "put_publish": _PUBLISH,
    "post_publish": _PUBLISH,
}
_DRAFTED = ("get_postmortem", "put_publish", "post_publish", "remove_postmortem")
_SHOWN = ("put_revert", "post_revert")
IDS = {
    **{name: {"incident_id": "drafted_id"} for name in _DRAFTED},
    **{name: {"incident_id": "shown_id"} for name in _SHOWN},
}


def build(world: Any) -> None:
    """Two incidents that are over, one whose postmortem is a draft and one whose is published."""
    for name in ("drafted_id", "shown_id"):
        incident = open_incident(world.page, ACTOR, Words("investigating", ""), name=name)
        resolve(world.page, incident, ACTOR)
        write_postmortem(world.page, incident, ACTOR, "A disk was full.")
        world.ids[name] = incident.pk
    publish_postmortem(world.page, incident, ACTOR)

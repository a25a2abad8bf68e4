"""Components and groups as Statuspage shapes them: for `/api/v2`, `/v1` and webhooks.

Values that are already loaded, no queries. `stamp` writes instants: APIs differ in how.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from common.instants import Stamp
from components.choices import ComponentStatus
from components.models import Component, ComponentGroup

Shape = dict[str, Any]


def component_shape(component: Component, status: str, stamp: Stamp) -> Shape:
    """`status` is the component's, as the reader of this shape is to see it."""
    return {
        "id": component.pk,
        "name": component.name,
        "status": status,
        "created_at": stamp(component.created_at),
        "updated_at": stamp(component.updated_at),
        "position": component.position,
        "description": component.description or None,
        "showcase": component.showcase,
        "start_date": component.start_date.isoformat() if component.start_date else None,
        "group_id": component.group_id,
        "page_id": component.page_id,
        "group": False,
        "only_show_if_degraded": component.only_show_if_degraded,
    }


def group_shape(group: ComponentGroup, members: Iterable[Shape], stamp: Stamp) -> Shape:
    """A group as it stands in the list of components: with its members' ids and their worst status."""
    members = list(members)
    return {
        "id": group.pk,
        "name": group.name,
        "status": ComponentStatus.worst(one["status"] for one in members).value,
        "created_at": stamp(group.created_at),
        "updated_at": stamp(group.updated_at),
        "position": group.position,
        "description": group.description or None,
        "showcase": False,
        "start_date": None,
        "group_id": None,
        "page_id": group.page_id,
        "group": True,
        "only_show_if_degraded": False,
        "components": [one["id"] for one in members],
    }


def long_name(component: Component) -> str:
    """`Group - Component`, as updates name what they affect."""
    return f"{component.group.name} - {component.name}" if component.group else component.name

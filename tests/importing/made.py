"""Small Statuspage documents to vary, and the source that they make."""

from __future__ import annotations

import json
from typing import Any

from importing.documents import Source, assemble
from importing.fields import parse_document

PAGE = {"id": "p1", "name": "Example", "url": "https://status.example", "time_zone": "Etc/UTC"}
TIME = "2026-01-01T10:00:00.000Z"


def component(id_: str, **values: Any) -> dict[str, Any]:
    return {"id": id_, "name": f"Component {id_}", "status": "operational", "created_at": TIME} | values


def update(id_: str, **values: Any) -> dict[str, Any]:
    return {"id": id_, "status": "investigating", "body": "We look.", "created_at": TIME} | values


def incident(id_: str, **values: Any) -> dict[str, Any]:
    return {
        "id": id_,
        "name": f"Incident {id_}",
        "status": "resolved",
        "impact": "minor",
        "created_at": TIME,
        "resolved_at": "2026-01-01T11:00:00.000Z",
        "components": [component("c1")],
        "incident_updates": [update(f"{id_}u1")],
    } | values


def maintenance(id_: str, **values: Any) -> dict[str, Any]:
    schedule = {"scheduled_for": TIME, "scheduled_until": "2026-01-01T12:00:00.000Z"}
    return incident(id_, status="completed", impact="maintenance", incident_updates=[]) | schedule | values


def document(**lists: Any) -> dict[str, Any]:
    return {"page": PAGE, "components": [component("c1")]} | lists


def read(value: Any) -> Source:
    return assemble([parse_document("summary.json", json.dumps(value).encode())])

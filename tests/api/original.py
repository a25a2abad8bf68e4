"""The original's document, with what reference/statuspage/api.md says is wrong in it put right."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from api.operations import Operation

_DOCUMENT = Path(__file__).parent / "openapi.json"
_IDS = {"type": "array", "items": {"type": "string"}}
_STAMP = {"type": ["string", "null"], "format": "date-time"}
# Schema -> member -> what it really is.
_RIGHT: dict[str, dict[str, Any]] = {
    "GroupComponent": {"components": _IDS, "position": {"type": "integer"}},
    "PageAccessUser": {"page_access_group_ids": _IDS},
    "Subscriber": {"components": {"type": ["array", "null"], "items": {"type": "string"}}},
    "MetricsProvider": {"page_id": {"type": "string"}},
    "Incident": {
        "postmortem_published_at": _STAMP,
        "reminder_intervals": {"type": ["string", "array", "null"]},
        "metadata": {"type": "object"},
        "status": {"type": "string"},
    },
    "IncidentUpdate": {"status": {"type": "string"}},
    "Component": {"status": {"enum": [
        "operational", "under_maintenance", "degraded_performance", "partial_outage", "major_outage"]}},
    "ComponentUptime": {
        "warnings": {"type": ["array", "null"], "items": {"type": "string"}},
        "range_start": {"type": "string"}, "range_end": {"type": "string"},
        "related_events": {"type": ["array", "object", "null"]}},
    "ComponentGroupUptime": {
        "warnings": {"type": ["array", "null"], "items": {"type": "string"}},
        "range_start": {"type": "string"}, "range_end": {"type": "string"},
        "related_events": {"type": ["array", "object", "null"]}},
}  # fmt: skip
# These one-object answers are lists.
_LISTS = {("GET", "pages/{}/metrics"), ("GET", "pages/{}/metrics_providers/{}/metrics")}
_NAMED = re.compile(r"\{\w+\}")


@cache
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_DOCUMENT.read_text(encoding="utf-8"))
    for name, members in _RIGHT.items():
        found["components"]["schemas"][name]["properties"] |= members
    return found


@cache
def operations() -> dict[tuple[str, str], dict[str, Any]]:
    """By method and address with its ids left open."""
    return {
        (method.upper(), place(path)): operation
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    }


def place(path: str) -> str:
    return _NAMED.sub("{}", path.strip("/"))


def wrong(operation: Operation, status: int, answer: Any) -> list[str]:
    """What the original's document has against this answer of one of its operations."""
    key = (operation.method, place(operation.path))
    promised = operations()[key]["responses"]
    said = promised.get(str(status))
    if said is None:
        return [f"{key}: {status} is none of {sorted(promised)}"]
    content = said.get("content")
    if content is None:
        return [] if answer is None else [f"{key}: nothing was promised"]
    schema = _schema(content["application/json"]["schema"], 0)
    if key in _LISTS:
        schema = {"type": "array", "items": schema}
    errors = Draft202012Validator(schema).iter_errors(answer)
    return [f"{key}: {'/'.join(map(str, one.absolute_path))}: {one.message[:200]}" for one in errors]


def _schema(said: Any, depth: int) -> Any:
    """With references filled in, and null allowed for every member: the original has them everywhere."""
    if "$ref" in said:
        said = document()["components"]["schemas"][said["$ref"].rpartition("/")[2]]
    if depth > 8:
        return {}
    known = {name: value for name, value in said.items() if name in {"type", "items", "properties", "enum"}}
    if "items" in known:
        known["items"] = _schema(known["items"], depth + 1)
    if "properties" in known:
        known["properties"] = {
            name: {"anyOf": [{"type": "null"}, _schema(one, depth + 1)]}
            for name, one in known["properties"].items()
        }
    return known

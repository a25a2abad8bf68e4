"""Whom a notification concerns, as values for expansion's SQL. From its facts alone."""

from __future__ import annotations

from typing import Any

from incidents.choices import Impact, IncidentKind
from subscribers.choices import Channel

# The first and the last message of an incident or maintenance: all that some subscribers want.
_EDGES = frozenset(
    {
        "incident.created",
        "incident.resolved",
        "incident.reopened",
        "maintenance.scheduled",
        "maintenance.completed",
        "maintenance.cancelled",
    }
)

# Those that an SMS is worth: it costs money, and wakes people.
_BY_SMS = frozenset({"incident.created", "incident.resolved", "incident.reopened", "maintenance.started"})


def shown_components(facts: dict[str, Any]) -> list[dict[str, Any]]:
    """The incident's components that everybody may see."""
    return [one for one in facts["incident"]["components"] if not one.get("restricted")]


def concerns_nobody(facts: dict[str, Any]) -> bool:
    """Whether it is about components that no subscriber may see, though it names some."""
    if "component" in facts:
        return bool(facts["component"]["restricted"])
    return bool(facts["incident"]["components"]) and not shown_components(facts)


def criteria(kind: str, facts: dict[str, Any]) -> dict[str, Any]:
    """Parameters of the recipients' SQL."""
    if "component" in facts:
        return _of_component(facts["component"])
    incident = facts["incident"]
    shown = shown_components(facts)
    maintenance = incident["kind"] == IncidentKind.MAINTENANCE
    return {
        "incident": incident["id"],
        "is_maintenance": maintenance,
        # A least impact is about incidents: announced work has none.
        "impacts": Impact.values if maintenance else _up_to(incident["impact"]),
        "edge": kind in _EDGES,
        "by_sms": kind in _BY_SMS,
        "whole_page": not shown,
        "components": [one["id"] for one in shown],
        "channels": Channel.values,
        # Who has been told by hand, while the database was gone.
        "told": facts.get("told", []),
    }


def _of_component(component: dict[str, Any]) -> dict[str, Any]:
    """A change without a notice is told to webhooks alone, whatever their wishes for notices are."""
    return {
        "incident": "",
        "is_maintenance": False,
        "impacts": Impact.values,
        "edge": True,
        "by_sms": False,
        "whole_page": False,
        "components": [component["id"]],
        "channels": [Channel.WEBHOOK.value],
        "told": [],
    }


def _up_to(impact: str) -> list[str]:
    """The least impacts that let a message of `impact` through."""
    return [one.value for one in Impact if one.severity <= Impact(impact).severity]

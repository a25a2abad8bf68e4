"""Templates behind the forms of notices: chosen, asked for what they lack, filled in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import QueryDict
from django.shortcuts import get_object_or_404

from dashboard.gates import PageRequest
from incidents.actions.template import Filled, fill, filled, placeholders, placeholders_in
from incidents.choices import IncidentKind, IncidentStatus
from incidents.models import IncidentTemplate

# Before a placeholder's name, in addresses and forms.
VALUE = "value-"
# With which a notice can begin.
OF_INCIDENTS = (*IncidentStatus.open_of_kind(IncidentKind.INCIDENT), IncidentStatus.RESOLVED)
OF_MAINTENANCE = (IncidentStatus.SCHEDULED,)


@dataclass(frozen=True, slots=True)
class Prepared:
    """`templates`: those to choose from; `template`: the chosen one; `missing`: its placeholders that are to
    be filled in first, with what is known of them; `filled`: what it says, once nothing is missing."""

    templates: Any
    template: IncidentTemplate | None
    missing: list[tuple[str, str]]
    filled: Filled | None


def prepared(request: PageRequest, statuses: tuple[IncidentStatus, ...]) -> Prepared:
    """What the address asks for: `template`, and `value-<name>` for each placeholder. Raises Http404."""
    offered = request.page.templates.filter(update_status__in=statuses)
    wanted = request.GET.get("template")
    if not wanted:
        return Prepared(offered, None, [], None)
    template = get_object_or_404(offered, pk=wanted)
    values = values_in(request.GET)
    missing = _missing(template, values)
    return Prepared(offered, template, missing, None if missing else fill(template, values))


def values_in(typed: QueryDict) -> dict[str, str]:
    """Placeholder -> value, of what was typed."""
    given = typed.items()
    return {name.removeprefix(VALUE): str(value) for name, value in given if name.startswith(VALUE)}


def _missing(template: IncidentTemplate, values: Mapping[str, str]) -> list[tuple[str, str]]:
    names = placeholders(template)
    blank = any(not values.get(name, "").strip() for name in names)
    return [(name, values.get(name, "")) for name in names] if blank else []


@dataclass(frozen=True, slots=True)
class Tried:
    """What a template that is being written would say. `values`: of each placeholder what is tried, or ""."""

    title: str
    body: str
    status: IncidentStatus
    values: list[tuple[str, str]]


def tried(typed: Mapping[str, Any], values: Mapping[str, str]) -> Tried:
    """`typed`: title, body and update_status, as far as they are there."""
    # No longer than what can be saved.
    title, body = str(typed.get("title") or "")[:255], str(typed.get("body") or "")[:25_000]
    known = {name: value for name, value in values.items() if value.strip()}
    chosen = typed.get("update_status")
    return Tried(
        title=filled(title, known),
        body=filled(body, known),
        status=IncidentStatus(chosen if chosen in IncidentStatus.values else IncidentStatus.INVESTIGATING),
        values=[(name, values.get(name, "")) for name in placeholders_in(title, body)],
    )

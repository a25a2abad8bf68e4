"""Fields by the names that a client knows, for what is said of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from api.operations import Operation

# What verbs call otherwise than bodies do: of several, what was sent is meant, or else the first.
_CALLED = {
    "address": ("endpoint", "phone_number", "email"),
    "auto_complete": ("scheduled_auto_completed",),
    "auto_start": ("scheduled_auto_in_progress",),
    "company_url": ("url",),
    "components": ("component_ids",),
    "contact": ("email",),
    "deliver_notifications": ("should_send_notifications",),
    "description": ("page_description",),
    "ends_at": ("scheduled_until",),
    "group": ("group_id",),
    "host": ("subdomain",),
    "kind": ("type",),
    "noindex": ("hidden_from_search",),
    "page_id": ("pages",),
    "page_type": ("viewers_must_be_team_members",),
    "reminders": ("scheduled_remind_prior",),
    "resolved_at": ("backfill_date",),
    "slug": ("subdomain",),
    "started_at": ("backfill_date",),
}
_IN_PATH = re.compile(r"\{(\w+)\}")


def as_sent(operation: Operation, body: Mapping[str, Any], field: str) -> str:
    """What the client calls this field of a verb; empty where it knows no such thing."""
    first, dot, rest = field.partition(".")
    candidates = [name for name in (first, *_CALLED.get(first, ())) if name in _known(operation)]
    sent = set(_names_in(body))
    found = next((name for name in candidates if name in sent), candidates[0] if candidates else "")
    return f"{found}{dot}{rest}" if found else ""


def _known(operation: Operation) -> set[str]:
    shape: Any = operation.takes.shape if operation.takes else None
    declared = _declared(shape) if shape else frozenset()
    return {*declared, *(one.name for one in operation.parameters), *_IN_PATH.findall(operation.path)}


@cache
def _declared(shape: Any) -> frozenset[str]:
    """The names of its members, and of theirs."""
    fields: Mapping[str, Any] = getattr(shape(), "fields", {})
    inner: list[Any] = [type(one) for one in fields.values() if hasattr(one, "fields")]
    return frozenset(fields).union(*(_declared(one) for one in inner))


def _names_in(body: Mapping[str, Any]) -> Iterator[str]:
    """Of what was sent, and of what is in its envelope."""
    for name, value in body.items():
        yield name
        if isinstance(value, Mapping):
            yield from value

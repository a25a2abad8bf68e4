"""What a subscriber of `/api/v2` asks to be told, and when: the same choices as the form's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time
from typing import Any

from django.utils.translation import gettext as _

from common.errors import Refused
from subscribers.choices import Scope
from subscribers.wishes import Wish

# Where they stand, texts that the verb judges.
_WORDS = ("min_impact", "cadence", "language", "time_zone")
_TIMES = ("quiet_from", "quiet_until", "digest_at")
_CHOICES = ("wants_incidents", "wants_maintenance", "critical_breaks_quiet")
_YES_NO = {"true": True, "1": True, "false": False, "0": False}


def wish_from(given: Mapping[str, Any]) -> Wish:
    """Unchecked but for times, and for what is either so or not. Raises Refused, naming the field."""
    values: dict[str, Any] = {name: given[name] for name in _WORDS if given.get(name)}
    values |= {name: _time(given[name], name) for name in _TIMES if given.get(name)}
    values |= {name: _yes_or_no(given[name], name) for name in _CHOICES if given.get(name, "") != ""}
    return Wish(**_scope(given), **values)


def _scope(given: Mapping[str, Any]) -> dict[str, Any]:
    incident_id = given.get("incident_id")
    if incident_id and isinstance(incident_id, str):
        return {"scope": Scope.INCIDENT, "incident_id": incident_id}
    chosen = {name: _ids(given.get(name)) for name in ("component_ids", "group_ids")}
    return {"scope": Scope.COMPONENTS, **chosen} if any(chosen.values()) else {}


def _ids(value: Any) -> frozenset[str]:
    return frozenset(map(str, value)) if isinstance(value, list) else frozenset()


def _time(value: Any, field: str) -> time:
    try:
        return time.fromisoformat(str(value)).replace(tzinfo=None)
    except ValueError as error:
        message = _("“%(value)s” is no time of day. One is written like 22:30.")
        raise Refused(message % {"value": value}, field) from error


def _yes_or_no(value: Any, field: str) -> bool:
    if isinstance(value, bool):
        return value
    if str(value).lower() not in _YES_NO:
        raise Refused(_("“%(value)s” is neither true nor false.") % {"value": value}, field)
    return _YES_NO[str(value).lower()]

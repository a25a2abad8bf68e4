"""`dry_run=true`: who would be told, if it were done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from api.errors import ApiError
from api.operations import Call, Parameter
from notifications.dry_run import dry_run
from pages.models import StatusPage

Done = TypeVar("Done")

_SAID = {"true": True, "1": True, "t": True, "yes": True, "false": False, "0": False, "f": False, "no": False}
TRIAL = Parameter(
    "dry_run", "With true nothing is changed: the answer (200) says who would be told, by channel.", bool
)


def tried_or_done(
    call: Call, page: StatusPage, verb: Callable[[StatusPage], Done], shape: Callable[[Done], Any]
) -> Any:
    """What `shape` makes of what `verb` did; or, where that is asked for, whom it would tell.

    A trial is refused as the real thing would be.
    """
    if not _is_trial(call):
        return shape(verb(page))
    call.status = 200
    told = [
        {"event": one.kind, "total": sum(one.recipients.values()), "recipients": one.recipients}
        for one in dry_run(page, verb)
    ]
    return {"dry_run": True, "notifications": told}


def _is_trial(call: Call) -> bool:
    """Raises ApiError 400 for what is neither yes nor no: it might have been meant as either."""
    said = call.query.get("dry_run", "false").lower()
    if said not in _SAID:
        raise ApiError(400, "dry_run is true or false.")
    return _SAID[said]

"""Many subscribers at once."""

from __future__ import annotations

from api.errors import ApiError
from api.operations import Call, Takes, operation
from api.schema.subscribers import CHANNELS, STATES, LeaveInput, TogetherInput
from pages.models import StatusPage
from subscribers.together import Verb, Which, do_together
from tenants.models import Role, Scope

_LIST = "pages/{page_id}/subscribers"


@operation(
    "POST",
    f"{_LIST}/unsubscribe",
    Scope.SUBSCRIBERS,
    Role.ADMIN,
    takes=Takes(LeaveInput),
    status=201,
)
def unsubscribe_several(call: Call, page: StatusPage) -> None:
    """Tell these no more, or all of a type and state. All takes a while."""
    _do(call, page, Verb.UNSUBSCRIBE, STATES[call.data.get("state") or "active"])


@operation(
    "POST",
    f"{_LIST}/reactivate",
    Scope.SUBSCRIBERS,
    Role.ADMIN,
    takes=Takes(TogetherInput),
    status=201,
)
def reactivate_several(call: Call, page: StatusPage) -> None:
    """Take these out of quarantine, or all of a type. All takes a while."""
    _do(call, page, Verb.REACTIVATE)


@operation(
    "POST",
    f"{_LIST}/resend_confirmation",
    Scope.SUBSCRIBERS,
    Role.ADMIN,
    takes=Takes(TogetherInput),
    status=201,
)
def resend_confirmation_to_several(call: Call, page: StatusPage) -> None:
    """Ask these once more by e-mail to confirm, or all who have not. All takes a while."""
    _do(call, page, Verb.ASK_AGAIN)


def _do(call: Call, page: StatusPage, verb: Verb, states: frozenset[str] = frozenset()) -> None:
    """Whoever says nothing of whom it is about does not mean all."""
    if call.body.get("subscribers") is None:
        raise ApiError(400, "Say which subscribers: a list of ids, or “all”.")
    channels = CHANNELS[call.data["type"]] if call.data.get("type") else frozenset()
    do_together(page, verb, Which(call.data["subscribers"], channels, states), call.actor)

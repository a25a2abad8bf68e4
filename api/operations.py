"""The table of operations: what each needs, takes and gives. Routing, the gate and the document read it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import HttpRequest, QueryDict
from rest_framework.serializers import BaseSerializer

from api.errors import ApiError
from events.actor import Actor
from tenants.access import KeyStanding
from tenants.models import Role, Scope

Handler = Callable[..., Any]
Shape = type[BaseSerializer]

READS = frozenset({"GET", "HEAD"})
# Who may write something may read it: by the first word behind the page.
_WRITTEN_WITH = {
    "components": Scope.COMPONENTS,
    "component-groups": Scope.COMPONENTS,
    "metrics": Scope.COMPONENTS,
    "metrics_providers": Scope.COMPONENTS,
    "incidents": Scope.INCIDENTS,
    "incident_templates": Scope.INCIDENTS,
}


@dataclass(frozen=True, slots=True)
class Takes:
    """A body: an object under `envelope`, or the whole body where that is empty."""

    shape: Shape
    envelope: str = ""
    # Other spellings of the envelope that clients are known to use.
    aliases: tuple[str, ...] = ()
    # Clients are known to leave the envelope out.
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something that may stand in the query."""

    name: str
    description: str
    type: type = str


@dataclass(frozen=True, slots=True)
class Operation:
    """`path` is below /v1, with {names} of ids; `gives` None: an answer without a body."""

    name: str
    method: str
    path: str
    scope: Scope
    role: Role
    handler: Handler
    status: int = 200
    takes: Takes | None = None
    gives: Shape | None = None
    many: bool = False
    partial: bool = False
    parameters: tuple[Parameter, ...] = ()
    errors: tuple[int, ...] = ()

    @property
    def scopes(self) -> tuple[Scope, ...]:
        """Any of them will do; `admin` always does."""
        resource = self.path.removeprefix("pages/{page_id}/").partition("/")[0]
        writes = _WRITTEN_WITH.get(resource) if self.scope is Scope.READ else None
        return (self.scope, writes) if writes else (self.scope,)

    @property
    def of_page(self) -> bool:
        return self.path.startswith("pages/{page_id}")

    @property
    def of_organisation(self) -> bool:
        return self.path.startswith("organizations/{organization_id}")


@dataclass(slots=True)
class Call:
    """One request that was let in. `data`: what `takes` made of the body; `headers`: of the answer; `status`:
    of the answer, where it is not the operation's."""

    request: HttpRequest
    operation: Operation
    access: KeyStanding
    actor: Actor
    now: datetime
    body: dict[str, Any] = field(default_factory=dict)
    data: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 0

    @property
    def query(self) -> QueryDict:
        return self.request.GET


OPERATIONS: list[Operation] = []


def operation(
    methods: str,
    path: str,
    scope: Scope,
    role: Role,
    **more: Any,
) -> Callable[[Handler], Handler]:
    """Make a function an operation of the API, under each of the `methods` ("PATCH PUT").

    It is called as `(call, page, **ids)` below pages/{page_id}/, else as `(call, **ids)`, in the
    organisation's schema, once the key has been found to have `scope` and its person at least `role` there.
    What it returns is JSON-ready. `more`: fields of Operation.
    """

    def registered(handler: Handler) -> Handler:
        for method in methods.split():
            name = f"{method.lower()}_{handler.__name__}" if " " in methods else handler.__name__
            partial = method in {"PATCH", "PUT"}
            given = {"partial": partial} | more
            OPERATIONS.append(Operation(name, method, path, scope, role, handler, **given))
        return handler

    return registered


def taken(operation: Operation, body: dict[str, Any]) -> dict[str, Any]:
    """What an operation makes of a body. Raises ApiError 400 without its envelope, 422 for wrong values."""
    if operation.takes is None:
        return {}
    inside = _inside(operation.takes, body)
    if not isinstance(inside, Mapping):
        raise ApiError(422, f"{operation.takes.envelope}: This is an object, {{…}}.")
    shape = operation.takes.shape(data=inside, partial=operation.partial)
    if not shape.is_valid():
        raise ApiError(422, "; ".join(_said(shape.errors)))
    found: dict[str, Any] = shape.validated_data
    return found


def _inside(takes: Takes, body: dict[str, Any]) -> Any:
    if not takes.envelope:
        return body
    for name in (takes.envelope, *takes.aliases):
        if body.get(name) is not None:
            return body[name]
    if takes.bare:
        return body
    message = f'The body has no “{takes.envelope}”: {{"{takes.envelope}": {{…}}}}.'
    raise ApiError(400, message)


def _said(errors: Any, place: str = "") -> list[str]:
    """Each thing that is wrong, with where it is."""
    if isinstance(errors, dict):
        return [
            text
            for name, one in errors.items()
            for text in _said(one, place if name == "non_field_errors" else f"{place}.{name}".strip("."))
        ]
    if isinstance(errors, list):
        return [text for one in errors for text in _said(one, place)]
    return [f"{place}: {errors}" if place else str(errors)]

"""What each operation is tried with: a module a resource.

A module has `build(world)`, which adds rows to the world's page and their ids to `world.ids`, by the names
that addresses have for them; `BODIES`, by the operation's name: a body, or a function that makes one of the
ids; and, where an address means another row than its name says, `IDS`: {operation: {name: name in ids}}.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from api.operations import OPERATIONS, Operation
from api.v1 import urls
from pages.models import StatusPage
from tests.api.cases import (
    access,
    components,
    incidents,
    metrics,
    organisations,
    pages,
    postmortems,
    subscribers,
    templates,
)

MODULES: tuple[ModuleType, ...] = (
    pages,
    components,
    incidents,
    access,
    postmortems,
    templates,
    organisations,
    subscribers,
    metrics,
)

assert urls.urlpatterns, "importing it fills OPERATIONS"
# By name; each is tried by every test that is driven by this table.
TABLE: dict[str, Operation] = {one.name: one for one in OPERATIONS}


@dataclass
class World:
    """A page of acme with something of everything."""

    page: StatusPage
    ids: dict[str, str] = field(default_factory=dict)

    def path(self, operation: Operation) -> str:
        """Below /v1, with ids of rows that there are."""
        own = {
            name: self.ids[place]
            for module in MODULES
            for name, place in getattr(module, "IDS", {}).get(operation.name, {}).items()
        }
        return "/" + operation.path.format(**(self.ids | own))

    def body(self, operation: Operation) -> Any:
        """None where the operation takes none."""
        for module in MODULES:
            if operation.name in module.BODIES:
                body = module.BODIES[operation.name]
                return body(self.ids) if callable(body) else body
        return None


def build(page: StatusPage, organisation_id: str) -> World:
    world = World(page, {"page_id": page.pk, "organization_id": organisation_id})
    for module in MODULES:
        module.build(world)
    return world

"""What a viewer may see: a set of component ids. Each distinct set is a view."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from components.models import Component
from incidents.models import Incident, IncidentComponent, IncidentQuerySet
from pages.models import StatusPage
from publishing.lookups import any_of
from publishing.prepared import Prepared, Row
from store import PUBLIC


@dataclass(frozen=True, slots=True)
class View:
    """`key` names the view in the store.

    `components`: what it sees. `named`: these, and deleted ones that it saw, which notices go on naming.
    `is_shut`: it sees nothing of the page, not even what concerns all of it. `is_whole`: it sees all of
    it, and nobody need look which components a notice concerns.
    """

    key: str
    components: frozenset[str]
    named: frozenset[str]
    is_shut: bool = False
    is_whole: bool = False

    def sees(self, ids: Iterable[str]) -> frozenset[str]:
        return self.components.intersection(ids)

    def incidents(self, page: StatusPage) -> IncidentQuerySet:
        """Notices that concern a component which the view sees or saw, or the page as a whole."""
        if self.is_shut:
            return Incident.objects.none()
        return notices(page.pk, None if self.is_whole else self.named)

    def ask(self, query: Prepared[Row], page: StatusPage, **values: object) -> list[Row]:
        """What a query made of `notices` finds of those, without making it again."""
        if self.is_shut:
            return []
        named = {} if self.is_whole else {"named": list(self.named)}
        return query(page_id=page.pk, **named, **values)


def notices(page_id: str, named: Iterable[str] | None = None) -> IncidentQuerySet:
    """Those of a page that concern one of the `named` components, or none; all without."""
    found: IncidentQuerySet = Incident.objects.filter(page=page_id).present()
    if named is None:
        return found
    links = IncidentComponent.objects.filter(incident=OuterRef("pk"))
    mine = Exists(links.filter(any_of("component_id", named)))
    return found.filter(Q(mine) | ~Exists(links))


_every: Prepared[tuple[str, datetime | None, bool]] = Prepared(
    lambda page_id: (
        Component.objects.filter(page=page_id).order_by().values_list("pk", "deleted_at", "restricted")
    )
)


def public_view(page: StatusPage) -> View:
    """What everybody may see: every component that is not restricted, new ones included; nothing of a page
    that is not for everybody."""
    if not page.is_public:
        return View(PUBLIC, frozenset(), frozenset(), is_shut=True)
    found = _every(page_id=page.pk)
    named = [(pk, deleted_at) for pk, deleted_at, restricted in found if not restricted]
    return View(
        PUBLIC,
        components=frozenset(pk for pk, deleted_at in named if deleted_at is None),
        named=frozenset(pk for pk, _ in named),
        is_whole=len(named) == len(found),
    )

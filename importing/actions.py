"""The verb that brings a source over to a page of the current tenant."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError
from django.db.models import Q
from django.utils.text import slugify
from django.utils.translation import gettext as _

from common.errors import Refused
from common.ids import LENGTH
from components.models import Component, ComponentGroup
from events.actor import IMPORT, Actor
from importing.documents import Source
from importing.shift import shifted
from importing.steps import Count, bring_source
from incidents.models import Incident, IncidentUpdate
from pages.actions import page_creation
from pages.change import Change, page_change
from pages.models import StatusPage
from tenants.actions import check_slug, page_hosts
from tenants.models import Domain, DomainKind

SHOWN_IDS = 3
NOTE_BEGINS = "The recorded history of"


@dataclass(frozen=True, slots=True)
class Summary:
    """What an import did, by kind of record. `notes`: a sentence for each thing that is not as it was."""

    page: StatusPage
    created: bool
    counts: dict[str, Count]
    notes: tuple[str, ...]

    @property
    def changed(self) -> bool:
        return self.created or any(count.added or count.changed for count in self.counts.values())


def import_page(
    source: Source,
    *,
    slug: str = "",
    shift_weeks: int = 0,
    actor: Actor = IMPORT,
    published: bool = True,
    into: StatusPage | None = None,
) -> Summary:
    """Bring a source over to the current tenant: to the page `into`; without one, to the page that was
    imported from it before, or else to a new one.

    One version, or nothing. Records that are there and equal are left; nobody is told. `shift_weeks` moves
    every time forward and says so in the page's note. `published`: whether a new page is launched. Raises
    Refused where the address name is not free, and where ids belong to another page of the tenant.
    """
    source = shifted(source, shift_weeks)
    slug, page = _target(source, slug, into)
    try:
        with _opened(source, page, slug, shift_weeks, actor, published) as change:
            counts = bring_source(change, source, new=page is None)
    except IntegrityError as error:
        message = _("Another import was at work at the same time. Nothing was saved: please try again.")
        raise Refused(message) from error
    return Summary(change.page, page is None, counts, (*source.notes, *_about_id(source, change.page)))


def check_target(source: Source, slug: str = "", into: StatusPage | None = None) -> None:
    """Raise Refused where `import_page` would: asked with a part of the source, before the rest is read."""
    slug, page = _target(source, slug, into)
    hosts = page_hosts(source.page.id, check_slug(slug)) if page is None else {}
    taken = Domain.objects.filter(host__in=[host for host, kind in hosts.items() if kind is DomainKind.SLUG])
    if taken.exists():
        message = _("The address is already in use: %(hosts)s.") % {"hosts": taken[0].host}
        raise Refused(message, "slug")


def _target(source: Source, slug: str, into: StatusPage | None) -> tuple[str, StatusPage | None]:
    """The address name and the page that is there already; Refused where the source cannot go there."""
    slug = slug or slugify(source.page.name)[:40].strip("-")
    page = into or _former(source, slug)
    _refuse_taken_ids(source, page)
    return slug, page


@contextmanager
def _opened(
    source: Source, page: StatusPage | None, slug: str, shift_weeks: int, actor: Actor, published: bool
) -> Iterator[Change]:
    if page is not None:
        with page_change(page, actor, notify=False) as change:
            _renew_note(change, _note(source, shift_weeks))
            yield change
        return
    with page_creation(
        actor,
        name=source.page.name,
        slug=slug,
        page_id=source.page.id if _is_free(source.page.id) else "",
        time_zone=source.page.time_zone,
        note=_note(source, shift_weeks),
        published=published,
    ) as change:
        yield change


def _former(source: Source, slug: str) -> StatusPage | None:
    """The page that an earlier import of this source made. Raises Refused for a page of other origin."""
    pages = StatusPage.objects.present()
    page = pages.filter(pk=source.page.id).first() or pages.filter(slug=slug).first()
    if page is None or page.pk == source.page.id or _holds_some(page, source):
        return page
    message = _("The page “%(slug)s” is not an import of %(name)s. Please choose another address name.")
    raise Refused(message % {"slug": slug, "name": source.page.name}, "slug")


def _holds_some(page: StatusPage, source: Source) -> bool:
    components = page.components.filter(pk__in=[component.id for component in source.components])
    incidents = page.incidents.filter(pk__in=[notice.id for notice in source.notices])
    return components.exists() or incidents.exists()


def _refuse_taken_ids(source: Source, page: StatusPage | None) -> None:
    """Ids stay what they are, so that old links go on working: none may be another page's already."""
    mine = page.pk if page else ""
    components = [component.id for component in source.components]
    updates = [update.id for notice in source.notices for update in notice.updates]
    notices = [notice.id for notice in source.notices]
    for kind, rows, owner, ids in (
        (_("components"), Component.objects, "page_id", components),
        (_("groups"), ComponentGroup.objects, "page_id", components),
        (_("incidents"), Incident.objects, "page_id", notices),
        (_("updates"), IncidentUpdate.objects, "incident__page_id", updates),
    ):
        _refuse_taken(kind, rows, owner, ids, mine)


def _refuse_taken(kind: str, rows: Any, owner: str, ids: Collection[str], mine: str) -> None:
    taken = rows.filter(pk__in=ids).exclude(**{owner: mine}).order_by("pk")
    found = list(taken.values_list("pk", owner))
    if found:
        name = StatusPage.objects.get(pk=found[0][1]).name
        shown = ", ".join(pk for pk, _owner in found[:SHOWN_IDS]) + ("…" if found[SHOWN_IDS:] else "")
        message = _("The page “%(name)s” already has %(count)d of these %(kind)s: %(ids)s.")
        raise Refused(message % {"name": name, "count": len(found), "kind": kind, "ids": shown})


def _is_free(page_id: str) -> bool:
    """Whether no page of the installation has this id, and it can be a host name of its own."""
    claimed = Domain.objects.filter(Q(page_id=page_id) | Q(host__startswith=f"{page_id}."))
    own = StatusPage.objects.filter(pk=page_id)
    return len(page_id) == LENGTH and not claimed.exists() and not own.exists()


def _about_id(source: Source, page: StatusPage) -> list[str]:
    if page.pk == source.page.id:
        return []
    return [f"The page's id {source.page.id} is in use or has another form: its id here is {page.pk}."]


def _note(source: Source, weeks: int) -> str:
    where = source.page.url or source.page.name
    if not weeks:
        return ""
    way = "forward" if weeks > 0 else "back"
    return f"{NOTE_BEGINS} {where}, moved {way} by {abs(weeks)} weeks."


def _renew_note(change: Change, note: str) -> None:
    """A note that tells of a shift follows it; one that was written here stays."""
    page = change.page
    if note != page.note and (note or page.note.startswith(NOTE_BEGINS)):
        page.note = note
        page.save(update_fields=["note"])

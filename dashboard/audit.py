"""The log as people read it: who did what when, from where, and what it changed.

Names are looked up at reading: the log itself has ids only, and people and pages may be gone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext as _

from dashboard.audit_words import deed, kind_of
from events.actor import ActorKind
from events.models import Event, EventOrigin
from pages.models import StatusPage
from tenants.models import ApiKey, Invitation, User

# What changes with everything and says nothing.
_NOISE = frozenset({"updated_at", "version", "page", "indicator", "components_before"})
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class Filter:
    """What of the log is wanted; empty: all of it. Days are of `zone`, both included."""

    person: str = ""
    kind: str = ""
    page: str = ""
    since: date | None = None
    until: date | None = None

    def events(self, zone: ZoneInfo) -> QuerySet[Event]:
        """Newest first."""
        wanted = Event.objects.order_by("-id")
        if self.person:
            wanted = wanted.filter(actor_id=self.person)
        if self.kind:
            wanted = wanted.filter(object_type=self.kind)
        if self.page:
            wanted = wanted.filter(page_id=self.page)
        if self.since:
            wanted = wanted.filter(at__gte=_midnight(self.since, zone))
        if self.until and self.until < date.max:
            wanted = wanted.filter(at__lt=_midnight(self.until + timedelta(days=1), zone))
        return wanted


@dataclass(frozen=True, slots=True)
class Change:
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the log. `what` names the object, where it still has a name."""

    at: datetime
    who: str
    deed: str
    what: str
    page: str
    ip: str
    user_agent: str
    changes: list[Change]
    redacted: bool


def with_former(events: QuerySet[Event]) -> QuerySet[Event]:
    """Each with `former`: the facts of the newest event before it of the same object."""
    earlier = Event.objects.filter(
        object_type=OuterRef("object_type"), object_id=OuterRef("object_id"), id__lt=OuterRef("id")
    )
    return events.annotate(former=Subquery(earlier.order_by("-id").values("facts")[:1]))


def entries(events: Iterable[Any]) -> list[Entry]:
    """Of events that `with_former` has read: a few queries, however many they are."""
    found = list(events)
    names = _Names(found)
    return [
        Entry(
            at=event.at,
            who=names.actor(event),
            deed=deed(event.name),
            what=names.subject(event),
            page=names.pages.get(event.page_id, ""),
            ip=names.origins[event.pk].ip or "" if event.pk in names.origins else "",
            user_agent=names.origins[event.pk].user_agent if event.pk in names.origins else "",
            changes=changes(event.former or {}, event.facts or {}),
            redacted=event.facts is None,
        )
        for event in found
    ]


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What differs, by the names of columns; of what is new, all that is not empty."""
    names = [name for name in {**after, **before} if name not in _NOISE]
    return [
        Change(name, _said(before.get(name)), _said(after.get(name)))
        for name in sorted(names)
        if name in after and _said(before.get(name)) != _said(after.get(name))
    ]


class _Names:
    def __init__(self, events: list[Any]) -> None:
        acting = {event.actor_id for event in events}
        about = {event.object_id for event in events if event.object_type == "member"}
        invitations = {event.object_id for event in events if event.object_type == "invitation"}
        self.people = {one.pk: str(one) for one in User.objects.filter(pk__in=acting | about)}
        keys = ApiKey.objects.filter(pk__in=acting) if acting else ApiKey.objects.none()
        self.keys = {one.pk: one.name for one in keys}
        asked = Invitation.objects.filter(pk__in=invitations)
        self.invited = {one.pk: one.email for one in asked}
        self.pages = dict(StatusPage.objects.values_list("pk", "name"))
        self.origins = EventOrigin.objects.in_bulk([event.pk for event in events])

    def actor(self, event: Any) -> str:
        kind = event.actor_kind
        if kind == ActorKind.USER:
            return self.people.get(event.actor_id) or _("somebody who is gone")
        if kind == ActorKind.API_KEY:
            return _("API key %(name)s") % {"name": self.keys.get(event.actor_id, event.actor_id)}
        return str(kind_of(kind))

    def subject(self, event: Any) -> str:
        if event.object_type == "member":
            return self.people.get(event.object_id) or _("somebody who is gone")
        if event.object_type == "invitation":
            return self.invited.get(event.object_id, "")
        facts = event.facts or event.former or {}
        return _said(facts.get("name") or facts.get("title") or "")


def _said(value: Any) -> str:
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    text = ", ".join(f"{key}: {one}" for key, one in value.items()) if isinstance(value, dict) else ""
    text = text or (", ".join(str(one) for one in value) if isinstance(value, list) else str(value))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, datetime.min.time(), zone)

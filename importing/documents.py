"""What a Statuspage page says of itself, as frozen values: the one form in which an import goes on.

The shapes are those of the public v2 API (`/api/v2/summary.json`, `components.json`, `incidents.json`,
`scheduled-maintenances.json`) and of `/incidents/<code>.json`. Unknown keys are ignored and nulls tolerated;
anything else that does not fit raises `ImportFailed` with the document, the record and the field.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta

from django.utils.translation import gettext_lazy as _

from components.choices import ComponentStatus
from importing.fields import ImportFailed, Record
from incidents.choices import Impact, IncidentKind, IncidentStatus

COMPONENT_STATUSES = tuple(ComponentStatus.values)
INCIDENT_STATUSES = IncidentStatus.of_kind(IncidentKind.INCIDENT)
MAINTENANCE_STATUSES = IncidentStatus.of_kind(IncidentKind.MAINTENANCE)
IMPACTS = tuple(Impact.values)
LONGEST_DESCRIPTION, LONGEST_GROUP_DESCRIPTION = 2_000, 500
LONGEST_BODY = 25_000
LONGEST_POSTMORTEM = 100_000
SHORTEST_WINDOW = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class SourcePage:
    id: str
    name: str
    url: str
    time_zone: str
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class SourceComponent:
    """A component, or a group of them (`group`); `removed` ones are only named by old incidents."""

    id: str
    name: str
    status: str = "operational"
    description: str = ""
    position: int = 0
    group: bool = False
    group_id: str | None = None
    showcase: bool = False
    only_show_if_degraded: bool = False
    start_date: date | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    removed: bool = False


@dataclass(frozen=True, slots=True)
class Affected:
    """What one update did to one component; `new_status` is None where the source does not say."""

    component_id: str
    name: str
    old_status: str | None
    new_status: str | None


@dataclass(frozen=True, slots=True)
class SourceUpdate:
    id: str
    status: str
    body: str
    created_at: datetime
    updated_at: datetime
    display_at: datetime
    deliver: bool = False
    affected: tuple[Affected, ...] = ()


@dataclass(frozen=True, slots=True)
class SourceNotice:
    """An incident or, with a schedule, a maintenance window; updates are oldest first."""

    id: str
    name: str
    maintenance: bool
    status: str
    impact: str
    created_at: datetime
    updated_at: datetime
    started_at: datetime
    monitoring_at: datetime | None
    resolved_at: datetime | None
    shortlink: str
    components: tuple[tuple[str, str], ...]
    updates: tuple[SourceUpdate, ...]
    scheduled_for: datetime | None = None
    scheduled_until: datetime | None = None
    postmortem: str = ""
    postmortem_published_at: datetime | None = None

    @property
    def ended(self) -> bool:
        return not IncidentStatus(self.status).is_open

    @property
    def begun_at(self) -> datetime:
        """When it began: the window's start once it has begun, an incident's start or its first update."""
        if self.scheduled_for is not None:
            started = (
                update.display_at for update in self.updates if update.status != IncidentStatus.SCHEDULED
            )
            return next(started, self.scheduled_for)
        return min([self.started_at, *(update.display_at for update in self.updates)])

    @property
    def ended_at(self) -> datetime | None:
        """When it was over, never before it began; None while it is not."""
        if not self.ended:
            return None
        last = self.updates[-1].display_at if self.updates else self.updated_at
        return max(self.begun_at, self.resolved_at or last)


@dataclass(frozen=True, slots=True)
class Source:
    """Everything that came in.

    `known_until` is the last instant of which the source speaks; `notes` are sentences for the summary, one
    for each thing that could not come over.
    """

    page: SourcePage
    components: tuple[SourceComponent, ...]
    notices: tuple[SourceNotice, ...]
    known_until: datetime
    notes: tuple[str, ...] = field(default=())


def read_page(record: Record) -> SourcePage:
    page = record.record("page")
    if page is None:
        text = _("%(name)s: is no Statuspage document, because it has no page")
        raise ImportFailed(text, name=record.where)
    page = page.named(f"{record.where}, page")
    return SourcePage(
        id=page.id("id"),
        name=page.name("name", longest=120),
        url=page.link("url"),
        time_zone=page.time_zone("time_zone"),
        updated_at=page.optional_time("updated_at"),
    )


def read_component(record: Record) -> SourceComponent:
    return SourceComponent(
        id=record.id("id"),
        name=record.name("name"),
        status=record.word("status", COMPONENT_STATUSES),
        description=record.text("description"),
        position=record.number("position"),
        group=record.flag("group"),
        group_id=record.optional_id("group_id"),
        showcase=record.flag("showcase"),
        only_show_if_degraded=record.flag("only_show_if_degraded"),
        start_date=record.optional_day("start_date"),
        created_at=record.optional_time("created_at"),
        updated_at=record.optional_time("updated_at"),
    )


def read_notice(record: Record, *, maintenance: bool) -> SourceNotice:
    created = record.time("created_at")
    updates = sorted(_updates(record, maintenance=maintenance), key=lambda u: (u.display_at, u.created_at))
    return SourceNotice(
        id=record.id("id" if record.values.get("id") is not None else "code"),
        name=record.name("name"),
        maintenance=maintenance,
        status=record.word("status", MAINTENANCE_STATUSES if maintenance else INCIDENT_STATUSES),
        impact="maintenance" if maintenance else record.optional_word("impact", IMPACTS) or "none",
        created_at=created,
        updated_at=record.optional_time("updated_at") or created,
        started_at=record.optional_time("started_at") or created,
        monitoring_at=record.optional_time("monitoring_at"),
        resolved_at=record.optional_time("resolved_at"),
        shortlink=record.link("shortlink"),
        components=tuple(_mentioned(record)),
        updates=tuple(updates),
        scheduled_for=record.time("scheduled_for") if maintenance else None,
        scheduled_until=_window_end(record) if maintenance else None,
        postmortem=record.text("postmortem_body", longest=LONGEST_POSTMORTEM),
        postmortem_published_at=record.optional_time("postmortem_published_at"),
    )


def read_single(record: Record) -> SourceNotice:
    """The notice of `/incidents/<code>.json`, bare or under the key "incident"."""
    inner = record.record("incident") or record
    return read_notice(inner, maintenance=inner.values.get("status") in MAINTENANCE_STATUSES)


def _window_end(record: Record) -> datetime:
    begin = record.time("scheduled_for")
    end = record.optional_time("scheduled_until") or record.optional_time("resolved_at") or begin
    if end == begin:
        return begin + SHORTEST_WINDOW
    return (
        end if end > begin else record.failed("scheduled_until", _("is before the beginning of the window"))
    )


def _mentioned(record: Record) -> Iterator[tuple[str, str]]:
    seen = set()
    for component in record.records("components", "component"):
        found = component.id("id")
        if found not in seen:
            seen.add(found)
            yield found, component.name("name")


def _updates(record: Record, *, maintenance: bool) -> Iterator[SourceUpdate]:
    # Newest first in the document: from its end, so that those of one minute keep their order when sorted.
    words = MAINTENANCE_STATUSES if maintenance else INCIDENT_STATUSES
    for update in reversed(list(record.records("incident_updates", "update"))):
        created, status = update.time("created_at"), update.word("status", words)
        yield SourceUpdate(
            id=update.id("id"),
            status=status,
            body=update.text(
                "body", longest=LONGEST_POSTMORTEM if status == IncidentStatus.POSTMORTEM else LONGEST_BODY
            ),
            created_at=created,
            updated_at=update.optional_time("updated_at") or created,
            display_at=update.optional_time("display_at") or created,
            deliver=update.flag("deliver_notifications"),
            affected=tuple(_affected(update)),
        )


def _affected(update: Record) -> Iterator[Affected]:
    for entry in update.records("affected_components", "component"):
        code = entry.optional_id("code")
        if code is None:  # the old form: [{"name": "No components were affected by this update."}]
            continue
        yield Affected(
            component_id=code,
            name=entry.name("name"),
            old_status=entry.optional_word("old_status", COMPONENT_STATUSES),
            new_status=entry.optional_word("new_status", COMPONENT_STATUSES),
        )


def assemble(
    documents: Sequence[Record],
    singles: Iterable[SourceNotice] = (),
    *,
    known_until: datetime | None = None,
    notes: Sequence[str] = (),
) -> Source:
    """One source out of v2 documents of the same page; of what several of them list, the first listing holds.

    `known_until` is when the documents were read, if that is known; otherwise it is the newest time in them.
    """
    page = _one_page(documents)
    remarks = list(notes)
    listed = _listed_components(documents, remarks)
    notices = _notices(documents, singles)
    _refuse_repeated_updates(notices)
    components = listed + _removed_components(listed, notices)
    return Source(
        page, components, notices, known_until or _newest(page, components, notices), tuple(remarks)
    )


def _one_page(documents: Sequence[Record]) -> SourcePage:
    if not documents:
        raise ImportFailed(_("there is no Statuspage document"))
    pages = [read_page(document) for document in documents]
    for document, page in zip(documents, pages, strict=True):
        if page.id != pages[0].id:
            text = _("%(name)s: is of page %(page)s, but %(first)s is of page %(other)s")
            names = {"name": document.where, "first": documents[0].where}
            raise ImportFailed(text, **names, page=page.id, other=pages[0].id)
    return pages[0]


def _listed_components(documents: Sequence[Record], notes: list[str]) -> tuple[SourceComponent, ...]:
    document = next((d for d in documents if d.values.get("components") is not None), None)
    records = list(document.records("components", "component")) if document else []
    found: dict[str, SourceComponent] = {}
    for record in records:
        component = read_component(record)
        if component.id in found:
            record.failed("id", _("is there twice"))
        found[component.id] = _described(component, notes)
    placed = zip(records, found.values(), strict=True)
    return tuple(_placed(component, record, found, notes) for record, component in placed)


def _described(component: SourceComponent, notes: list[str]) -> SourceComponent:
    longest = LONGEST_GROUP_DESCRIPTION if component.group else LONGEST_DESCRIPTION
    if len(component.description) <= longest:
        return component
    notes.append(f"{component.name}: its description was cut after {longest} characters.")
    return replace(component, description=component.description[: longest - 1] + "…")


def _placed(
    component: SourceComponent, record: Record, found: dict[str, SourceComponent], notes: list[str]
) -> SourceComponent:
    """The component in its group; ImportFailed for a group inside a group or a component used as one."""
    if component.group_id is None:
        return component
    if component.group:
        record.failed("group_id", _("puts a group inside a group"))
    group = found.get(component.group_id)
    if group is None:
        notes.append(f"{component.name}: its group {component.group_id} is not listed, so it stands alone.")
        return replace(component, group_id=None)
    return (
        component
        if group.group
        else record.failed("group_id", _("names %(group)s, which is no group"), group=group.id)
    )


def _notices(documents: Sequence[Record], singles: Iterable[SourceNotice]) -> tuple[SourceNotice, ...]:
    found: dict[str, SourceNotice] = {}
    for document in documents:
        for notice in _listed_notices(document):
            found.setdefault(notice.id, notice)
    for notice in singles:
        found.setdefault(notice.id, notice)
    return tuple(sorted(found.values(), key=lambda notice: (notice.created_at, notice.id)))


def _listed_notices(document: Record) -> Iterator[SourceNotice]:
    seen = set()
    for key, kind in (("incidents", "incident"), ("scheduled_maintenances", "maintenance")):
        for record in document.records(key, kind):
            notice = read_notice(record, maintenance=kind == "maintenance")
            if notice.id in seen:
                record.failed("id", _("is there twice"))
            seen.add(notice.id)
            yield notice


def _refuse_repeated_updates(notices: Sequence[SourceNotice]) -> None:
    owner: dict[str, str] = {}
    for notice in notices:
        for update in notice.updates:
            if update.id in owner:
                text = _("incident %(incident)s, update %(update)s: is already an update of %(other)s")
                raise ImportFailed(text, incident=notice.id, update=update.id, other=owner[update.id])
            owner[update.id] = notice.id


def _removed_components(
    listed: Sequence[SourceComponent], notices: Sequence[SourceNotice]
) -> tuple[SourceComponent, ...]:
    """Components that incidents name and the page no longer lists: history keeps their names."""
    known = {component.id for component in listed}
    names: dict[str, str] = {}
    for notice in notices:
        affected = ((a.component_id, a.name) for update in notice.updates for a in update.affected)
        names.update((found, name) for found, name in (*affected, *notice.components) if found not in known)
    return tuple(SourceComponent(id=found, name=name, removed=True) for found, name in sorted(names.items()))


def _newest(
    page: SourcePage, components: Sequence[SourceComponent], notices: Sequence[SourceNotice]
) -> datetime:
    times = [page.updated_at, *(component.updated_at or component.created_at for component in components)]
    for notice in notices:
        times += [notice.updated_at, notice.resolved_at, *(update.display_at for update in notice.updates)]
    known = [time for time in times if time is not None]
    if not known:
        raise ImportFailed(_("page %(page)s: none of its documents holds a time"), page=page.id)
    return max(known)

"""What an import writes, kind by kind. Each step takes the open change first."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from django.db.models import Q, QuerySet

from common.rows import state
from components.choices import ComponentStatus
from components.choices import Source as Voice
from components.models import Component, DataGap, Statement
from components.status import with_effect
from importing import rows
from importing.documents import Source, SourceNotice
from importing.history import IMPORT, Said, said_by, said_now
from importing.sync import BATCH, Brought, bring
from incidents.choices import IncidentStatus
from incidents.models import (
    AffectedComponent,
    Incident,
    IncidentComponent,
    IncidentUpdate,
    MaintenanceWindow,
    Postmortem,
)
from incidents.steps import record_imported, stock
from incidents.windows import ask
from pages.change import Change

# A source that was read just now leaves nothing unknown before our own page takes over.
SHORTEST_GAP = timedelta(hours=1)
BEFORE, AFTER = "Before the imported history begins", "Between the imported history and the import"


@dataclass(frozen=True, slots=True)
class Count:
    """How many records of a kind were added, changed, and already as they should be."""

    added: int
    changed: int
    same: int


@dataclass(slots=True)
class Work:
    """A source on its way into a page, and what became of it so far."""

    change: Change
    source: Source
    counts: dict[str, Count] = field(default_factory=dict)
    history_differs: bool = False

    def count(self, kind: str, brought: Brought[Any]) -> None:
        self.counts[kind] = Count(len(brought.added), len(brought.changed), brought.same)


def bring_source(change: Change, source: Source, *, new: bool) -> dict[str, Count]:
    """Write all that the source holds, with events for what was added or changed."""
    work = Work(change, _without_deleted(change, source))
    known = _bring_components(work)
    notices, updates = _bring_notices(work, known)
    _bring_statements(work, known)
    if notices or updates:
        _record_notices(change, notices, updates)
        _ask_for_windows(change, notices)
    _bring_gaps(work, new=new)
    if change.facts or work.history_differs:
        # An event of the page: every document may show something that has come or moved.
        gaps = [state(gap) for gap in change.page.gaps.all()]
        change.record("page.imported", "page", change.page.pk, state(change.page, gaps=gaps))
    return work.counts


def _without_deleted(change: Change, source: Source) -> Source:
    """What was deleted here stays so."""
    deleted = set(change.page.incidents.exclude(deleted_at=None).values_list("pk", flat=True))
    return replace(source, notices=tuple(one for one in source.notices if one.id not in deleted))


def _bring_components(work: Work) -> set[str]:
    """Groups, then components; the ids of the components."""
    change, page = work.change, work.change.page
    groups = bring(
        rows.groups(work.source, page), page.groups.all(), columns=rows.GROUP_COLUMNS, along=["updated_at"]
    )
    present = set(page.groups.present().values_list("pk", flat=True))
    wanted = list(rows.components(work.source, page, present, change.now))
    components = bring(wanted, page.components.all(), columns=rows.COMPONENT_COLUMNS, along=["updated_at"])
    work.count("groups", groups)
    work.count("components", components)
    _record_rows(change, "group", groups)
    _record_rows(change, "component", components, status=ComponentStatus.OPERATIONAL)
    return {component.pk for component in wanted}


def _record_rows(change: Change, kind: str, brought: Brought[Any], **more: str) -> None:
    for row in brought.added:
        change.record(f"{kind}.created", kind, row.pk, state(row, **more))
    statuses = dict(
        Component.objects.with_status()
        .filter(pk__in=[row.pk for row in brought.changed])
        .values_list("pk", "status")
    )
    for row in brought.changed:
        now = {"status": statuses[row.pk]} if row.pk in statuses else {}
        change.record(f"{kind}.updated", kind, row.pk, state(row, **now))


def _bring_notices(work: Work, known: set[str]) -> tuple[set[str], set[str]]:
    """Notices with all that hangs on them; the ids of the notices and updates that are new or differ."""
    page, notices = work.change.page, work.source.notices
    incidents = bring(
        rows.incidents(notices, page),
        page.incidents.all(),
        columns=rows.INCIDENT_COLUMNS,
        along=["updated_at"],
    )
    updates = bring(
        rows.updates(notices, stock(work.change, IncidentStatus.POSTMORTEM)),
        IncidentUpdate.objects.filter(incident__page=page),
        columns=rows.UPDATE_COLUMNS,
        along=["updated_at"],
    )
    parts = [*_bring_parts(work, notices), *_bring_named(work, notices, known)]
    work.count("incidents", incidents)
    work.count("updates", updates)
    touched = {row.pk for row in incidents.touched} | {row.incident_id for row in updates.touched}
    return touched.union(*parts), {row.pk for row in updates.touched}


def _bring_parts(work: Work, notices: Sequence[SourceNotice]) -> list[set[str]]:
    """Windows and postmortems; the ids of the notices where these differ, kind by kind."""
    page = work.change.page
    windows = bring(
        rows.windows(notices, work.change.now),
        MaintenanceWindow.objects.filter(incident__page=page),
        columns=["scheduled_for", "scheduled_until"],
    )
    postmortems = bring(
        rows.postmortems(notices),
        Postmortem.objects.filter(incident__page=page),
        columns=["body", "published_at"],
        along=["draft", "updated_at"],
    )
    work.count("maintenance windows", windows)
    work.count("postmortems", postmortems)
    for row in postmortems.touched:
        facts = state(row)
        del facts["draft"]
        work.change.record("postmortem.imported", "postmortem", row.pk, facts)
    return [{row.pk for row in windows.touched}, {row.pk for row in postmortems.touched}]


def _bring_named(work: Work, notices: Sequence[SourceNotice], known: set[str]) -> list[set[str]]:
    """The components that notices and their updates name; the ids of the notices where these differ."""
    page = work.change.page
    links = bring(
        rows.links(notices, known),
        IncidentComponent.objects.filter(incident__page=page),
        columns=["status"],
        key=lambda row: (row.incident_id, row.component_id),
    )
    affected = bring(
        rows.affected(notices, known),
        AffectedComponent.objects.filter(update__incident__page=page).select_related("update"),
        columns=["old_status", "new_status"],
        key=lambda row: (row.update_id, row.component_id),
    )
    notice_of = {update.id: notice.id for notice in notices for update in notice.updates}
    return [
        {row.incident_id for row in links.touched},
        {notice_of[row.update_id] for row in affected.touched},
    ]


def _bring_statements(work: Work, known: Collection[str]) -> None:
    """Make what is said for imported notices what the source says, and draw the conclusions."""
    change, source = work.change, work.source
    present = _imported_statements(change, source)
    wanted = set(_said(source, known))
    differing = wanted.symmetric_difference(_as_said(row) for row in present)
    if not differing:
        return
    work.history_differs = True
    touched = {one.component_id for one in differing}

    def write() -> None:
        # Of two that begin at one instant the one stored later holds. So that it is always the same one, all
        # of a component's are stored again, in an order of their own; what the page itself lists comes last.
        present.filter(component__in=touched).delete()
        ordered = sorted(wanted, key=lambda one: (one.source == Voice.SETTING, one.begun, one.source_id))
        again = [one for one in ordered if one.component_id in touched]
        Statement.objects.bulk_create(rows.statements(again), batch_size=BATCH)

    with_effect(change, touched, min(one.begun for one in differing), False, write)


def _said(source: Source, known: Collection[str]) -> list[Said]:
    said = [one for notice in source.notices for one in said_by(notice, known)]
    return said + said_now(source.components, said, source.known_until)


def _imported_statements(change: Change, source: Source) -> QuerySet[Statement]:
    of_notices = Q(source__in=[Voice.INCIDENT, Voice.MAINTENANCE])
    of_notices &= Q(source_id__in=[notice.id for notice in source.notices])
    of_import = Q(source=Voice.SETTING, source_id=IMPORT)
    return Statement.objects.filter(of_notices | of_import, component__page=change.page)


def _as_said(row: Statement) -> Said:
    return Said(
        row.component_id, Voice(row.source), row.source_id, row.status, row.begun, row.ended, row.derived
    )


def _record_notices(change: Change, notices: Collection[str], updates: Collection[str]) -> None:
    record_imported(
        change,
        Incident.objects.filter(pk__in=notices)
        .select_related("window")
        .prefetch_related("links__component")
        .order_by("started_at", "pk"),
        IncidentUpdate.objects.filter(pk__in=updates)
        .prefetch_related("affected__component")
        .order_by("display_at", "pk"),
    )


def _ask_for_windows(change: Change, notices: Collection[str]) -> None:
    """From here on, windows that are not over begin and end by themselves."""
    for incident in change.page.incidents.maintenance().unresolved().filter(pk__in=notices):
        ask(change, incident)


def _bring_gaps(work: Work, *, new: bool) -> None:
    """Say of which times the source knows nothing."""
    _know_from(work)
    if new:
        _unknown_until_now(work)
    else:
        _know_until(work)


def _know_from(work: Work) -> None:
    """Nothing is known before the source's first record; a later import can only know more."""
    first = rows.first_record(work.source)
    gap = work.change.page.gaps.filter(reason=BEFORE).first()
    if gap is None:
        DataGap.objects.create(page=work.change.page, begun=None, ended=first, reason=BEFORE)
    elif first < gap.ended:
        work.history_differs = True
        gap.ended = first
        gap.save(update_fields=["ended"])


def _unknown_until_now(work: Work) -> None:
    known_until, now = work.source.known_until, work.change.now
    if now - known_until > SHORTEST_GAP:
        DataGap.objects.create(page=work.change.page, begun=known_until, ended=now, reason=AFTER)


def _know_until(work: Work) -> None:
    """A newer source fills the time that the first import had to leave open."""
    gap = work.change.page.gaps.filter(reason=AFTER, begun__lt=work.source.known_until).first()
    if gap is None:
        return
    work.history_differs = True
    if gap.ended - work.source.known_until > SHORTEST_GAP:
        gap.begun = work.source.known_until
        gap.save(update_fields=["begun"])
    else:
        gap.delete()

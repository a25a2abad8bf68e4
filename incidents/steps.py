"""What the verbs on notices share. Each takes the open change first."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext, override
from django.utils.translation import gettext as _

from common.errors import Overtaken, Refused
from common.rows import add, state
from components.choices import ComponentStatus, Source
from components.models import Component, StatusChange
from components.status import SETTING, Speaker, check, current, refresh_indicator, say, take_back
from events.actor import ActorKind
from events.models import Event
from incidents.choices import Impact, IncidentKind, IncidentStatus
from incidents.models import AffectedComponent, Incident, IncidentComponent, IncidentUpdate
from incidents.stock import SENTENCES
from pages.change import Change
from pages.links import incident_url, page_url

Statuses = Mapping[str, str | None]
Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Words:
    """One update as its writer gives it.

    `components`: id -> status, or None where the component is concerned but its status stays.
    An empty `body` becomes the stock sentence of the status, in the page's language.
    """

    status: str
    body: str = ""
    technical_details: str = ""
    components: Statuses = field(default_factory=dict)
    display_at: datetime | None = None
    deliver: bool = True

    @property
    def named(self) -> list[str]:
        """The components that get a status."""
        return [one for one, status in self.components.items() if status is not None]


def locked(change: Change, incident: Incident) -> Incident:
    """The page's own row as it is now. Raises Refused where it has been deleted."""
    found = change.page.incidents.present().filter(pk=incident.pk).first()
    if found is None:
        message = _("This incident has been deleted meanwhile.")
        raise Refused(message)
    return found


def check_seen(object_type: str, object_id: str, seen: int | None) -> None:
    """Raises Overtaken where somebody changed the object after the event `seen`; None: its writer does not
    mind. What happens by itself does not count."""
    if seen is None:
        return
    newer = Event.objects.about(object_type, object_id).filter(pk__gt=seen)
    if newer.exclude(actor_kind=ActorKind.SYSTEM).exists():
        message = _("Somebody else has changed this meanwhile. Nothing of yours was saved yet.")
        raise Overtaken(message)


def speaker(incident: Incident) -> Speaker:
    kinds = {IncidentKind.INCIDENT: Source.INCIDENT, IncidentKind.MAINTENANCE: Source.MAINTENANCE}
    return Speaker(kinds[IncidentKind(incident.kind)], incident.pk)


def write_update(
    change: Change, incident: Incident, words: Words, *, since: datetime | None = None
) -> IncidentUpdate:
    """Add an update, attach the components it names, and say their statuses, from `since` on where given."""
    update = add(drawn_update(change, incident, words))
    affect(change, incident, update, words.components, since)
    return update


def drawn_update(change: Change, incident: Incident, words: Words) -> IncidentUpdate:
    """As it would be added. Raises Refused."""
    check_status(incident, words.status)
    check(change, words.components)
    return IncidentUpdate(
        incident=incident,
        status=words.status,
        body=words.body.strip() or stock(change, words.status),
        technical_details=words.technical_details,
        display_at=words.display_at or change.now,
        deliver_notifications=words.deliver and change.notify,
        created_at=change.now,
        updated_at=change.now,
    )


def check_status(incident: Incident, status: str) -> None:
    """Raises Refused for what is not a status of this kind of notice."""
    if status not in IncidentStatus.of_kind(incident.kind):
        message = _("“%(status)s” is not a status of this kind of notice.") % {"status": status}
        raise Refused(message, "status")


def stock(change: Change, status: str) -> str:
    with override(change.page.language):
        return gettext(SENTENCES[IncidentStatus(status)])


def affect(
    change: Change,
    incident: Incident,
    update: IncidentUpdate | None,
    components: Statuses,
    since: datetime | None = None,
) -> None:
    """Attach components to the incident, and freeze in the update, if there is one, what it says of them."""
    old = current(list(components))
    said = {one: status for one, status in components.items() if status is not None}
    _link(incident, components)
    if update is not None:
        note_moves(update, {one: (old[one], status) for one, status in said.items()})
    _raise_impact(incident, said)
    if said:
        say(change, speaker(incident), said, begun=since or _since(change, incident))


def note_moves(update: IncidentUpdate, moves: Mapping[str, tuple[str, str]]) -> None:
    """Freeze in the update from which status to which components went with it. What it says itself stays."""
    AffectedComponent.objects.bulk_create(
        (
            AffectedComponent(update=update, component_id=one, old_status=old, new_status=new)
            for one, (old, new) in moves.items()
        ),
        ignore_conflicts=True,
    )


def _since(change: Change, incident: Incident) -> datetime:
    """A first word counts from when the impact began, later ones from now."""
    first = incident.updates.count() <= 1
    began = incident.impact_started_at or incident.started_at
    return min(began, change.now) if first else change.now


def _link(incident: Incident, components: Statuses) -> None:
    """Attach; a component that is named without a status keeps the one that it has for this incident."""
    links = [
        IncidentComponent(incident=incident, component_id=one, status=to) for one, to in components.items()
    ]
    IncidentComponent.objects.bulk_create((one for one in links if one.status is None), ignore_conflicts=True)
    IncidentComponent.objects.bulk_create(
        (one for one in links if one.status is not None),
        update_conflicts=True,
        unique_fields=["incident", "component"],
        update_fields=["status"],
    )


def _raise_impact(incident: Incident, said: Mapping[str, str]) -> None:
    """The impact is that of the worst component ever that everybody may see: kept at its peak after
    recovery."""
    if incident.kind == IncidentKind.MAINTENANCE:
        return
    seen = Component.objects.public().filter(pk__in=said).values_list("pk", flat=True)
    peak = raised(incident, (said[one] for one in seen))
    if peak != incident.impact:
        incident.impact = peak
        incident.save(update_fields=["impact"])


def raised(incident: Incident, statuses: Iterable[str]) -> Impact:
    """The impact of an incident that says these statuses of components that everybody may see."""
    return Impact.worst([incident.impact, *map(Impact.of_component_status, statuses)])


def end_statements(
    change: Change,
    incident: Incident,
    update: IncidentUpdate,
    *,
    to_operational: bool,
    but_for: Collection[str] = (),
    at: datetime | None = None,
) -> None:
    """Nothing is said for this incident any more, from `at` on (now, unless told otherwise): components are
    operational again, as its last `update` notes. `but_for` these, or all without `to_operational`, the
    status that holds because of it is kept, as if set by hand now."""
    before = current(list(incident.links.values_list("component_id", flat=True)))
    held = _held(incident)
    if to_operational:
        held = {one: status for one, status in held.items() if one in but_for}
    say(change, SETTING, held)
    fall_silent(change, incident, at=at, left=held)
    after = current(list(before))
    note_moves(update, {one: (before[one], after[one]) for one in before if before[one] != after[one]})


def fall_silent(
    change: Change, incident: Incident, *, at: datetime | None = None, left: Collection[str] = ()
) -> None:
    """This notice no longer says anything of its components; it leaves them operational, but for `left`."""
    take_back(change, speaker(incident), at=at)
    said = incident.links.exclude(status=None).exclude(component_id__in=left)
    said.update(status=ComponentStatus.OPERATIONAL)


def _held(incident: Incident) -> dict[str, str]:
    """What components are because this incident says so. A newer word of somebody else is left alone."""
    links = incident.links.values_list("component_id", flat=True)
    newest = StatusChange.objects.filter(component_id__in=links).order_by("component_id", "-at")
    mine = speaker(incident)
    return {
        row.component_id: row.status
        for row in newest.distinct("component_id")
        if (row.source, row.source_id) == (mine.source, mine.id) and row.status != ComponentStatus.OPERATIONAL
    }


def refresh_open_impact(change: Change) -> None:
    """Bring what decides the indicator of a page without components in line with what is open.

    Only notices of the whole page count: others are about components that such a page does not show.
    """
    open_now = change.page.incidents.unresolved().exclude(status=IncidentStatus.SCHEDULED)
    impacts = [one.shown_impact for one in open_now.filter(links=None)]
    change.page.open_impact = Impact.worst(impacts) if impacts else ""
    refresh_indicator(change)


def record(
    change: Change,
    name: str,
    incident: Incident,
    update: IncidentUpdate | None = None,
    *,
    notify: bool = False,
    **more: Any,
) -> None:
    """Events for the notice, and for the update where there is one: whole state, all that messages need."""
    refresh_open_impact(change)
    facts = notice_facts(change, incident) | more
    if update is not None:
        facts["update"] = update_facts(update)
        change.record("incident.update_written", "incident_update", update.pk, facts["update"])
    change.record(name, "incident", incident.pk, facts, notify=notify)


def notice_facts(change: Change, incident: Incident) -> Facts:
    return {"page": page_facts(change), "incident": incident_facts(change, incident)}


def record_imported(change: Change, incidents: Iterable[Incident], updates: Iterable[IncidentUpdate]) -> None:
    """Events for notices and updates that came from elsewhere, as `record` makes them. Tells nobody.

    Both are prefetched ("links__component", "window" and "affected__component"), so their number costs no
    queries.
    """
    refresh_open_impact(change)
    page = page_facts(change)
    now = current(list(change.page.components.values_list("pk", flat=True)))
    for incident in incidents:
        links = sorted(incident.links.all(), key=lambda link: (link.component.position, link.component_id))
        facts = {"page": page, "incident": facts_of_incident(change, incident, links, now)}
        change.record("incident.imported", "incident", incident.pk, facts)
    for update in updates:
        facts = facts_of_update(update, update.affected.all())
        change.record("incident.update_written", "incident_update", update.pk, facts)


def page_facts(change: Change) -> dict[str, str]:
    page = change.page
    return {
        "id": page.pk,
        "name": page.name,
        "url": page_url(page),
        "time_zone": page.time_zone,
        "language": page.language,
        "indicator": page.indicator,
    }


def incident_facts(change: Change, incident: Incident) -> dict[str, Any]:
    links = incident.links.select_related("component").order_by("component__position", "component_id")
    now = current([link.component_id for link in links])
    return facts_of_incident(change, incident, links, now)


def facts_of_incident(
    change: Change, incident: Incident, links: Iterable[IncidentComponent], now: Mapping[str, str]
) -> dict[str, Any]:
    return state(
        incident,
        impact=incident.shown_impact,
        url=incident_url(change.page, incident.pk),
        components=[
            {"id": link.component_id, "name": link.component.name, "status": now[link.component_id]}
            | {"restricted": link.component.restricted, "group": link.component.group_id}
            for link in links
        ],
        window=_window_facts(incident),
    )


def _window_facts(incident: Incident) -> dict[str, Any] | None:
    return state(incident.window) if incident.kind == IncidentKind.MAINTENANCE else None


def update_facts(update: IncidentUpdate) -> dict[str, Any]:
    return facts_of_update(update, update.affected.select_related("component"))


def facts_of_update(update: IncidentUpdate, affected: Iterable[AffectedComponent]) -> dict[str, Any]:
    names = [
        {"id": one.component_id, "name": one.component.name, "old": one.old_status, "new": one.new_status}
        for one in affected
    ]
    return state(update, affected=names)

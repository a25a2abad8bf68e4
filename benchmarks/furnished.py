"""An organisation that has much of everything: what the dashboard's screens are measured with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import connection
from django.utils import timezone

from benchmarks.expand import expand_all, fill
from benchmarks.made import RECORD, spread
from common.tenancy import in_tenant
from events.actor import Actor, ActorKind
from events.models import Event
from importing.actions import import_page
from importing.documents import Source, SourceNotice
from importing.folder import read_folder
from importing.shift import weeks_until_recent
from incidents.actions.draft import keep_draft
from incidents.actions.incident import open_incident, post_update
from incidents.actions.maintenance import schedule_maintenance
from incidents.actions.series import create_series
from incidents.actions.template import create_template
from incidents.drafts import Written
from incidents.models import Incident
from incidents.steps import Words
from pages.actions import create_page
from pages.models import StatusPage
from tenants.actions import create_tenant
from tenants.keys import create_key
from tenants.members import Invited, invite
from tenants.models import Membership, Role, Scope, Tenant, User

COMPONENTS, NOTICES = 200, 2_000
PASSWORD = "only for benchmarks"
_MEMBERS, _OPEN, _WINDOWS, _UPDATES = 200, 8, 60, 20


@dataclass(frozen=True, slots=True)
class Furnished:
    """`large`: the worst open incident, about every component. `bare`: a page with nothing on it."""

    owner: User
    actor: Actor
    tenant: Tenant
    page: StatusPage
    bare: StatusPage
    large: Incident


def furnished(subscribers: int) -> Furnished:
    """Of 200 components, 2,000 notices, 200 people, and so many subscribers, all told of one incident."""
    owner = User.objects.create_user("owner@example.org", PASSWORD, is_staff=True)
    actor = Actor(ActorKind.USER, owner.pk)
    tenant = create_tenant("Large", "large", owner=owner)
    # So that there is one to choose from.
    create_tenant("Small", "small", owner=owner)
    _people(tenant, owner, actor)
    with in_tenant(tenant.id):
        page = _history()
        bare = create_page(actor, name="Bare", slug="bare", published=False)
        fill(page, subscribers)
        _some_choose_components()
        _ahead(page, actor)
        large = _open(page, actor)
        _told(tenant, large)
        _log(page, subscribers)
        _analyse()
    return Furnished(owner, actor, tenant, page, bare, large)


def _people(tenant: Tenant, owner: User, actor: Actor) -> None:
    people = [User(email=f"person{number}@example.org") for number in range(_MEMBERS)]
    User.objects.bulk_create(people)
    rows = [Membership(user=one, tenant=tenant, role=Role.EDITOR) for one in people]
    Membership.objects.bulk_create(rows)
    for number in range(20):
        wanted = Invited(f"guest{number}@example.org", Role.VIEWER, {})
        invite(tenant, wanted, owner, actor)
        create_key(owner, tenant, actor, name=f"Key {number}", scopes=Scope.values)


def _history() -> StatusPage:
    source = spread(read_folder(RECORD), COMPONENTS)
    weeks = weeks_until_recent(source, timezone.now())
    many = replace(source, notices=tuple(_enough(source)))
    return import_page(many, slug="large", shift_weeks=weeks).page


def _enough(source: Source) -> Iterator[SourceNotice]:
    """The notices, and copies of those that are over, until there are as many as wanted."""
    over = [one for one in source.notices if one.ended]
    yield from source.notices
    for number in range(NOTICES - len(source.notices)):
        yield _copy(over[number % len(over)], number)


def _copy(notice: SourceNotice, number: int) -> SourceNotice:
    updates = (replace(one, id=f"u{number:05}{place:06}") for place, one in enumerate(notice.updates))
    return replace(notice, id=f"copy{number:08}", updates=tuple(updates))


def _some_choose_components() -> None:
    """A tenth of the subscribers, each of three components."""
    with connection.cursor() as cursor:
        cursor.execute(
            "WITH those AS (UPDATE subscribers_subscriber SET scope = 'components' "
            "WHERE right(id, 1) IN ('0', '1') RETURNING id) "
            "INSERT INTO subscribers_subscriber_components (subscriber_id, component_id) "
            "SELECT those.id, c.id FROM those CROSS JOIN (SELECT id FROM components_component "
            "WHERE deleted_at IS NULL ORDER BY id LIMIT 3) AS c"
        )


def _ahead(page: StatusPage, actor: Actor) -> None:
    """Maintenance that is planned, once and again and again; templates; drafts."""
    ids, now = _ids(page), timezone.now()
    _planned(page, actor, ids, now + timedelta(days=1))
    for number in range(50):
        title = "Slow {{ what }}"
        create_template(page, actor, name=f"Usual {number}", title=title, body="Hm.", components=ids[:5])
        words = Words("identified", "Soon.", components=dict.fromkeys(ids, "partial_outage"))
        keep_draft(page, actor, Written(words, name=f"Draft {number}"))


def _planned(page: StatusPage, actor: Actor, ids: list[str], first: datetime) -> None:
    for number in range(_WINDOWS):
        begins = first + timedelta(days=number / 2)
        schedule_maintenance(
            page,
            actor,
            name=f"Work {number}",
            scheduled_for=begins,
            scheduled_until=begins + timedelta(hours=2),
            components=ids[number : number + 10],
            notify=False,
        )
    for number in range(10):
        create_series(
            page,
            actor,
            name=f"Series {number}",
            rule="FREQ=WEEKLY",
            local_start=first.replace(tzinfo=None),
            duration=timedelta(hours=1),
            components=ids[:10],
            notify=False,
        )


def _open(page: StatusPage, actor: Actor) -> Incident:
    ids = _ids(page)
    for number in range(_OPEN):
        words = Words("identified", "Hm.", components=dict.fromkeys(ids[:50], "degraded_performance"))
        open_incident(page, actor, words, name=f"Open {number}", notify=False)
    words = Words("investigating", "We look.", components=dict.fromkeys(ids, "partial_outage"))
    large = open_incident(page, actor, words, name="All of it")
    for number in range(_UPDATES):
        status = ("partial_outage", "major_outage")[number % 2]
        said = Words(
            "identified", f"Update **{number}**.", components=dict.fromkeys(ids, status), deliver=False
        )
        post_update(page, large, actor, said)
    return large


def _told(tenant: Tenant, large: Incident) -> None:
    """Everybody of the incident: almost all were reached, a fiftieth is to be seen to."""
    event = Event.objects.get(name="incident.created", object_id=large.pk)
    expand_all(tenant.id, event)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE public.notifications_delivery SET attempts = 1, last_error = 'No answer', "
            "status = CASE WHEN id % 50 = 0 THEN 'dead' ELSE 'accepted' END"
        )
        cursor.execute(
            "INSERT INTO public.notifications_attempt (delivery_id, tenant_id, number, provider, began_at, "
            "ended_at, status, code, error, response) SELECT id, tenant_id, 1, 'smtp', now(), now(), status, "
            "250, '', 'OK' FROM public.notifications_delivery"
        )
        cursor.execute(
            "INSERT INTO public.notifications_notification (tenant_id, page_id, kind, incident_id, facts, "
            "version, event_at, created_at, checkpoint, expanded_at, recipients) SELECT tenant_id, page_id, "
            "kind, '', facts, 1, event_at, created_at, '', now(), 3 FROM public.notifications_notification "
            "CROSS JOIN generate_series(1, %s)",
            [NOTICES],
        )
        cursor.execute(
            "INSERT INTO public.notifications_tally (notification_id, backend, state, number) "
            "SELECT id, 1, 'accepted', 3 FROM public.notifications_notification WHERE incident_id = ''"
        )


def _log(page: StatusPage, size: int) -> None:
    """As many events as had to be for so many subscribers, each from somewhere."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO events_event (page_id, name, object_type, object_id, facts, indicator, notify, "
            "actor_kind, actor_id, at, hlc, origin_node, origin_seq) SELECT %s, 'subscriber.confirmed', "
            "'subscriber', id, '{}', '', false, 'system', '', created_at, 0, 'benchmark', "
            "row_number() OVER () FROM subscribers_subscriber",
            [page.pk],
        )
        cursor.execute(
            "INSERT INTO events_eventorigin (event_id, ip, user_agent) SELECT id, '192.0.2.1', 'benchmark' "
            "FROM events_event ON CONFLICT DO NOTHING"
        )


def _analyse() -> None:
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _ids(page: StatusPage) -> list[str]:
    return list(page.components.present().values_list("pk", flat=True))

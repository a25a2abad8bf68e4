"""When a team is asked for its next update, and when it is left in peace."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine

from common.errors import Refused
from common.tenancy import in_tenant
from events.models import Event
from incidents.actions.cadence import ask_for_updates
from incidents.actions.incident import backfill_incident, edit_incident, open_incident, post_update, resolve
from incidents.cadence import Call, next_call
from incidents.models import Incident
from incidents.steps import Words
from outbox.models import OutboxItem
from pages.actions import update_page
from pages.models import StatusPage
from tenants.models import Tenant
from tests.conftest import ACTOR
from tests.incidents.conftest import HOUR, Clock
from tests.live import Live

MINUTE = timedelta(minutes=1)
# Ahead of the clock that pages are made by: a page's time never goes back.
NOON = datetime(2036, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def clock() -> Iterator[Clock]:
    """Noon, standing still."""
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def after(minutes: int | None) -> datetime | None:
    return None if minutes is None else NOON + minutes * MINUTE


@pytest.mark.parametrize(
    ("status", "since", "promised", "interval", "notice", "now", "expected"),
    [
        ("investigating", 0, None, 30, 5, 0, (30, Call.SILENT)),
        ("monitoring", 0, None, 20, 5, 90, (20, Call.SILENT)),
        ("investigating", 30, None, 30, 5, 31, (60, Call.SILENT)),
        ("investigating", 0, None, 0, 5, 0, None),
        ("investigating", None, None, 30, 5, 0, None),
        ("investigating", None, 60, 30, 5, 0, None),
        ("resolved", 0, None, 30, 5, 0, None),
        ("postmortem", 0, 60, 30, 5, 0, None),
        # A promise takes the interval's place, be it later or sooner.
        ("investigating", 0, 120, 30, 5, 0, (115, Call.SOON)),
        ("investigating", 0, 10, 30, 5, 0, (5, Call.SOON)),
        ("investigating", 0, 120, 0, 5, 0, (115, Call.SOON)),
        ("investigating", 0, 120, 30, 0, 0, (120, Call.OVERDUE)),
        ("investigating", 0, 4, 30, 5, 0, (4, Call.OVERDUE)),
        ("investigating", 0, 5, 30, 5, 0, (5, Call.OVERDUE)),
        ("investigating", 115, 120, 30, 5, 115, (120, Call.OVERDUE)),
        # Too late to say that it is due soon.
        ("investigating", 0, 120, 30, 5, 121, (120, Call.OVERDUE)),
        # Once it has been broken, the interval counts again.
        ("investigating", 120, 120, 30, 5, 120, (150, Call.SILENT)),
        ("investigating", 121, 120, 0, 5, 121, None),
    ],
)
def test_a_team_is_asked_by_promise_or_by_interval(
    status: str,
    since: int | None,
    promised: int | None,
    interval: int,
    notice: int,
    now: int,
    expected: tuple[int, Call] | None,
) -> None:
    page = StatusPage(remind_after=interval, remind_before=notice)
    incident = Incident(status=status, reminded_until=after(since), next_update_by=after(promised))
    found = next_call(incident, page, NOON + now * MINUTE)
    assert found == (expected and (after(expected[0]), expected[1]))


def opened(page: StatusPage, **fields: Any) -> Incident:
    return open_incident(page, ACTOR, Words("investigating", "Hm."), name="API is slow", **fields)


def asked() -> list[tuple[str, int]]:
    """What the team was asked, and at which minute after noon."""
    calls = Event.objects.filter(name__startswith="team.").values_list("name", "at")
    return [(name, round((at - NOON) / MINUTE)) for name, at in calls]


def test_a_silent_incident_is_asked_about_once_in_every_interval(page: StatusPage, pass_to: Any) -> None:
    opened(page)
    for minute in range(0, 100, 10):
        pass_to(NOON + minute * MINUTE)
    assert asked() == [(Call.SILENT, 30), (Call.SILENT, 60), (Call.SILENT, 90)]


def test_after_an_outage_of_ours_a_team_is_asked_once(page: StatusPage, pass_to: Any) -> None:
    opened(page)
    pass_to(NOON + 6 * HOUR)
    assert asked() == [(Call.SILENT, 360)]


def test_an_update_begins_the_interval_anew(page: StatusPage, pass_to: Any, clock: Clock) -> None:
    incident = opened(page)
    clock.move_to(NOON + 29 * MINUTE, tick=False)
    post_update(page, incident, ACTOR, Words("identified"), notify=False)
    pass_to(NOON + 58 * MINUTE)
    assert asked() == []
    pass_to(NOON + 59 * MINUTE)
    assert asked() == [(Call.SILENT, 59)]


def test_nobody_is_asked_of_what_is_over(page: StatusPage, pass_to: Any) -> None:
    incident = opened(page, next_update_by=NOON + HOUR)
    resolve(page, incident, ACTOR)
    backfill_incident(
        page, ACTOR, name="Old", started_at=NOON - 3 * HOUR, resolved_at=NOON - 2 * HOUR, body="It was."
    )
    pass_to(NOON + 24 * HOUR)
    assert asked() == []
    assert not OutboxItem.objects.filter(topic="cadence", key=page.pk).exists()


def test_what_was_imported_is_quiet_until_somebody_writes_of_it(page: StatusPage, pass_to: Any) -> None:
    """As an import adds it: without having been written here."""
    incident = opened(page)
    Incident.objects.update(reminded_until=None)
    pass_to(NOON + 24 * HOUR)
    assert asked() == []
    post_update(page, incident, ACTOR, Words("identified"))
    pass_to(NOON + 25 * HOUR)
    assert asked() == [(Call.SILENT, 25 * 60)]


def test_a_promise_is_recalled_then_broken_in_public(page: StatusPage, pass_to: Any) -> None:
    incident = opened(page, next_update_by=NOON + HOUR)
    for minute in (30, 54, 55, 59):
        pass_to(NOON + minute * MINUTE)
    incident.refresh_from_db()
    page.refresh_from_db()
    before = page.version
    assert (asked(), incident.is_overdue) == ([(Call.SOON, 55)], False)

    pass_to(NOON + HOUR)
    incident.refresh_from_db()
    page.refresh_from_db()
    assert incident.is_overdue
    assert page.version == before + 1
    event = Event.objects.get(name="incident.update_overdue")
    assert (event.version, event.notify) == (page.version, False)
    pass_to(NOON + 89 * MINUTE)
    assert asked() == [(Call.SOON, 55), (Call.OVERDUE, 60)]
    pass_to(NOON + 90 * MINUTE)
    assert asked()[2:] == [(Call.SILENT, 90)]


def test_a_promise_that_is_put_off_counts_from_then(page: StatusPage, pass_to: Any, clock: Clock) -> None:
    incident = opened(page, next_update_by=NOON + HOUR)
    clock.move_to(NOON + 50 * MINUTE, tick=False)
    edit_incident(page, incident, ACTOR, next_update_by=NOON + 2 * HOUR)
    pass_to(NOON + 114 * MINUTE)
    assert asked() == []
    pass_to(NOON + 115 * MINUTE)
    assert asked() == [(Call.SOON, 115)]


def test_only_what_lies_ahead_can_be_promised(page: StatusPage, clock: Clock) -> None:
    incident = opened(page)
    past: list[Any] = [
        lambda: opened(page, next_update_by=NOON),
        lambda: post_update(page, incident, ACTOR, Words("identified"), next_update_by=NOON - MINUTE),
        lambda: edit_incident(page, incident, ACTOR, next_update_by=NOON - MINUTE),
    ]
    for verb in past:
        with pytest.raises(Refused) as refusal:
            verb()
        assert refusal.value.field == "next_update_by"


def test_the_page_says_how_often_at_once(page: StatusPage, pass_to: Any) -> None:
    opened(page)
    update_page(page, ACTOR, remind_after=0)
    pass_to(NOON + HOUR)
    assert asked() == []
    update_page(page, ACTOR, remind_after=70)
    pass_to(NOON + HOUR)
    assert asked() == []
    pass_to(NOON + 70 * MINUTE)
    assert asked() == [(Call.SILENT, 70)]


@pytest.mark.parametrize(
    ("field", "value"), [("remind_after", 1), ("remind_after", 1441), ("remind_before", 121)]
)
def test_an_interval_has_bounds(page: StatusPage, field: str, value: int) -> None:
    with pytest.raises(Refused) as refusal:
        update_page(page, ACTOR, **{field: value})
    assert refusal.value.field == field


def test_two_incidents_of_a_page_are_asked_about_in_their_own_time(
    page: StatusPage, pass_to: Any, clock: Clock
) -> None:
    opened(page)
    clock.move_to(NOON + 20 * MINUTE, tick=False)
    opened(page, next_update_by=NOON + 28 * MINUTE)
    for minute in range(20, 61):
        pass_to(NOON + minute * MINUTE)
    assert asked() == [
        (Call.SOON, 23),
        (Call.OVERDUE, 28),
        (Call.SILENT, 30),
        (Call.SILENT, 58),
        (Call.SILENT, 60),
    ]


def test_another_organisation_is_asked_nothing(page: StatusPage, globex: Tenant, pass_to: Any) -> None:
    opened(page)
    with in_tenant(globex.pk):
        former = Event.objects.count()
    # It has an incident of its own, opened today: by its own row alone could it be asked about.
    OutboxItem.objects.exclude(tenant_id=page_tenant()).delete()
    pass_to(NOON + HOUR)
    with in_tenant(globex.pk):
        assert Event.objects.count() == former
    assert len(asked()) == 1


def page_tenant() -> str:
    return str(Tenant.objects.get(slug="acme").pk)


def test_an_interval_is_not_stretched_by_a_change_of_clocks(page: StatusPage, clock: Clock) -> None:
    """In Berlin the hour from 2 to 3 comes twice that night."""
    began = datetime(2026, 10, 25, 0, 45, tzinfo=UTC)
    page.version_at = began - HOUR
    page.save(update_fields=["version_at"])
    clock.move_to(began, tick=False)
    opened(page)
    for minute, calls in ((29, 0), (30, 1), (59, 1), (60, 2)):
        clock.move_to(began + minute * MINUTE, tick=False)
        ask_for_updates(page)
        assert len(asked()) == calls


_OPEN = """
from datetime import timedelta
from events.actor import SYSTEM
from incidents.actions.incident import open_incident
from incidents.models import Incident
from incidents.steps import Words
from outbox.models import OutboxItem
from pages.actions import create_page
from django.utils import timezone
with in_tenant(acme.id):
    page = create_page(SYSTEM, name="Acme", slug="acme")
    open_incident(page, SYSTEM, Words("investigating"), name="Slow", notify=False)
    Incident.objects.update(reminded_until=timezone.now() - timedelta(minutes=40))
OutboxItem.objects.filter(topic="cadence").update(due_at=timezone.now())
"""
_DIE = {
    "commit": """
from incidents import cadence
def stop(*given, **named):
    say("here")
    time.sleep(60)
cadence._call_facts = stop
from outbox.drain import drain
drain(["cadence"])
""",
    "ack": """
from outbox import queue
from outbox.drain import drain
def stop(item, token, rest):
    say("here")
    time.sleep(60)
queue.acknowledge = stop
drain(["cadence"])
""",
}
_RECOVER = """
from django.utils import timezone
from events.models import Event
from outbox.drain import drain
from outbox.models import OutboxItem
from threading import Thread
for _again in range(2):
    OutboxItem.objects.filter(topic="cadence").update(lease_until=timezone.now(), due_at=timezone.now())
    workers = [Thread(target=drain, args=[["cadence"]]) for _ in range(2)]
    for worker in workers: worker.start()
    for worker in workers: worker.join()
with in_tenant(acme.id):
    asked = Event.objects.filter(name__startswith="team.").count()
answer([asked, OutboxItem.objects.filter(topic="notify", tenant_id=acme.id).count()])
"""


@pytest.mark.process
@pytest.mark.parametrize("moment", list(_DIE))
def test_a_team_is_asked_once_though_processes_die_and_two_work(live: Live, moment: str) -> None:
    live.run(_OPEN)
    worker = live.start_python(_DIE[moment])
    live.wait_for(worker, "here")
    live.kill(worker)
    assert live.run(_RECOVER) == [1, 1]

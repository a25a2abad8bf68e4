"""Real processes that get killed: nobody is lost, and who gets a message twice can tell."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from tests.clocks import until
from tests.live import Live
from tests.sink import Sink, sink

pytestmark = pytest.mark.process

SIZE = 120
EVERYBODY = sorted(f"p{number}@example.org" for number in range(SIZE))
# What a sender may have handed in and not yet written down: on each of 5 connections one on the wire, and
# those of 50 ms, in which a server that takes 10 ms for each takes 5.
IN_FLIGHT = 5 * (1 + 5)
_PREPARE = f"""
from events.actor import SYSTEM
from incidents.actions.incident import open_incident
from incidents.steps import Words
from pages.actions import create_page
from subscribers.actions import Who, add_confirmed
with in_tenant(acme.id):
    page = create_page(SYSTEM, name="Acme", slug="acme")
    for number in range({SIZE}):
        add_confirmed(page, Who(f"p{{number}}@example.org"), SYSTEM, "test")
    open_incident(page, SYSTEM, Words("investigating", "Looking."), name="API is slow")
"""
_DRAIN = """
from outbox.drain import drain_lanes
from outbox.registry import SENDING, Lane
say("ready")
while True:
    drain_lanes(Lane.NOTIFY, *SENDING)
    time.sleep(0.05)
"""
# Expansion in steps of ten, which stands still in the middle of the one that {place}.
_EXPAND = """
from notifications import expansion
expansion.STEP = 10
insert, save = expansion._insert, expansion.Notification.save
def stand_still(notification):
    if notification.recipients >= 50:
        say("middle")
        time.sleep(60)
def insert_and_stop(notification, now):
    found = insert(notification, now)
    if "{place}" == "inserted":
        stand_still(notification)
    return found
def stop_and_insert(notification, now):
    if "{place}" == "committed":
        stand_still(notification)
    return insert_and_stop(notification, now)
expansion._insert = stop_and_insert
"""

_PAGE = """
from events.actor import SYSTEM
from pages.actions import create_page
from subscribers.actions import Who, subscribe
with in_tenant(acme.id):
    page = create_page(SYSTEM, name="Acme", slug="acme")
    for number in range({people}):
        subscribe(page, Who(f"c{{number}}@example.org"), SYSTEM)
"""
# Both begin once both are there.
_OPEN = """
from events.actor import SYSTEM
from incidents.actions.incident import open_incident
from incidents.steps import Words
from pages.models import StatusPage
with in_tenant(acme.id):
    page = StatusPage.objects.get()
    say("ready")
    while not os.path.exists({start!r}):
        time.sleep(0.002)
    for number in range({incidents}):
        open_incident(page, SYSTEM, Words("investigating", "Looking."), name=f"Incident {{number}}.")
"""
_CONFIRM = """
from events.actor import SYSTEM
from pages.models import StatusPage
from subscribers.actions import confirm
from subscribers.models import Subscriber
with in_tenant(acme.id):
    page, people = StatusPage.objects.get(), list(Subscriber.objects.all())
    say("ready")
    while not os.path.exists({start!r}):
        time.sleep(0.002)
    for one in people:
        confirm(page, one, SYSTEM)
"""


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sink]:
    with sink() as running:
        monkeypatch.setenv("EMAIL_URL", f"smtp://127.0.0.1:{running.port}")
        yield running


@pytest.fixture
def prepared(mail: Sink, live: Live) -> Live:
    """A page with subscribers and an incident whose event waits in the outbox."""
    live.run(_PREPARE)
    return live


def expire_leases(live: Live) -> None:
    """What a minute or two would do."""
    with psycopg.connect(live.database_url, autocommit=True) as connection:
        connection.execute("UPDATE outbox_outboxitem SET lease_until = now() - interval '1 s'")
        connection.execute(
            "UPDATE notifications_delivery SET lease_until = now() - interval '1 s' WHERE status = 'leased'"
        )


def statuses(live: Live) -> dict[str, int]:
    with psycopg.connect(live.database_url, autocommit=True) as connection:
        rows = connection.execute("SELECT status, count(*) FROM notifications_delivery GROUP BY status")
        return dict(rows.fetchall())


def same_ids(mail: Sink) -> bool:
    """Whether all that one recipient got bears one Message-ID, and no two recipients' are the same."""
    ids = [{str(one["Message-ID"]) for one in mail.mail(recipient)} for recipient in set(mail.recipients)]
    return all(len(mine) == 1 for mine in ids) and len(set().union(*ids)) == len(ids)


@pytest.mark.parametrize("place", ["inserted", "committed"])
def test_expansion_that_is_killed_goes_on_where_it_was(place: str, prepared: Live, mail: Sink) -> None:
    process = prepared.start_python(_EXPAND.format(place=place) + _DRAIN)
    prepared.wait_for(process, "ready")
    prepared.wait_for(process, "middle")
    prepared.kill(process)
    assert sum(statuses(prepared).values()) == 50
    expire_leases(prepared)
    prepared.start_python(_DRAIN)
    until(lambda: statuses(prepared) == {"accepted": SIZE})
    assert mail.recipients == EVERYBODY


def test_senders_that_are_killed_lose_nobody(prepared: Live, mail: Sink) -> None:
    mail.delay = 0.01
    kills = 3
    for kill in range(1, kills + 1):
        process = prepared.start_python(_DRAIN)
        prepared.wait_for(process, "ready")
        until(lambda wanted=kill * 17: len(mail.raw) >= wanted)  # type: ignore[misc]
        prepared.kill(process)
        expire_leases(prepared)
    mail.delay = 0
    prepared.start_python(_DRAIN)
    until(lambda: statuses(prepared) == {"accepted": SIZE})
    assert sorted(set(mail.recipients)) == EVERYBODY
    twice = sum(times - 1 for times in Counter(mail.recipients).values())
    assert twice <= kills * IN_FLIGHT
    assert same_ids(mail)


def nothing_waits(live: Live) -> bool:
    with psycopg.connect(live.database_url, autocommit=True) as connection:
        rows = connection.execute("SELECT FROM outbox_outboxitem WHERE topic = 'notify'")
        return not rows.fetchall() and set(statuses(live)) == {"accepted"}


def named(mail: Sink, recipient: str) -> Counter[str]:
    """How often each incident was told to somebody, in mail of its own or in the one that welcomes."""
    said = [str(one.get_body(("plain",)).get_content()) for one in mail.mail(recipient)]  # type: ignore[union-attr]
    return Counter(name for text in said for name in re.findall(r"Incident \d+\.", text))


def test_who_confirms_while_incidents_are_opened_and_expanded_hears_of_each_once(
    live: Live, mail: Sink, tmp_path: Path
) -> None:
    incidents, people = 20, 60
    live.run(_PAGE.format(people=people))
    start = tmp_path / "start"
    live.start_python(_DRAIN)
    codes = [_OPEN.format(start=str(start), incidents=incidents), _CONFIRM.format(start=str(start))]
    both = [live.start_python(code) for code in codes]
    for process in both:
        live.wait_for(process, "ready")
    start.touch()
    for process in both:
        assert process.wait(300) == 0
    until(lambda: nothing_waits(live), seconds=60)
    told = {f"Incident {one}.": 1 for one in range(incidents)}
    heard = [named(mail, f"c{number}@example.org") for number in range(people)]
    assert heard == [told] * people
    subjects = {
        str(one["Subject"]) for number in range(people) for one in mail.mail(f"c{number}@example.org")
    }
    assert len(subjects) > 2, "Some must have been told by mail of its own: else nothing ran at once."


def test_two_senders_at_once_send_nothing_twice(prepared: Live, mail: Sink) -> None:
    for _ in range(2):
        prepared.start_python(_DRAIN)
    until(lambda: statuses(prepared) == {"accepted": SIZE})
    assert mail.recipients == EVERYBODY


def test_a_worker_and_the_ticker_deliver_within_seconds(prepared: Live, mail: Sink) -> None:
    prepared.worker()
    prepared.manage("tick")
    until(lambda: mail.recipients == EVERYBODY, seconds=40)


def test_without_workers_the_ticker_delivers(prepared: Live, mail: Sink) -> None:
    prepared.manage("tick")
    until(lambda: mail.recipients == EVERYBODY, seconds=40)

"""The next batch is claimed while one is on the wire: that loses nobody, tells nobody twice, and holds up
nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import psycopg
import pytest

from tests.clocks import until
from tests.hooks import Answer, Hooks, hooks
from tests.live import Live

pytestmark = pytest.mark.process

BATCH, BATCHES, HANG = 20, 3, 5
SIZE = BATCHES * BATCH
_PREPARE = """
from events.actor import SYSTEM
from incidents.actions.incident import open_incident
from incidents.steps import Words
from outbox.drain import drain
from pages.actions import create_page
from subscribers.actions import Who, add_confirmed
from subscribers.choices import Channel
with in_tenant(acme.id):
    page = create_page(SYSTEM, name="Acme", slug="acme")
    for number in range({size}):
        add_confirmed(page, Who({url!r} + str(number), Channel.WEBHOOK), SYSTEM, "test")
    open_incident(page, SYSTEM, Words("investigating", "Looking."), name="API is slow")
drain(["notify"])
"""
# Small batches, however slow the machine is. Says who claims, and what is given back.
_SEND = f"""
from threading import current_thread
from notifications import ahead, claims, posting, sending
sending._BATCHES, ahead._MANY, ahead._SOON, ahead._HELD = {{{{"chat": {BATCH}}}}}, {BATCH}, 600, {{held}}
posting._DONE_WITHIN = 600
claim, release, claimed = claims.claim, claims.release, []
def note(*arguments):
    token, letters = claim(*arguments)
    claimed.append([current_thread().name, len(letters)])
    return token, letters
def say_so(token, letters):
    release(token, letters)
    say(f"{{{{len(letters)}}}} back")
claims.claim, claims.release = note, say_so
sending.send_due("chat", 600)
answer(claimed)
"""
_TAKE_OVER = """
from notifications.sending import send_due, take_back
take_back(0)
send_due("chat", 600)
"""


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hooks]:
    monkeypatch.setenv("EGRESS_ALLOW_NETS", "127.0.0.0/8")
    with hooks() as running:
        yield running


@pytest.fixture
def prepared(machine: Hooks, live: Live) -> Live:
    """A crowd whose deliveries are due."""
    live.run(_PREPARE.format(size=SIZE, url=machine.url("/")))
    return live


def rows(live: Live) -> dict[tuple[str, int], int]:
    """How many deliveries are in which state, after so many attempts."""
    with psycopg.connect(live.database_url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT status, attempts, count(*) FROM notifications_delivery GROUP BY status, attempts"
        )
        return {(status, attempts): number for status, attempts, number in found}


def hang_at_the_end_of_a_batch(machine: Hooks) -> None:
    machine.answers += [Answer()] * (BATCH - HANG) + [Answer(after=300)] * HANG


def test_the_next_is_claimed_by_who_writes_down_and_everybody_is_told_once(
    prepared: Live, machine: Hooks
) -> None:
    by = prepared.run(_SEND.format(held=600))
    assert [number for _name, number in by] == [BATCH] * BATCHES + [0] * (len(by) - BATCHES)
    assert [name.partition("_")[0] for name, number in by if number] == [
        "MainThread",
        *["writing down"] * (BATCHES - 1),
    ]
    assert rows(prepared) == {("accepted", 1): SIZE}
    assert Counter(one.path for one in machine.got) == {f"/{number}": 1 for number in range(SIZE)}


def test_what_would_wait_behind_requests_that_hang_goes_back_uncounted(
    prepared: Live, machine: Hooks
) -> None:
    hang_at_the_end_of_a_batch(machine)
    process = prepared.start_python(_SEND.format(held=0.2))
    prepared.wait_for(process, f"{BATCH} back")
    assert rows(prepared)["pending", 0] == SIZE - BATCH


def test_of_a_batch_that_was_claimed_ahead_nothing_is_sent_twice_when_its_sender_dies(
    prepared: Live, machine: Hooks
) -> None:
    hang_at_the_end_of_a_batch(machine)
    process = prepared.start_python(_SEND.format(held=600))
    until(lambda: rows(prepared).get(("pending", 0)) == SIZE - 2 * BATCH and len(machine.got) == BATCH)
    prepared.kill(process)
    machine.answers.clear()
    on_the_wire = {one.path for one in machine.got}
    with psycopg.connect(prepared.database_url, autocommit=True) as connection:
        connection.execute("UPDATE notifications_delivery SET lease_until = now() WHERE status = 'leased'")
    prepared.run(_TAKE_OVER)
    told = Counter(one.path for one in machine.got)
    assert told.keys() == {f"/{number}" for number in range(SIZE)}
    assert {path for path, times in told.items() if times > 1} <= on_the_wire
    assert {status for status, _attempts in rows(prepared)} == {"accepted"}

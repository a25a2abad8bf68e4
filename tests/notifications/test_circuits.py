"""Who fails again and again is left alone for a while, by everybody; who is told too often waits its turn."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import caches
from django.utils import timezone

from common.tenancy import in_tenant
from events.actor import SYSTEM
from incidents.actions.incident import post_update
from incidents.steps import Words
from notifications import circuits, gate, shared
from notifications.models import Delivery
from pages.models import StatusPage
from subscribers.actions import Who, add_confirmed
from subscribers.choices import Channel
from tenants.models import Tenant
from tests.hooks import Answer, Hooks, hooks
from tests.mailing import ACTOR, Add, deliver, opened
from tests.sink import Sink

NOW = datetime.fromisoformat("2026-11-20T12:00:00+00:00")
NAME = "hooks.example.org"


@pytest.fixture
def machine(settings: Any) -> Iterator[Hooks]:
    settings.EGRESS_ALLOW_NETS = ["127.0.0.0/8"]
    with hooks() as running:
        yield running


@pytest.fixture(autouse=True, params=["Redis", "no Redis"])
def memory(request: Any, monkeypatch: Any) -> None:
    """The same holds for each process alone, while Redis is away."""
    for name in ("limits", "local"):
        caches[name].clear()
    monkeypatch.setattr(shared, "_silent_until", 0.0 if request.param == "Redis" else float("inf"))


def fail(times: int, now: datetime = NOW) -> None:
    for _ in range(times):
        circuits.note_failure(NAME, now)


def is_open(now: datetime) -> bool:
    known = circuits.look([NAME])
    return NAME in known and known[NAME].until > now


def test_it_opens_at_the_fifth_failure_in_a_row() -> None:
    fail(4)
    circuits.close([NAME])
    fail(4)
    assert not is_open(NOW)
    fail(1)
    assert is_open(NOW + timedelta(seconds=29))
    assert not is_open(NOW + timedelta(seconds=30))


def test_whoever_has_looked_forgets_what_others_saw_fail(monkeypatch: Any) -> None:
    fail(4)
    monkeypatch.setattr(circuits, "_failing", set())
    assert circuits.look([NAME]) == {}
    circuits.close([NAME])
    fail(4)
    assert not is_open(NOW)


def test_failures_while_it_is_open_do_not_keep_it_open() -> None:
    fail(50)
    assert not is_open(NOW + timedelta(seconds=31))


def test_each_probe_that_fails_doubles_the_pause_up_to_five_minutes() -> None:
    now, pauses = NOW, []
    fail(5)
    for _ in range(7):
        until, pause = circuits.look([NAME])[NAME]
        assert until == now + pause
        pauses.append(pause.total_seconds())
        now = until
        fail(1, now)
    assert pauses == [30, 60, 120, 240, 300, 300, 300]


def test_one_alone_may_probe_and_the_next_after_it_failed() -> None:
    fail(5)
    assert [circuits.may_probe(NAME) for _ in range(3)] == [True, False, False]
    fail(1, NOW + timedelta(seconds=31))
    assert circuits.may_probe(NAME)


def told(page: StatusPage, url: str, channel: str = Channel.WEBHOOK) -> Any:
    return add_confirmed(page, Who(url, channel), SYSTEM, "test")


def make_due() -> None:
    Delivery.objects.filter(status="pending").update(next_attempt_at=timezone.now())


def test_a_host_that_is_down_is_called_by_nobody_for_anybody(
    page: StatusPage, machine: Hooks, globex: Tenant
) -> None:
    """Neither for another address at it nor for another organisation; other hosts are."""
    told(page, machine.url("/one"))
    with hooks() as other:
        machine.always = Answer(503)
        opened(page)
        for _ in range(6):
            make_due()
            deliver()
        assert len(machine.got) == circuits.FAILURES
        with in_tenant(globex.pk):
            theirs = StatusPage.objects.get()
            told(theirs, machine.url("/theirs")), told(theirs, other.url("/theirs"))
            opened(theirs)
        deliver()
        assert len(machine.got) == circuits.FAILURES
        assert len(other.got) == 1
    waiting = Delivery.objects.of(globex.pk).get(target=machine.url("/theirs"))
    assert (waiting.status, waiting.attempts) == ("pending", 0)
    assert timedelta(seconds=20) < waiting.next_attempt_at - timezone.now() <= timedelta(seconds=30)


def test_a_host_that_does_not_answer_at_all_costs_few_attempts(page: StatusPage, settings: Any) -> None:
    """However much waits for it."""
    settings.EGRESS_ALLOW_NETS = ["127.0.0.0/8"]
    for number in range(30):
        told(page, f"http://127.0.0.1:1/{number}")
    opened(page)
    deliver()
    tried = Delivery.objects.filter(attempts=1).count()
    assert circuits.FAILURES <= tried < 2 * circuits.FAILURES
    assert Delivery.objects.filter(attempts=0, status="pending").count() == 30 - tried


def test_when_it_works_again_one_letter_finds_out_and_all_go(page: StatusPage, machine: Hooks) -> None:
    for number in range(5):
        told(page, machine.url(f"/{number}"))
    machine.always = Answer(500)
    opened(page)
    deliver()
    assert len(machine.got) == 5
    machine.always = Answer(200)
    make_due()
    deliver()
    assert len(machine.got) == 5
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        make_due()
        deliver()
        assert len(machine.got) == 6
        make_due()
        deliver()
    assert Delivery.objects.filter(status="accepted").count() == 5
    assert len(machine.got) == 10


@pytest.mark.parametrize(("code", "opens"), [(500, True), (503, True), (404, False), (429, False)])
def test_refusals_are_answers(page: StatusPage, machine: Hooks, code: int, opens: bool) -> None:
    for number in range(6):
        told(page, machine.url(f"/{number}"))
    machine.always = Answer(code)
    opened(page)
    deliver()
    assert bool(circuits.look([f"127.0.0.1:{machine.port}"])) == opens


def test_mail_waits_for_its_server_without_using_up_attempts(
    page: StatusPage, subscribed: Add, mail: Sink, settings: Any
) -> None:
    for number in range(12):
        subscribed(f"p{number}")
    settings.EMAIL_PORT, port = 1, settings.EMAIL_PORT
    opened(page)
    deliver()
    assert sorted(Delivery.objects.values_list("attempts", flat=True)) == [0] * 7 + [1] * 5
    assert gate.room("email", 200, timezone.now()) == 0
    settings.EMAIL_PORT = port
    make_due()
    deliver()
    assert mail.recipients == []
    with time_machine.travel(timezone.now() + timedelta(seconds=31)):
        make_due()
        deliver()
        make_due()
        deliver()
    assert len(mail.recipients) == 12
    assert sorted(Delivery.objects.values_list("attempts", flat=True)) == [1] * 7 + [2] * 5


def test_a_chat_gets_one_message_a_second(page: StatusPage, machine: Hooks) -> None:
    told(page, machine.url("/a"), Channel.SLACK), told(page, machine.url("/b"), Channel.SLACK)
    for number in range(3):
        opened(page, name=f"Incident {number}")
    start = timezone.now()
    with time_machine.travel(start, tick=False):
        deliver()
        assert sorted(one.path for one in machine.got) == ["/a", "/b"]
        due = Delivery.objects.filter(status="pending", target=machine.url("/a")).order_by("next_attempt_at")
        assert [one.next_attempt_at for one in due] == [start + timedelta(seconds=1 + n) for n in range(2)]
        assert [one.attempts for one in due] == [0, 0]


def test_a_chat_that_asks_for_a_pause_gets_it_for_all_its_messages(page: StatusPage, machine: Hooks) -> None:
    told(page, machine.url("/a"), Channel.SLACK)
    machine.answers = [Answer(429, headers={"Retry-After": "40"})]
    incident = opened(page)
    deliver()
    post_update(page, incident, ACTOR, Words("identified", "We found it."))
    deliver()
    assert len(machine.got) == 1

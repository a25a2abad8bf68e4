"""Asking, claiming, acknowledging, failing."""

from __future__ import annotations

import errno
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from threading import Event

import pytest
import time_machine
from django.db import connection
from django.utils import timezone

from outbox import queue, registry
from outbox.actions import repeat
from outbox.drain import _wait_for_next, drain, drain_lanes
from outbox.models import OutboxItem
from outbox.registry import Claimed, Lane, Later, register, register_batch
from tenants.models import Tenant
from tests.clocks import Stopwatch

TOPIC = "test"
MINUTE = timedelta(minutes=1)
Handler = Callable[[Claimed], None]


@pytest.fixture
def handled(acme: Tenant) -> Iterator[list[tuple[str, str]]]:
    """(key, schema) of each row of TOPIC that was handled."""
    seen: list[tuple[str, str]] = []
    register(TOPIC, Lane.PUBLISH, lambda item: seen.append((item.key, connection.schema_name)))
    yield seen
    registry._topics.pop(TOPIC)


def claim() -> tuple[object, list[Claimed]]:
    return queue.claim([TOPIC], 10, MINUTE)


def test_asking_twice_makes_one_row(acme: Tenant) -> None:
    queue.put(TOPIC, acme.id, ["a"])
    queue.put(TOPIC, acme.id, ["a"])

    assert OutboxItem.objects.get(topic=TOPIC, key="a").seq == 2


def test_a_row_is_handled_in_its_tenants_schema(
    handled: list[tuple[str, str]], acme: Tenant, globex: Tenant
) -> None:
    queue.put(TOPIC, acme.id, ["a"])
    queue.put(TOPIC, globex.id, ["b"])
    drain([TOPIC])

    assert sorted(handled) == [("a", acme.schema_name), ("b", globex.schema_name)]
    assert connection.schema_name == acme.schema_name


def test_a_claimed_row_is_not_claimed_again_until_its_lease_ends(acme: Tenant) -> None:
    queue.put(TOPIC, acme.id, ["a"])
    _, first = claim()
    assert [item.key for item in first] == ["a"]
    assert claim()[1] == []

    OutboxItem.objects.filter(topic=TOPIC).update(lease_until=timezone.now() - timedelta(seconds=1))
    assert [item.attempts for item in claim()[1]] == [2]


def test_what_is_asked_for_while_it_is_handled_stays(acme: Tenant) -> None:
    queue.put(TOPIC, acme.id, ["a"])
    token, [item] = queue.claim([TOPIC], 1, MINUTE)
    queue.put(TOPIC, acme.id, ["a"])
    queue.acknowledge(item, token)

    assert [(again.key, again.seq) for again in claim()[1]] == [("a", 2)]


def test_what_is_asked_for_without_end_leaves_its_turn_to_others(
    acme: Tenant, failing: Callable[[Handler], None]
) -> None:
    done: list[str] = []

    def work_long_and_ask_again(item: Claimed) -> None:
        done.append(item.key)
        if done == ["a"]:
            time.sleep(0.25)
            queue.put(TOPIC, item.tenant_id, ["a"])
            queue.put(TOPIC, item.tenant_id, ["b"])

    failing(work_long_and_ask_again)
    queue.put(TOPIC, acme.id, ["a"])
    drain_lanes(Lane.PUBLISH)

    assert done == ["a", "b", "a"]


def test_no_asking_makes_a_rest_shorter_and_none_is_put_off_by_one_for_later(acme: Tenant) -> None:
    queue.put(TOPIC, acme.id, ["a"])
    token, [item] = queue.claim([TOPIC], 1, MINUTE)
    queue.put(TOPIC, acme.id, ["a"])
    queue.acknowledge(item, token, rest=MINUTE)
    queue.put(TOPIC, acme.id, ["a"])
    queue.put(TOPIC, acme.id, ["a"], due_at=timezone.now() + 60 * MINUTE)
    assert claim()[1] == []

    with time_machine.travel(timezone.now() + 2 * MINUTE):
        assert [again.key for again in claim()[1]] == ["a"]


def test_whoever_waits_for_what_is_due_soon_hears_of_what_is_due_now(
    acme: Tenant, handled: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("outbox.drain._SOON", MINUTE)
    OutboxItem.objects.all().delete()
    queue.put(TOPIC, acme.id, ["a"])
    token, [item] = queue.claim([TOPIC], 1, MINUTE)
    queue.put(TOPIC, acme.id, ["a"])
    queue.acknowledge(item, token, rest=MINUTE)
    called = Event()
    called.set()
    watch = Stopwatch()
    assert _wait_for_next([Lane.PUBLISH], called)
    assert watch.passed < 30

    OutboxItem.objects.update(lease_until=timezone.now() + timedelta(seconds=1))
    watch = Stopwatch()
    assert _wait_for_next([Lane.PUBLISH], called)
    assert watch.passed > 0.8


def test_a_worker_that_lost_its_lease_acknowledges_nothing(acme: Tenant) -> None:
    queue.put(TOPIC, acme.id, ["a"])
    late, [item] = queue.claim([TOPIC], 1, MINUTE)
    OutboxItem.objects.filter(topic=TOPIC).update(lease_until=timezone.now() - timedelta(seconds=1))
    token, [_] = queue.claim([TOPIC], 1, MINUTE)
    queue.acknowledge(item, late)

    assert OutboxItem.objects.get(topic=TOPIC).lease_token == token


def test_work_for_later_waits(handled: list[tuple[str, str]], acme: Tenant) -> None:
    queue.put(TOPIC, acme.id, ["a"], due_at=timezone.now() + MINUTE)
    drain([TOPIC])
    assert handled == []

    queue.put(TOPIC, acme.id, ["a"], due_at=timezone.now() - MINUTE)
    drain([TOPIC])
    assert len(handled) == 1


def test_withdrawn_work_is_not_done(handled: list[tuple[str, str]], acme: Tenant) -> None:
    queue.put(TOPIC, acme.id, ["a"])

    assert queue.cancel(TOPIC, acme.id, "a")
    drain([TOPIC])
    assert handled == []


def fail_always(item: Claimed) -> None:
    message = f"{item.key} is broken"
    raise ValueError(message)


def too_early(item: Claimed) -> None:
    raise Later(MINUTE)


@pytest.fixture
def failing(acme: Tenant) -> Iterator[Callable[[Handler], None]]:
    yield lambda handle: register(TOPIC, Lane.PUBLISH, handle)
    registry._topics.pop(TOPIC)


def drain_now() -> None:
    OutboxItem.objects.filter(topic=TOPIC).update(due_at=timezone.now())
    drain([TOPIC])


def test_what_fails_is_tried_again_and_ends_as_dead_and_can_be_repeated(
    acme: Tenant, failing: Callable[[Handler], None]
) -> None:
    failing(fail_always)
    queue.put(TOPIC, acme.id, ["a"])
    for _ in range(queue.ATTEMPTS):
        drain_now()

    row = OutboxItem.objects.get(topic=TOPIC)
    assert row.dead_at is not None
    assert "a is broken" in row.last_error
    assert claim()[1] == []
    assert repeat([row.pk]) == 1
    assert [item.key for item in claim()[1]] == ["a"]


def disk_is_full(item: Claimed) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_what_a_full_disk_stops_is_tried_until_there_is_room(
    acme: Tenant, failing: Callable[[Handler], None]
) -> None:
    failing(disk_is_full)
    queue.put(TOPIC, acme.id, ["a"])
    for _ in range(2 * queue.ATTEMPTS):
        drain_now()

    row = OutboxItem.objects.get(topic=TOPIC)
    assert row.dead_at is None
    assert "No space left" in row.last_error
    assert row.due_at - timezone.now() < timedelta(seconds=10)


@pytest.mark.parametrize("hours", [1, 24 * 365])
def test_a_clock_that_is_set_back_puts_nothing_off(acme: Tenant, hours: int) -> None:
    now = timezone.now()
    with time_machine.travel(now + timedelta(hours=hours)):
        queue.put(TOPIC, acme.id, ["at once", "failed"])
        queue.put(TOPIC, acme.id, ["at midnight"], due_at=timezone.now() + timedelta(hours=7))
    OutboxItem.objects.filter(key="failed").update(attempts=3, created_at=now - MINUTE)
    assert claim()[1] == []

    queue.forget_what_will_be(now)

    assert sorted(item.key for item in claim()[1]) == ["at once", "failed"]


def test_one_bad_row_does_not_stop_the_others(acme: Tenant, failing: Callable[[Handler], None]) -> None:
    done: list[str] = []
    failing(lambda item: fail_always(item) if item.key == "bad" else done.append(item.key))
    queue.put(TOPIC, acme.id, ["bad", "good"])
    drain([TOPIC])

    assert done == ["good"]


def test_too_early_is_no_failure(acme: Tenant, failing: Callable[[Handler], None]) -> None:
    failing(too_early)
    queue.put(TOPIC, acme.id, ["a"])
    drain([TOPIC])

    row = OutboxItem.objects.get(topic=TOPIC)
    assert row.attempts == 0
    assert row.due_at > timezone.now()


def test_a_row_that_kills_its_worker_every_time_ends_as_dead(
    handled: list[tuple[str, str]], acme: Tenant
) -> None:
    queue.put(TOPIC, acme.id, ["a"])
    OutboxItem.objects.filter(topic=TOPIC).update(attempts=queue.ATTEMPTS)
    drain([TOPIC])

    assert handled == []
    assert OutboxItem.objects.get(topic=TOPIC).dead_at is not None


def test_finding_what_is_due_uses_the_index_however_much_waits(acme: Tenant) -> None:
    later = timezone.now() + timedelta(hours=1)
    queue.put(TOPIC, acme.id, [f"later {number}" for number in range(20_000)], due_at=later)
    queue.put(TOPIC, acme.id, ["now"])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE public.outbox_outboxitem")
        cursor.execute(
            "EXPLAIN (ANALYZE, FORMAT JSON) SELECT id FROM public.outbox_outboxitem WHERE topic = ANY(%s)"
            " AND dead_at IS NULL AND due_at <= %s ORDER BY due_at LIMIT 10",
            [[TOPIC], timezone.now()],
        )
        plan = str(cursor.fetchone()[0])

    assert "outbox_due" in plan
    assert "Seq Scan" not in plan


def ask_again_and_be_early(item: Claimed) -> None:
    queue.put(TOPIC, item.tenant_id, [item.key])
    raise Later(timedelta(hours=1))


def test_what_is_asked_for_meanwhile_is_not_put_off(acme: Tenant, failing: Callable[[Handler], None]) -> None:
    failing(ask_again_and_be_early)
    queue.put(TOPIC, acme.id, ["a"])
    token, [item] = queue.claim([TOPIC], 1, MINUTE)
    with pytest.raises(Later) as later:
        ask_again_and_be_early(item)
    queue.postpone(item, token, later.value.delay)

    assert [(again.key, again.attempts) for again in claim()[1]] == [("a", 1)]


def test_what_is_asked_for_during_the_last_failure_is_not_dead(acme: Tenant) -> None:
    queue.put(TOPIC, acme.id, ["a"])
    OutboxItem.objects.filter(topic=TOPIC).update(attempts=queue.ATTEMPTS - 1)
    token, [item] = queue.claim([TOPIC], 1, MINUTE)
    queue.put(TOPIC, acme.id, ["a"])
    queue.fail(item, token, "broken")

    assert [again.key for again in claim()[1]] == ["a"]


@pytest.fixture
def together(acme: Tenant) -> Iterator[list[list[str]]]:
    """The keys of each batch of at most three."""
    seen: list[list[str]] = []

    def handle(items: Sequence[Claimed]) -> None:
        assert connection.schema_name == "public"
        seen.append([item.key for item in items])

    register_batch(TOPIC, Lane.PUBLISH, handle, 3, MINUTE)
    yield seen
    registry._topics.pop(TOPIC)


def test_a_topic_may_take_rows_of_all_organisations_together(
    together: list[list[str]], acme: Tenant, globex: Tenant
) -> None:
    for number in range(4):
        queue.put(TOPIC, (acme, globex)[number % 2].id, [f"row {number}"])
    drain([TOPIC])

    assert sorted(len(keys) for keys in together) == [1, 3]
    assert sorted(key for keys in together for key in keys) == [f"row {number}" for number in range(4)]
    assert not OutboxItem.objects.filter(topic=TOPIC).exists()


def test_what_is_asked_for_while_a_batch_is_handled_stays(acme: Tenant) -> None:
    register_batch(TOPIC, Lane.PUBLISH, lambda _items: queue.put(TOPIC, acme.id, ["a"]), 3, MINUTE)
    queue.put(TOPIC, acme.id, ["a", "b"])
    token, items = queue.claim([TOPIC], 1, MINUTE)
    items += queue.claim([TOPIC], 2, MINUTE, token=token)[1]
    registry.topic(TOPIC).handle(items)
    for item in items:
        queue.acknowledge(item, token)

    assert list(OutboxItem.objects.filter(topic=TOPIC).values_list("key", "lease_token")) == [("a", None)]
    registry._topics.pop(TOPIC)


@pytest.mark.parametrize(("handle", "attempts", "error"), [(None, 1, "broken"), (MINUTE, 0, "")])
def test_one_outcome_holds_for_a_batch(
    acme: Tenant, handle: timedelta | None, attempts: int, error: str
) -> None:
    def refuse(_items: Sequence[Claimed]) -> None:
        raise ValueError("broken") if handle is None else Later(handle)

    register_batch(TOPIC, Lane.PUBLISH, refuse, 3, MINUTE)
    queue.put(TOPIC, acme.id, ["a", "b", "c"])
    drain([TOPIC])
    registry._topics.pop(TOPIC)

    rows = OutboxItem.objects.filter(topic=TOPIC)
    assert {(row.attempts, row.lease_token) for row in rows} == {(attempts, None)}
    assert all(error in row.last_error and row.due_at > timezone.now() for row in rows)


def test_a_row_that_kills_its_handler_is_left_out_of_the_batch(
    together: list[list[str]], acme: Tenant
) -> None:
    queue.put(TOPIC, acme.id, ["a", "b"])
    OutboxItem.objects.filter(topic=TOPIC, key="a").update(attempts=queue.ATTEMPTS)
    drain([TOPIC])

    assert together == [["b"]]
    assert OutboxItem.objects.get(topic=TOPIC).dead_at is not None

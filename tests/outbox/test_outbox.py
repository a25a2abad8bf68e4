"""Asking, claiming, acknowledging, failing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from outbox import queue, registry
from outbox.actions import repeat
from outbox.drain import drain
from outbox.models import OutboxItem
from outbox.registry import Claimed, Lane, Later, register
from tenants.models import Tenant

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

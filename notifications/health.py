"""How machines that are told have fared: who fails is warned about, and after days of nothing else given up.

People's addresses are judged by what their provider says (quarantine); a machine's by its answers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F, Q

from notifications.letters import NOT_TRIED, Outcome, Verdict
from notifications.models import EndpointHealth
from outbox.queue import put
from subscribers.choices import MACHINES

FAILING = "failing"
# Its owner hears of it at this attempt that failed in a row.
WARN_AT = 4
GIVE_UP_AFTER = timedelta(days=5)

# Texts, as making arrays takes long; no id has a comma.
_NOTE = """
    INSERT INTO public.notifications_endpointhealth AS h
           (tenant_id, subscriber_id, consecutive_failures, first_failure_at, last_failure_at,
            last_success_at, disabled_reason)
    SELECT tenant, subscriber, failures, CASE WHEN failures > 0 THEN %(now)s END,
           CASE WHEN failures > 0 THEN %(now)s END, CASE WHEN failures = 0 THEN %(now)s END, ''
      FROM unnest(string_to_array(%(tenants)s, ','), string_to_array(%(subscribers)s, ','),
                  string_to_array(%(failures)s, ',')::int[])
        AS said (tenant, subscriber, failures)
    ON CONFLICT (tenant_id, subscriber_id) DO UPDATE
       SET consecutive_failures = CASE WHEN excluded.consecutive_failures = 0 THEN 0
                                       ELSE h.consecutive_failures + excluded.consecutive_failures END,
           first_failure_at = CASE WHEN excluded.consecutive_failures = 0 THEN NULL
                                   ELSE coalesce(h.first_failure_at, excluded.first_failure_at) END,
           last_failure_at = coalesce(excluded.last_failure_at, h.last_failure_at),
           last_success_at = coalesce(excluded.last_success_at, h.last_success_at),
           warned_at = CASE WHEN excluded.consecutive_failures = 0 THEN NULL ELSE h.warned_at END
"""


def note(outcomes: Sequence[Outcome], failing: Mapping[int, bool], now: datetime) -> None:
    """Count each machine's failures in a row; one success among them ends the row. In the caller's
    transaction. `failing`: by deliveries' ids, whether their machine had failed before. One that never fails
    has no row, and costs nothing."""
    failures: dict[tuple[str, str], int] = {}
    for one in outcomes:
        if one.letter.channel in MACHINES and one.verdict not in NOT_TRIED:
            whose = one.letter.tenant_id, one.letter.subscriber_id
            if one.verdict != Verdict.ACCEPTED:
                failures[whose] = failures.get(whose, 0) + 1
            elif failing[one.letter.id]:
                failures[whose] = 0
            else:
                failures.pop(whose, None)
    if failures:
        _write(failures, now)


def failing_since(health: EndpointHealth, confirmed_at: datetime | None) -> datetime | None:
    """`confirmed_at`: since when it is told. One that was given up and taken up again begins anew."""
    if health.first_failure_at is None or confirmed_at is None:
        return health.first_failure_at
    return max(health.first_failure_at, confirmed_at)


def _write(failures: Mapping[tuple[str, str], int], now: datetime) -> None:
    # In one order everywhere, so that two who write the same rows do not wait for each other.
    machines = sorted(failures)
    with connection.cursor() as cursor:
        cursor.execute(
            _NOTE,
            {
                "now": now,
                "tenants": ",".join(tenant for tenant, _ in machines),
                "subscribers": ",".join(subscriber for _, subscriber in machines),
                "failures": ",".join(str(failures[one]) for one in machines),
            },
        )
    _ask([one for one in machines if failures[one]], now)


def _ask(whose: Sequence[tuple[str, str]], now: datetime) -> None:
    """Have those looked after that have failed often enough, or for long enough."""
    late = Q(consecutive_failures__gte=WARN_AT, warned_at=None)
    late |= Q(first_failure_at__lte=now - GIVE_UP_AFTER)
    ids = [subscriber for _, subscriber in whose]
    found = EndpointHealth.objects.filter(late, subscriber_id__in=ids).order_by(F("subscriber_id"))
    for tenant_id, subscriber_id in found.values_list("tenant_id", "subscriber_id"):
        if (tenant_id, subscriber_id) in set(whose):
            put(FAILING, tenant_id, [subscriber_id])

"""What an organisation may spend on SMS in a day. Closed where the counters cannot be reached: whoever makes
them fail must not be able to make us spend."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django_redis import get_redis_connection
from redis.exceptions import RedisError

from notifications.letters import Letter
from notifications.sms.segments import segments
from subscribers.phones import country_of
from tenants.sms import limits

# Counted in whole ten-thousandths of the currency's unit.
_UNIT = 10_000
_KEPT = timedelta(days=2)


class NotCounting(Exception):
    """The counters are away."""


@dataclass(frozen=True, slots=True)
class Cost:
    """`amount` is in ten-thousandths."""

    tenant_id: str
    amount: int


def cost(letter: Letter, text: str) -> Cost:
    return Cost(letter.tenant_id, int(segments(text) * price(letter.target) * _UNIT))


def price(number: str) -> Decimal:
    """Of a segment to this number, in the currency that prices and cap are meant in."""
    prices: Mapping[str, Decimal] = settings.SMS_PRICES
    return prices.get(country_of(number), prices["*"])


def reserve(costs: Mapping[int, Cost], now: datetime) -> set[int]:
    """Count what fits below the organisations' caps of the day as spent; the ids of what does not fit. Raises
    NotCounting."""
    try:
        pipeline = get_redis_connection("limits").pipeline(transaction=False)
        for one in costs.values():
            key = _key(one.tenant_id, now)
            pipeline.incrby(key, one.amount).expire(key, _KEPT)
        totals = pipeline.execute()[::2]
    except (RedisError, OSError) as error:
        raise NotCounting from error
    allowed = limits({one.tenant_id for one in costs.values()})
    most = {tenant_id: int(cap * _UNIT) for tenant_id, (_countries, cap) in allowed.items()}
    after = zip(costs.items(), totals, strict=True)
    over = {number for (number, one), total in after if total > most[one.tenant_id]}
    give_back([costs[number] for number in over], now)
    return over


def give_back(costs: Sequence[Cost], now: datetime) -> None:
    """What was counted and then not sent. Without the counters it stays counted: that is the safe side."""
    amounts: Counter[str] = Counter()
    for one in costs:
        amounts[one.tenant_id] += one.amount
    try:
        pipeline = get_redis_connection("limits").pipeline(transaction=False)
        for tenant_id, amount in amounts.items():
            pipeline.decrby(_key(tenant_id, now), amount)
        pipeline.execute()
    except (RedisError, OSError):
        return


def spent(tenant_id: str, now: datetime) -> Decimal | None:
    """What the organisation has spent on this day; None where the counters cannot be reached."""
    try:
        counted = get_redis_connection("limits").get(_key(tenant_id, now))
    except (RedisError, OSError):
        return None
    return Decimal(int(counted or 0)) / _UNIT


def _key(tenant_id: str, now: datetime) -> str:
    return f"sms:spent:{tenant_id}:{now:%Y%m%d}"

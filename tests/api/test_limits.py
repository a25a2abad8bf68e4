"""How often a key may ask."""

from __future__ import annotations

from typing import Any

import pytest
import time_machine
from django.conf import LazySettings
from django.core.cache import caches

from api import limits
from tenants.models import ApiKey, Tenant, User
from tests.api.conftest import machine


@pytest.fixture
def no_redis(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The counters are away."""
    gone = settings.CACHES["limits"] | {"LOCATION": "redis://127.0.0.1:1/0"}
    settings.CACHES = settings.CACHES | {"limits": gone}
    monkeypatch.setattr(limits, "_requests", type(limits._requests)())


@pytest.mark.parametrize("away", [False, True])
def test_a_key_may_ask_so_often_in_a_minute(
    acme: Tenant, owner: User, away: bool, request: pytest.FixtureRequest
) -> None:
    if away:
        request.getfixturevalue("no_redis")
    key, other = machine(owner, acme, per_minute=3), machine(owner, acme)

    assert [key.get("/pages").status for _time in range(5)] == [200, 200, 200, 429, 429]
    refused = key.get("/pages")
    assert 1 <= int(refused.headers["Retry-After"]) <= 61
    assert set(refused.json) == {"error", "message"}
    assert other.get("/pages").status == 200


def test_a_minute_rolls(acme: Tenant, owner: User, no_redis: None, monkeypatch: pytest.MonkeyPatch) -> None:
    machine(owner, acme, per_minute=2)
    key, clock = ApiKey.objects.get(), [0.0]
    monkeypatch.setattr(limits.time, "monotonic", lambda: clock[0])

    def at(seconds: float) -> bool:
        clock[0] = seconds
        try:
            limits.count_request(key)
        except limits.TooOften:
            return False
        return True

    assert [at(when) for when in (0, 50, 59, 61, 62, 111)] == [True, True, False, True, False, True]


def test_redis_rolls_the_minute_as_well(acme: Tenant, owner: User) -> None:
    machine(owner, acme, per_minute=2)
    key = ApiKey.objects.get()
    redis: Any = limits.get_redis_connection("limits")
    seconds = redis.time()[0]
    redis.zadd(f"api:{key.pk}", {"long ago": (seconds - 61) * 1000, "lately": (seconds - 50) * 1000})

    limits.count_request(key)
    with pytest.raises(limits.TooOften) as refusal:
        limits.count_request(key)
    assert 1 <= refusal.value.seconds <= 11


def test_the_installation_says_how_often_unless_the_key_does(
    acme: Tenant, owner: User, settings: LazySettings
) -> None:
    settings.API_REQUESTS_PER_MINUTE = 1
    key = machine(owner, acme)
    assert [key.get("/pages").status for _time in range(2)] == [200, 429]


def test_limits_forget_nobody_by_the_clock_of_this_process(acme: Tenant, owner: User) -> None:
    """Redis has its own clock: a web server whose clock is wrong lets nobody in more often."""
    caches["limits"].clear()
    key = machine(owner, acme, per_minute=1)
    assert key.get("/pages").status == 200
    with time_machine.travel(4_000_000_000):
        assert key.get("/pages").status == 429

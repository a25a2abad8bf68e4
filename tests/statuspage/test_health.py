"""What the health pages say, and that they need nobody to be signed in."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from common.fingerprints import of_migrations
from common.tenancy import in_tenant
from outbox import heartbeat
from outbox.models import Heartbeat, OutboxItem
from outbox.queue import put
from pages.models import StatusPage
from publishing.emergency.fold import fold
from publishing.emergency.keys import key_of
from publishing.storage import store
from statuspage import health
from store.emergency import Log, Notice, Said
from tenants.models import Installation, Tenant

pytestmark = pytest.mark.django_db


@pytest.fixture
def at_app_host() -> Client:
    return Client(headers={"host": "localhost"})


@pytest.fixture
def busy(db: None, settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everything runs, has run for a while, and nothing waits."""
    monkeypatch.setattr(health, "BEGAN", time.monotonic() - 60)
    settings.STORE_DIR = tmp_path
    OutboxItem.objects.all().delete()
    heartbeat.beat(heartbeat.TICKER)
    heartbeat.beat(heartbeat.WORKER)


def problems(client: Client) -> list[str]:
    return list(client.get("/health").json()["problems"])


def test_livez_asks_nothing_of_the_database(at_app_host: Client, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert at_app_host.get("/livez").status_code == 200


def test_livez_names_the_instance_where_it_has_a_name(at_app_host: Client, settings: Any) -> None:
    assert "X-Instance" not in at_app_host.get("/livez").headers

    settings.INSTANCE = "3f9a"
    assert at_app_host.get("/livez").headers["X-Instance"] == "3f9a"


def test_readyz_knows_whether_the_database_fits(at_app_host: Client) -> None:
    Installation.objects.update_or_create(id=1, defaults={"migrations": "of another release"})
    assert at_app_host.get("/readyz").status_code == 503

    Installation.objects.update(migrations=of_migrations())
    assert at_app_host.get("/readyz").status_code == 200


def test_all_is_well(at_app_host: Client, busy: None) -> None:
    answer = at_app_host.get("/health")

    assert answer.status_code == 200
    assert answer.json()["problems"] == []


def test_a_process_that_has_just_begun_waits_for_the_others(
    at_app_host: Client, busy: None, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They begin in the same second, and the last they were seen is when all were stopped."""
    put("publish", acme.id, ["x"], due_at=timezone.now() - timedelta(minutes=5))
    Heartbeat.objects.update(at=timezone.now() - timedelta(hours=1))
    assert len(problems(at_app_host)) == 3

    monkeypatch.setattr(health, "BEGAN", time.monotonic() - 1)
    answer = at_app_host.get("/health")
    assert (answer.status_code, answer.json()["starting"]) == (200, True)
    OutboxItem.objects.update(dead_at=timezone.now())
    assert len(problems(at_app_host)) == 1
    monkeypatch.setattr(health, "BEGAN", time.monotonic() - 20)
    assert at_app_host.get("/health").json()["starting"] is False


def test_work_that_waits_too_long_is_a_problem(at_app_host: Client, busy: None, acme: Tenant) -> None:
    put("publish", acme.id, ["x"], due_at=timezone.now() - timedelta(minutes=5))

    answer = at_app_host.get("/health")
    assert answer.status_code == 503
    assert answer.json()["problems"] == ["Work is overdue."]
    assert answer.json()["oldest_due_row_age"] > 299


def test_rows_that_fail_again_and_again_are_a_problem(at_app_host: Client, busy: None, acme: Tenant) -> None:
    put("publish", acme.id, ["x"], due_at=timezone.now() + timedelta(seconds=8))
    OutboxItem.objects.update(attempts=2, last_error="OSError: No space left on device")
    assert problems(at_app_host) == []

    OutboxItem.objects.update(attempts=3)
    assert problems(at_app_host) == ["Some work fails, and is tried again; see the outbox in the admin."]


def test_a_redis_that_does_not_answer_is_a_problem(at_app_host: Client, busy: None, settings: Any) -> None:
    settings.LIMITS_REDIS_URL = "redis://127.0.0.1:1/2"

    assert problems(at_app_host) == ["Redis does not answer: limits."]


def test_dead_rows_are_a_problem(at_app_host: Client, busy: None, acme: Tenant) -> None:
    put("publish", acme.id, ["x"])
    OutboxItem.objects.update(dead_at=timezone.now())

    assert problems(at_app_host) == ["Some work failed for good; see the outbox in the admin."]


def test_silent_processes_are_a_problem(at_app_host: Client, busy: None) -> None:
    for name in (heartbeat.TICKER, heartbeat.WORKER):
        heartbeat.Heartbeat.objects.filter(name=name).update(at=timezone.now() - timedelta(minutes=1))

    assert len(problems(at_app_host)) == 2


def test_a_notice_that_waits_for_its_history_is_a_problem(
    at_app_host: Client, busy: None, acme: Tenant, page: StatusPage
) -> None:
    said = Said("u" * 12, "investigating", timezone.now(), "We look.")
    notice = Notice("n" * 12, "Logins fail", "major", timezone.now() + timedelta(hours=1), (said,))
    store().notices.put(page.pk, Log(page.pk, 1, (notice,)).to_bytes(key_of(page.pk)))
    assert problems(at_app_host) == ["An emergency notice is not in its page's history yet."]

    with in_tenant(acme.id):
        fold(page)
    assert problems(at_app_host) == []


def test_children_of_the_supervisor_are_shown(
    at_app_host: Client, busy: None, settings: Any, tmp_path: Path
) -> None:
    settings.CHILDREN_PATH = str(tmp_path / "children.json")
    (tmp_path / "children.json").write_text(json.dumps({"children": [{"name": "web"}]}))

    assert at_app_host.get("/health").json()["children"] == {"children": [{"name": "web"}]}


def test_page_hosts_have_no_health_page() -> None:
    assert Client(headers={"host": "acme.localhost"}).get("/health").status_code == 404

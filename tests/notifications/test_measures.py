"""What Prometheus is shown is what has happened."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.request import urlopen

import time_machine
from django.utils import timezone
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from common.tenancy import current_tenant_id
from notifications import measures
from notifications.models import Delivery
from outbox.drain import drain
from pages.change import NOTIFY
from pages.models import StatusPage
from statuspage import measuring
from tests.mailing import Add, deliver, opened
from tests.notifications.test_sending import crowd
from tests.services import any_port
from tests.sink import Sink


def value(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_attempts_are_counted_by_what_became_of_them(page: StatusPage, subscribed: Add, mail: Sink) -> None:
    for name in ("ada", "bob", "eve"):
        subscribed(name)
    mail.answers["ada@example.org"] = ["451 Later"]
    mail.answers["bob@example.org"] = ["550 5.1.1 Nobody"]
    mine = {"channel": "email", "tenant": current_tenant_id()}
    names = ["accepted", "pending", "bounced"]
    before = [value("notifications_attempts_total", **mine, status=name) for name in names]
    opened(page)
    deliver()
    after = [value("notifications_attempts_total", **mine, status=name) for name in names]
    assert [new - old for new, old in zip(after, before, strict=True)] == [1, 1, 1]


def test_dwell_is_from_the_event_to_the_first_attempt_alone(
    page: StatusPage, subscribed: Add, mail: Sink
) -> None:
    subscribed("ada")
    mail.answers["ada@example.org"] = ["451 Later"]
    opened(page)
    drain([NOTIFY])
    many, total = "notifications_dwell_seconds_count", "notifications_dwell_seconds_sum"
    before = value(many, channel="email"), value(total, channel="email")
    for minutes in (10, 60):
        with time_machine.travel(timezone.now() + timedelta(minutes=minutes)):
            deliver()
    assert value(many, channel="email") - before[0] == 1
    assert 590 < value(total, channel="email") - before[1] < 700


def test_the_port_shows_what_is_due_in_each_lane(acme: Any, settings: Any, monkeypatch: Any) -> None:
    """The counts are asked of the database when somebody looks."""
    crowd("one", 30)
    crowd("other", 20, due=timedelta(hours=-2))
    crowd("early", 7, due=timedelta(hours=1))
    Delivery.objects.of("one").filter(subscriber_id="s1").update(lane="chat")
    monkeypatch.setattr(measures, "MOST", 40)
    monkeypatch.setattr(measures.connection, "close", lambda: None)
    found = {
        (sample.name, sample.labels["lane"]): sample.value
        for family in measures.Queues().collect()
        for sample in family.samples
    }
    assert found["notifications_due", "email"] == 40
    assert found["notifications_due", "chat"] == 1
    assert found["notifications_due", "sms"] == 0
    assert 7100 < found["notifications_oldest_due_seconds", "email"] < 7300
    assert 50 < found["notifications_oldest_due_seconds", "chat"] < 90
    assert found["notifications_oldest_due_seconds", "sms"] == 0


def test_a_process_shows_its_measures_where_it_is_told_to(settings: Any) -> None:
    settings.METRICS_PORT = any_port()
    measuring.serve()
    with urlopen(f"http://127.0.0.1:{settings.METRICS_PORT}/metrics", timeout=5) as answer:
        families = {family.name for family in text_string_to_metric_families(answer.read().decode())}
    assert {
        "notifications_attempts",
        "notifications_dwell_seconds",
        "notifications_attempt_seconds",
    } <= families
    # Somebody has the port: that is logged, and the work goes on.
    measuring.serve()

"""Services are asked as their documentation says; whatever they answer, what is known stays."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.db import connection

from common import fetching
from common.encryption import Unreadable
from common.errors import Refused
from common.fetching import FetchError, fetch
from events.models import Event
from metrics.actions import create_metric, create_provider, delete_provider, update_metric, update_provider
from metrics.asking import POLL
from metrics.credentials import opened
from metrics.models import Metric, MetricsProvider
from metrics.polling import poll
from outbox.models import OutboxItem
from outbox.registry import Later
from pages.models import StatusPage
from tests.conftest import ACTOR
from tests.metrics.answers import AT, DATADOG, LIBRATO, NEW_RELIC, NOW, PINGDOM, TOLD
from tests.metrics.serving import Answer, Service, serving

SECRET = "sentinel-of-a-secret"
KEYS: dict[str, dict[str, str]] = {
    "Datadog": {"api_key": SECRET, "api_token": f"app-{SECRET}"},
    "NewRelic": {"api_key": SECRET},
    "Librato": {"email": "ops@example.com", "api_token": SECRET},
    "Pingdom": {"api_token": SECRET},
}
IDENTIFIERS = {
    "Datadog": {"metric_identifier": "avg:trace.http.request{env:prod}"},
    "NewRelic": {"metric_identifier": "HttpDispatcher", "application_id": "123"},
    "Librato": {"metric_identifier": "api.response"},
    "Pingdom": {"metric_identifier": "85975"},
}
ANSWERS = {"Datadog": DATADOG, "NewRelic": NEW_RELIC, "Librato": LIBRATO, "Pingdom": PINGDOM}
ASKED: dict[str, tuple[str, dict[str, str], dict[str, str]]] = {
    "Datadog": (
        "/api/v1/query",
        {"dd-api-key": SECRET, "dd-application-key": f"app-{SECRET}"},
        {"query": "avg:trace.http.request{env:prod}"},
    ),
    "NewRelic": (
        "/v2/applications/123/metrics/data.json",
        {"api-key": SECRET},
        {"names[]": "HttpDispatcher", "values[]": "average_response_time", "period": "60"},
    ),
    "Librato": ("/v1/metrics/api.response", {}, {"resolution": "60", "summarize_sources": "true"}),
    "Pingdom": ("/api/3.1/results/85975", {"authorization": f"Bearer {SECRET}"}, {}),
}


@pytest.fixture(autouse=True)
def stopped(settings: Any) -> Iterator[time_machine.Coordinates]:
    settings.EGRESS_ALLOW_NETS = ["127.0.0.0/8"]
    with time_machine.travel(NOW, tick=False) as clock:
        yield clock


@pytest.fixture
def service() -> Iterator[Service]:
    with serving() as machine:
        yield machine


def fetched(page: StatusPage, service: Service, kind: str) -> Metric:
    provider = create_provider(page, ACTOR, kind=kind, metric_base_uri=service.base, **KEYS[kind])
    return create_metric(page, provider, ACTOR, name="Response time", **IDENTIFIERS[kind])


def asked_again_after(metric: Metric) -> timedelta:
    with pytest.raises(Later) as later:
        poll(metric.provider_id)
    metric.refresh_from_db()
    metric.provider.refresh_from_db()
    return later.value.delay


def values(metric: Metric) -> list[tuple[int, float]]:
    points = metric.points.order_by("at")
    return [(int(point.at.timestamp()), point.value) for point in points]


@pytest.mark.parametrize("kind", KEYS)
def test_a_service_is_asked_as_it_wants_to_be_and_its_answer_becomes_points(
    page: StatusPage, service: Service, kind: str
) -> None:
    metric = fetched(page, service, kind)
    service.always = Answer(body=ANSWERS[kind])
    assert asked_again_after(metric) == timedelta(minutes=1)

    path, headers, query = ASKED[kind]
    got = urlsplit(service.got[0].path)
    assert got.path == path
    assert headers.items() <= service.got[0].headers.items()
    assert query.items() <= {name: found[0] for name, found in parse_qs(got.query).items()}.items()
    assert values(metric) == TOLD
    assert metric.last_fetched_at == metric.provider.last_revalidated_at == NOW
    assert metric.provider.failures == 0


@pytest.mark.parametrize("kind", KEYS)
def test_asked_again_it_is_asked_for_little_and_nothing_is_counted_twice(
    page: StatusPage, service: Service, kind: str, stopped: time_machine.Coordinates
) -> None:
    metric = fetched(page, service, kind)
    service.always = Answer(body=ANSWERS[kind])
    asked_again_after(metric)
    stopped.shift(60)
    asked_again_after(metric)

    query = parse_qs(urlsplit(service.got[1].path).query)
    since = (query.get("from") or query.get("start_time") or [""])[0]
    assert since in {str(AT - 300), "2026-11-20T11:57:00+00:00"}
    assert values(metric) == TOLD


NONE = (
    "",
    "{",
    "[" * 100_000,
    "[]",
    "null",
    '"x"',
    "1",
    "{}",
    '{"results": 1, "series": {"a": 1}, "measurements": [[1]], "metric_data": {"metrics": [{}]}}',
    '{"results": [{"time": "x", "responsetime": 1}], "series": [{"pointlist": [[1]]}]}',
    '{"results": [{"time": 1e400, "responsetime": 1}], "series": [{"pointlist": [["x", {}]]}]}',
    '{"measurements": {"all": [{}]}, "series": [1], "results": [1], "metric_data": 1}',
)


@pytest.mark.parametrize("kind", KEYS)
def test_an_answer_that_is_none_loses_nothing_and_is_told_to_the_team(
    page: StatusPage, service: Service, kind: str, stopped: time_machine.Coordinates
) -> None:
    metric = fetched(page, service, kind)
    service.answers = [Answer(body=ANSWERS[kind]), *(Answer(body=body) for body in NONE)]
    asked_again_after(metric)
    for body in NONE:
        stopped.shift(timedelta(hours=1))
        before = metric.failures, metric.provider.failures
        asked_again_after(metric)
        assert metric.failures > before[0] or metric.provider.failures > before[1], body
        assert SECRET not in metric.last_error + metric.provider.last_error

    assert values(metric) == TOLD
    assert not service.answers


@pytest.mark.parametrize(
    ("status", "of_all"), [(401, True), (403, True), (404, False), (400, False), (429, True), (500, True)]
)
def test_what_is_about_keys_or_service_holds_for_all_of_its_metrics(
    page: StatusPage, service: Service, status: int, of_all: bool
) -> None:
    metric = fetched(page, service, "Pingdom")
    create_metric(page, metric.provider, ACTOR, name="Other", metric_identifier="2")
    service.always = Answer(status, "no")
    asked_again_after(metric)

    assert len(service.got) == (1 if of_all else 2)
    failing: Any = metric.provider if of_all else metric
    assert failing.failures == 1
    assert failing.last_error == f"127.0.0.1 answered with {status}."
    assert failing.next_try_at is not None


def test_whoever_fails_is_asked_less_and_less_often_and_at_once_when_set_right(
    page: StatusPage, service: Service, stopped: time_machine.Coordinates
) -> None:
    metric = fetched(page, service, "Pingdom")
    service.always = Answer(500, "no")
    pauses = []
    for _time in range(12):
        pauses.append(asked_again_after(metric))
        stopped.shift(pauses[-1])
    assert pauses == sorted(pauses)
    assert pauses[0] == timedelta(minutes=1)
    assert pauses[-1] == timedelta(minutes=30)
    assert len(service.got) == 12

    OutboxItem.objects.filter(topic=POLL).delete()
    service.always = Answer(body=PINGDOM)
    update_provider(page, metric.provider, ACTOR, api_token="another")
    assert OutboxItem.objects.filter(topic=POLL, key=metric.provider_id).exists()
    assert asked_again_after(metric) == timedelta(minutes=1)
    assert service.got[-1].headers["authorization"] == "Bearer another"
    assert metric.provider.failures == 0


def test_a_service_that_asks_for_a_pause_gets_it(page: StatusPage, service: Service) -> None:
    metric = fetched(page, service, "Datadog")
    service.always = Answer(429, "slow down", {"Retry-After": "900"})
    assert asked_again_after(metric) == timedelta(minutes=15)
    assert asked_again_after(metric) == timedelta(minutes=15)
    assert len(service.got) == 1


def test_nobody_inside_the_network_is_asked(page: StatusPage, service: Service, settings: Any) -> None:
    metric = fetched(page, service, "Pingdom")
    settings.EGRESS_ALLOW_NETS = []
    asked_again_after(metric)

    assert not service.got
    assert metric.provider.last_error == "127.0.0.1 could not be reached."


def test_redirects_are_not_followed(page: StatusPage, service: Service) -> None:
    metric = fetched(page, service, "Pingdom")
    service.always = Answer(302, "", {"Location": f"{service.base}/elsewhere"})
    asked_again_after(metric)
    assert len(service.got) == 1
    assert "302" in metric.last_error


def test_one_who_does_not_answer_is_left_after_a_while(
    service: Service, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    monkeypatch.setattr(fetching, "SILENCE", 0.2)
    service.always = Answer(after=1.0)
    with pytest.raises(FetchError, match="too long"):
        fetch(service.base, {})
    service.always = Answer(status=0)
    with pytest.raises(FetchError, match="could not be reached"):
        fetch(service.base, {})


def test_no_transaction_is_open_while_a_service_is_asked(
    page: StatusPage, monkeypatch: pytest.MonkeyPatch, service: Service
) -> None:
    """The test's own transaction is the only one."""
    metric = fetched(page, service, "Pingdom")
    depths = []

    def look(*_: Any, **__: Any) -> Any:
        depths.append(len(connection.savepoint_ids))
        msg = "seen"
        raise FetchError(msg)

    monkeypatch.setattr("metrics.providers.service.fetch", look)
    asked_again_after(metric)
    assert depths == [len(connection.savepoint_ids)] == [0]


def test_sources_that_are_gone_disabled_or_our_own_are_not_asked(page: StatusPage, service: Service) -> None:
    metric = fetched(page, service, "Pingdom")
    update_provider(page, metric.provider, ACTOR, disabled=True)
    poll(metric.provider_id)
    own = create_provider(page, ACTOR, kind="Self")
    poll(own.pk)
    delete_provider(page, metric.provider, ACTOR)
    poll(metric.provider_id)
    assert not service.got


def test_keys_are_encrypted_and_stand_in_no_event(page: StatusPage, service: Service) -> None:
    metric = fetched(page, service, "Datadog")
    stored = MetricsProvider.objects.values_list("credentials", flat=True).get(pk=metric.provider_id)
    assert SECRET not in stored
    assert opened(stored) == KEYS["Datadog"]
    assert SECRET not in repr([event.facts for event in Event.objects.all()])


def test_keys_of_another_secret_key_are_asked_for_again(
    page: StatusPage, service: Service, settings: Any
) -> None:
    metric = fetched(page, service, "Pingdom")
    settings.SECRET_KEY = "another"
    asked_again_after(metric)
    assert "enter them again" in metric.provider.last_error
    with pytest.raises(Unreadable):
        opened(metric.provider.credentials)

    update_provider(page, metric.provider, ACTOR, api_token="fresh")
    assert opened(MetricsProvider.objects.get(pk=metric.provider_id).credentials) == {"api_token": "fresh"}


REFUSED: list[tuple[str, dict[str, Any], str]] = [
    ("Nagios", {}, "kind"),
    ("", {}, "kind"),
    ("Datadog", {"api_key": SECRET}, "application_key"),
    ("Datadog", {"application_key": SECRET}, "api_key"),
    ("NewRelic", {}, "api_key"),
    ("Librato", {"api_token": SECRET}, "email"),
    ("Pingdom", {"application_key": SECRET, "email": "a@b.c", "password": "x"}, "api_token"),
    ("Pingdom", {"api_token": "with space"}, "api_token"),
    ("Pingdom", {"api_token": SECRET, "metric_base_uri": "ftp://example.com"}, "metric_base_uri"),
    ("Pingdom", {"api_token": SECRET, "metric_base_uri": "https://169.254.169.254"}, "metric_base_uri"),
    ("Pingdom", {"api_token": SECRET, "metric_base_uri": "https://u:p@example.com"}, "metric_base_uri"),
    ("Pingdom", {"api_token": SECRET, "metric_base_uri": "https://example.com/?a="}, "metric_base_uri"),
    ("Pingdom", {"api_token": SECRET, "metric_base_uri": "https://example.com/#"}, "metric_base_uri"),
]


@pytest.mark.parametrize(("kind", "fields", "named"), REFUSED, ids=str)
def test_a_source_that_could_never_be_asked_is_refused_by_the_field(
    page: StatusPage, kind: str, fields: dict[str, Any], named: str
) -> None:
    with pytest.raises(Refused) as refusal:
        create_provider(page, ACTOR, kind=kind, **fields)
    assert refusal.value.field == named
    assert not MetricsProvider.objects.exists()


ELSEWHERE: list[dict[str, Any]] = [
    {"metric_base_uri": "https://thief.example.com"},
    {"metric_base_uri": "http://api.pingdom.com"},
    {"kind": "Librato"},
    {"kind": "Datadog", "metric_base_uri": "https://thief.example.com"},
]


@pytest.mark.parametrize("fields", ELSEWHERE, ids=str)
def test_stored_keys_are_told_to_no_other_server(page: StatusPage, fields: dict[str, Any]) -> None:
    """Neither at once nor by way of a source that asks nobody."""
    provider = create_provider(page, ACTOR, kind="Pingdom", email="ops@example.com", api_token=SECRET)
    with pytest.raises(Refused, match=r"for https://api\.pingdom\.com\."):
        update_provider(page, provider, ACTOR, **fields)
    update_provider(page, provider, ACTOR, kind="Self")
    with pytest.raises(Refused, match="needs the key"):
        update_provider(page, provider, ACTOR, **{"kind": "Pingdom"} | fields)
    assert opened(MetricsProvider.objects.get().credentials) == {}


def test_whoever_gives_new_keys_may_ask_another_server(page: StatusPage) -> None:
    provider = create_provider(page, ACTOR, kind="Pingdom", email="ops@example.com", api_token=SECRET)
    provider = update_provider(page, provider, ACTOR, metric_base_uri="https://api.pingdom.com/proxy/")
    assert opened(provider.credentials) == {"email": "ops@example.com", "api_token": SECRET}
    moved = {"metric_base_uri": "https://pingdom.example.com", "api_token": "new"}
    provider = update_provider(page, provider, ACTOR, **moved)
    assert opened(provider.credentials) == {"api_token": "new"}


def test_a_metric_needs_what_its_source_knows_it_by(page: StatusPage, service: Service) -> None:
    metric = fetched(page, service, "NewRelic")
    for fields, named in (
        ({}, "metric_identifier"),
        ({"metric_identifier": "HttpDispatcher"}, "application_id"),
    ):
        with pytest.raises(Refused) as refusal:
            create_metric(page, metric.provider, ACTOR, name="Other", **fields)
        assert refusal.value.field == named
    with pytest.raises(Refused):
        update_metric(page, metric, ACTOR, metric_identifier="")
    assert Metric.objects.get().metric_identifier == "HttpDispatcher"

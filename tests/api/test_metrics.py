"""Metrics over `/v1`: exact statuses, strict types, forms as Rails nests them."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from metrics.models import Metric, MetricPoint
from tests.api.conftest import Machine

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def now() -> int:
    return int(time.time())


@pytest.fixture
def own(api: Machine) -> str:
    """The id of a source for pushed points."""
    answer = api.post("/metrics_providers", {"metrics_provider": {"type": "Self"}})
    assert answer.status == 201
    return str(answer.json["id"])


@pytest.fixture
def metric(api: Machine, own: str) -> str:
    answer = api.post(f"/metrics_providers/{own}/metrics", {"metric": {"name": "Latency"}})
    assert answer.status == 201
    return str(answer.json["id"])


def points() -> list[float]:
    return [point.value for point in MetricPoint.objects.order_by("at")]


def test_the_way_of_a_client_that_pushes(api: Machine, own: str, metric: str, now: int) -> None:
    """It finds its source and its metrics by lists, and wants 202."""
    sources = api.get("/metrics_providers.json").json
    assert [one["id"] for one in sources if one["type"] == "Self"] == [own]
    assert [one["id"] for one in api.get(f"/metrics_providers/{own}/metrics.json").json] == [metric]
    assert [one["id"] for one in api.get("/metrics.json").json] == [metric]

    sent = {metric: [{"timestamp": now - 60, "value": 1}, {"timestamp": now, "value": 2.5}]}
    answer = api.post("/metrics/data.json", {"data": sent})
    assert (answer.status, answer.json) == (202, sent)
    assert points() == [1.0, 2.5]


def test_one_point_is_echoed(api: Machine, metric: str, now: int) -> None:
    sent = {"data": {"timestamp": now, "value": 7.25}}
    answer = api.post(f"/metrics/{metric}/data.json", sent)
    assert (answer.status, answer.json) == (201, sent)
    assert api.get(f"/metrics/{metric}").json["most_recent_data_at"] is not None


@pytest.mark.parametrize("value", ["12.5", "-3", "1e3"])
def test_a_form_brings_a_point(api: Machine, metric: str, now: int, value: str) -> None:
    body = f"data[timestamp]={now}&data[value]={value}".encode()
    answer = api.send("POST", f"/metrics/{metric}/data.json", body, FORM)
    assert answer.status == 201, answer
    assert points() == [float(value)]


def test_a_form_brings_points_to_several(api: Machine, metric: str, now: int) -> None:
    body = "&".join(
        f"data[{metric}][][timestamp]={now - step}&data[{metric}][][value]={step}" for step in range(3)
    )
    assert api.send("POST", "/metrics/data", body.encode(), FORM).status == 202
    assert points() == [2.0, 1.0, 0.0]


def hostile(now: int) -> Iterator[tuple[str, int, Any]]:
    """What it is, the status that it is answered with, and what stands under `data`."""
    for value in ("1", "NaN", None, True, [], {}, [1], {"a": 1}, 1e16, "x" * 10_000):
        yield f"value {value!r:.20}", 422, {"timestamp": now, "value": value}
    for at in (str(now), None, True, [], {}, now + 0.5, now * 1000, now + 3600, now - 40 * 86400, -1, 10**30):
        yield f"timestamp {at!r:.20}", 422, {"timestamp": at, "value": 1}
    yield "no timestamp", 422, {"value": 1}
    yield "no value", 422, {"timestamp": now}
    yield "a list", 422, [{"timestamp": now, "value": 1}]
    yield "text", 422, "x"
    yield "a number", 422, 1
    yield "nothing", 400, None
    yield "deep", 400, {"timestamp": now, "value": json.loads("[" * 30 + "]" * 30)}


def test_what_is_no_point_is_refused_in_one_shape(api: Machine, metric: str, now: int) -> None:
    for what, status, data in hostile(now):
        for path, body in (
            (f"/metrics/{metric}/data", {"data": data}),
            ("/metrics/data", {"data": {metric: [data]}}),
        ):
            answer = api.post(path, body)
            several = path == "/metrics/data" and status == 400 and data is None
            assert answer.status == (422 if several else status), (what, path, answer)
            assert set(answer.json) == {"error", "message"}
    for raw in (b'{"data": {"timestamp": 1, "value": NaN}}', b'{"data": {"timestamp": 1, "value": 1e999}}'):
        assert api.send("POST", f"/metrics/{metric}/data", raw, "").status == 400
    for value in ("nan", "inf", "", "x", "1e400"):
        body = f"data[timestamp]={now}&data[value]={value}".encode()
        assert api.send("POST", f"/metrics/{metric}/data", body, FORM).status == 422, value
    for data in ({metric: {}}, {metric: "x"}, {metric: None}, [], "x", {metric: [[1, 2]]}):
        assert api.post("/metrics/data", {"data": data}).status == 422, data
    many = [{"timestamp": now - step, "value": 1} for step in range(3_001)]
    assert "too many" in api.post("/metrics/data", {"data": {metric: many}}).json["error"]
    assert not points()


def test_all_points_of_a_call_are_added_or_none(api: Machine, metric: str, now: int) -> None:
    good = [{"timestamp": now, "value": 1}]
    assert api.post("/metrics/data", {"data": {metric: good, "zzzzzzzzzzzz": good}}).status == 404
    bad = api.post("/metrics/data", {"data": {metric: [*good, {"timestamp": now, "value": "x"}]}})
    assert bad.status == 422
    assert "Point 2" in bad.json["error"]
    assert not points()
    assert api.post("/metrics/data", {"data": {metric: []}}).status == 202


def test_points_of_a_metric_that_is_fetched_are_not_pushed(api: Machine, now: int) -> None:
    source = api.post("/metrics_providers", {"metrics_provider": {"type": "Pingdom", "api_token": "t"}}).json
    body = {"metric": {"name": "Check", "metric_identifier": "85975"}}
    metric = api.post(f"/metrics_providers/{source['id']}/metrics", body).json["id"]
    point = {"timestamp": now, "value": 1}

    assert api.post(f"/metrics/{metric}/data", {"data": point}).status == 405
    assert api.post("/metrics/data", {"data": {metric: [point]}}).status == 405
    assert not points()


def test_numbers_are_never_null_and_what_is_sent_is_read_again(api: Machine, own: str) -> None:
    """As a client in Go sends it, which decodes into plain types and compares."""
    sent = {
        "name": "Requests",
        "metric_identifier": "requests",
        "transform": "",
        "suffix": "",
        "y_axis_min": 0,
        "y_axis_max": 0,
        "y_axis_hidden": False,
        "display": True,
        "decimal_places": 0,
        "tooltip_description": "",
    }
    made = api.post(f"/metrics_providers/{own}/metrics", {"metric": sent}).json
    found = api.get(f"/metrics/{made['id']}").json
    bare = api.post(f"/metrics_providers/{own}/metrics", {"metric": {"name": "Bare"}}).json

    assert {name: found[name] for name in sent if name != "transform"} == {
        name: value for name, value in sent.items() if name != "transform"
    }
    for shape in (found, bare):
        strict = ("y_axis_min", "y_axis_max", "decimal_places", "backfill_percentage", "suffix")
        assert all(shape[name] is not None for name in strict)
        assert isinstance(shape["decimal_places"], int)
    cleared = api.patch(f"/metrics/{made['id']}", {"metric": {"y_axis_max": 5, "y_axis_min": None}})
    assert (cleared.status, cleared.json["y_axis_max"], cleared.json["y_axis_min"]) == (200, 5.0, 0.0)


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"name": ""}, 422),
        ({}, 422),
        ({"name": "x", "transform": "median"}, 422),
        ({"name": "x", "decimal_places": 7}, 422),
        ({"name": "x", "decimal_places": -1}, 422),
        ({"name": "x", "y_axis_min": 5, "y_axis_max": 1}, 422),
        ({"name": "x", "suffix": "x" * 21}, 422),
        ({"name": "x", "id": "mine", "unknown": 1, "display": None}, 201),
    ],
)
def test_metrics_are_checked(api: Machine, own: str, fields: dict[str, Any], status: int) -> None:
    answer = api.post(f"/metrics_providers/{own}/metrics", {"metric": fields})
    assert answer.status == status, answer
    assert Metric.objects.count() == (status == 201)


def test_keys_go_in_and_never_come_out(api: Machine) -> None:
    body = {"type": "Librato", "email": "ops@example.com", "api_token": "sentinel"}
    made = api.post("/metrics_providers", {"metrics_provider": body})
    assert (made.status, made.json["email"], made.json["type"]) == (201, "ops@example.com", "Librato")
    path = f"/metrics_providers/{made.json['id']}"
    same = {"metrics_provider": {"type": "Librato", "email": "", "api_token": ""}}
    moved = api.patch(path, {"metrics_provider": {"metric_base_uri": "https://librato.example.com"}})
    assert (moved.status, moved.json["error"].partition(":")[0]) == (422, "metric_base_uri")
    seen = [made, api.get(path), api.put(path, same), api.get("/metrics_providers"), api.delete(path)]

    assert [answer.status for answer in seen[1:]] == [200] * 4
    assert "sentinel" not in json.dumps([answer.json for answer in seen])
    assert api.get(path).status == 404
    for wrong in ({"type": "Nagios"}, {"type": "Datadog"}, {}, {"type": None}):
        assert api.post("/metrics_providers", {"metrics_provider": wrong}).status == 422


def test_what_is_deleted_is_gone_at_once(api: Machine, metric: str, now: int) -> None:
    api.post(f"/metrics/{metric}/data", {"data": {"timestamp": now, "value": 1}})
    reset = api.delete(f"/metrics/{metric}/data")
    assert (reset.status, reset.json["id"], reset.json["most_recent_data_at"]) == (200, metric, None)
    assert not points()

    assert api.delete(f"/metrics/{metric}").status == 200
    for method, path in (("GET", ""), ("DELETE", ""), ("DELETE", "/data"), ("PATCH", "")):
        body = {"metric": {}} if method == "PATCH" else None
        assert api.ask(method, f"/metrics/{metric}{path}", body).status == 404
    point = {"data": {"timestamp": now, "value": 1}}
    assert api.post(f"/metrics/{metric}/data", point).status == 404


def test_sources_are_found_by_an_address_without_a_page(api: Machine, own: str) -> None:
    api.base = "/v1"
    answer = api.get("/metrics_providers.json")
    assert [one["id"] for one in answer.json] == [own]


def test_lists_take_as_many_queries_for_many_as_for_few(api: Machine, own: str) -> None:
    counts = []
    for more in (1, 6):
        for number in range(more):
            api.post(f"/metrics_providers/{own}/metrics", {"metric": {"name": f"M{number}"}})
        with CaptureQueriesContext(connection) as captured:
            api.get("/metrics")
            api.get(f"/metrics_providers/{own}/metrics")
        counts.append(len(captured))
    assert counts[0] == counts[1]

"""What the team does with metrics on its screens."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from common.tenancy import in_tenant
from metrics.credentials import opened
from metrics.models import Metric, MetricsProvider
from pages.models import StatusPage
from statuspage.seeding_metrics import seed_metrics
from tenants.models import Tenant
from tests.admin.browser import Browser
from tests.admin.conftest import browsers, people

__all__ = ["browsers", "people"]

SECRET = "sentinel-of-a-secret"
BASE = "/o/acme/admin/metrics/"


def test_the_team_adds_changes_and_removes_sources_and_metrics(
    acme: Tenant, page: StatusPage, browsers: dict[str, Browser]
) -> None:
    admin, editor = browsers["admin"], browsers["editor"]
    admin.send(f"{BASE}metricsprovider/add/", kind="Datadog", api_key=SECRET, application_key=SECRET)
    with in_tenant(acme.id):
        source = MetricsProvider.objects.get()
        assert opened(source.credentials) == {"api_key": SECRET, "application_key": SECRET}
        # As a failed round leaves it.
        MetricsProvider.objects.update(failures=3, last_error="api.datadoghq.com answered with 403.")

    shown = (
        admin.get(f"{BASE}metricsprovider/").content
        + admin.get(f"{BASE}metricsprovider/{source.pk}/change/").content
    )
    assert b"answered with 403" in shown
    assert b"Fails" in shown
    assert SECRET.encode() not in shown

    editor.send(
        f"{BASE}metric/add/", provider=source.pk, name="Latency", metric_identifier="avg:x{*}", suffix="ms"
    )
    with in_tenant(acme.id):
        metric = Metric.objects.get()
        assert (metric.name, metric.suffix, metric.position) == ("Latency", "ms", 0)
    editor.send(f"{BASE}metric/{metric.pk}/change/", name="Response time", y_axis_min="0", y_axis_max="500")
    europe = {"metric_base_uri": "https://api.datadoghq.eu"}
    refused = admin.send(f"{BASE}metricsprovider/{source.pk}/change/", **europe)
    assert b"stored are for https://api.datadoghq.com" in refused.content
    europe |= {"api_key": SECRET, "application_key": SECRET}
    admin.send(f"{BASE}metricsprovider/{source.pk}/change/", **europe)
    with in_tenant(acme.id):
        metric = Metric.objects.select_related("provider").get()
        assert (metric.name, metric.axis) == ("Response time", (0.0, 500.0))
        assert metric.provider.metric_base_uri == "https://api.datadoghq.eu"
        assert metric.provider.failures == 0
        assert opened(metric.provider.credentials)["api_key"] == SECRET

    editor.send(f"{BASE}metric/{metric.pk}/delete/")
    admin.send(f"{BASE}metricsprovider/{source.pk}/delete/")
    with in_tenant(acme.id):
        assert not MetricsProvider.objects.exists()


def test_what_is_refused_stands_at_its_field(
    acme: Tenant, page: StatusPage, browsers: dict[str, Browser]
) -> None:
    answer = browsers["admin"].send(f"{BASE}metricsprovider/add/", kind="Datadog")
    assert b"Datadog needs the key api_key." in answer.content
    with in_tenant(acme.id):
        assert not MetricsProvider.objects.exists()


@pytest.mark.parametrize("later", [timedelta(0), timedelta(hours=5)])
def test_seeding_again_adds_only_what_is_missing(page: StatusPage, later: timedelta) -> None:
    now = timezone.now()
    with time_machine.travel(now, tick=False):
        seed_metrics(page)
    before = {metric.pk: metric.points.count() for metric in page.metrics.all()}
    with time_machine.travel(now + later, tick=False):
        seed_metrics(page)

    assert len(before) == 3
    for metric in page.metrics.all():
        assert metric.points.count() == before[metric.pk] + later / timedelta(minutes=5)

"""A page with years of history, as it was recorded: imported once, and looked at from all sides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.utils import timezone

from common.tenancy import in_tenant
from components.models import Component, Statement, StatusChange
from events.models import Event
from importing.actions import Summary, import_page
from importing.folder import read_folder
from incidents.models import Incident, IncidentUpdate
from outbox.models import OutboxItem
from pages.models import StatusPage
from tenants.models import Tenant
from tests.clocks import work
from tests.importing.server import RECORDED
from tests.importing.state import contents, fresh_start

WHOLE = read_folder(RECORDED)


@dataclass
class Imported:
    """`spent`: seconds of a processor; `at`: when it was over."""

    summary: Summary
    spent: float
    at: datetime


@pytest.fixture(scope="module")
def imported(kept: None) -> Imported:
    """The recorded page is there, and each test finds it untouched."""
    summaries: list[Summary] = []
    with in_tenant(Tenant.objects.get(slug="acme").id):
        spent = work(lambda: summaries.append(import_page(WHOLE)), times=1)
    return Imported(summaries[0], spent, timezone.now())


def test_the_recorded_page_comes_over_whole_in_one_version_and_in_time(
    imported: Imported, acme: Tenant
) -> None:
    assert imported.spent < 15
    page = StatusPage.objects.get()
    assert (page.pk, page.slug, page.name, page.version) == (WHOLE.page.id, "github", "GitHub", 1)
    assert set(page.incidents.values_list("pk", flat=True)) == {notice.id for notice in WHOLE.notices}
    assert IncidentUpdate.objects.count() == 4570
    assert imported.summary.counts["maintenance windows"].added == 18
    assert imported.summary.notes == ()
    assert page.indicator == "none"


def test_nobody_is_told(imported: Imported, acme: Tenant) -> None:
    assert not Event.objects.filter(notify=True).exists()
    assert set(OutboxItem.objects.filter(tenant_id=acme.id).values_list("topic", flat=True)) <= {
        "publish",
        "clock",
    }


def test_a_second_run_changes_nothing(imported: Imported, acme: Tenant) -> None:
    before = contents()
    summary = import_page(WHOLE)
    assert contents() == before
    assert not summary.changed
    assert summary.counts["incidents"].same == 819


def history() -> list[Any]:
    """What is kept of every component's past."""
    changes = StatusChange.objects.values_list("component", "at", "status", "source_id")
    statements = Statement.objects.values_list("component", "source_id", "status", "begun", "ended")
    return [list(changes), sorted(map(repr, statements))]


def test_a_step_by_step_import_ends_as_one_of_all_at_once(imported: Imported, acme: Tenant) -> None:
    at_once = history()
    fresh_start(acme)
    import_page(replace(WHOLE, notices=WHOLE.notices[::2]))
    import_page(WHOLE)
    assert history() == at_once


def test_the_history_of_a_component_is_what_the_incidents_say(imported: Imported, acme: Tenant) -> None:
    """Every instant between two bounds has the status of the newest notice under way, by a plain search."""
    actions = Component.objects.get(name="Actions")
    of_impact = {"minor": "degraded_performance", "major": "partial_outage", "critical": "major_outage"}
    of_impact |= {"maintenance": "under_maintenance"}
    spans = [
        (notice.begun_at, notice.ended_at, of_impact[notice.impact])
        for notice in WHOLE.notices
        if actions.pk in dict(notice.components) and notice.impact != "none" and notice.ended_at
    ]
    changes = list(StatusChange.objects.filter(component=actions).values_list("at", "status"))
    bounds = sorted({bound for begun, ended, _status in spans for bound in (begun, ended)})
    for one, next_one in pairwise(bounds):
        at = one + (next_one - one) / 2
        live = [(begun, status) for begun, ended, status in spans if begun <= at < ended]
        expected = max(live)[1] if live else "operational"
        assert [status for begun, status in changes if begun <= at][-1] == expected
    assert all(
        notice.derived for notice in Incident.objects.filter(pk__in=actions.statements.values("source_id"))
    )


def test_of_which_times_nothing_is_known(imported: Imported, acme: Tenant) -> None:
    before, after = StatusPage.objects.get().gaps.all()
    assert (before.begun, before.ended) == (None, datetime(2022, 3, 24, 19, 11, tzinfo=UTC))
    assert after.begun == WHOLE.known_until
    assert imported.at - after.ended < timedelta(minutes=1)

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given

from common.errors import Refused
from common.tenancy import in_tenant
from components.models import Component, StatusChange
from events.actor import SYSTEM
from events.models import Event
from importing.actions import Summary, import_page
from importing.documents import Source
from importing.folder import read_folder
from importing.shift import shifted, weeks_until_recent
from incidents.actions.incident import delete_incident
from incidents.models import Incident, IncidentUpdate, MaintenanceWindow, Postmortem
from incidents.steps import incident_facts, update_facts
from outbox.models import OutboxItem
from pages.actions import update_page
from pages.change import Change
from pages.models import StatusPage
from tenants.models import Domain, Tenant
from tests.examples import examples
from tests.importing.made import PAGE, component, document, incident, maintenance, read, update
from tests.importing.mutation import extremes, mutated, mutations
from tests.importing.server import RECORDED
from tests.importing.state import contents, fresh_start

WHOLE = read_folder(RECORDED)
RECENT = replace(WHOLE, notices=WHOLE.notices[-40:])


@pytest.fixture
def unchanged(acme: Tenant, globex: Tenant) -> Iterator[None]:
    """Neither tenant differs afterwards from what it was before."""
    before = contents()
    with in_tenant(globex.id):
        other = contents()
    yield
    assert contents() == before
    with in_tenant(globex.id):
        assert contents() == other


def test_updates_of_one_minute_keep_their_order(acme: Tenant) -> None:
    import_page(RECENT)
    stored: dict[str, list[str]] = {}
    for update_id, notice in IncidentUpdate.objects.values_list("pk", "incident"):
        stored.setdefault(notice, []).append(update_id)
    assert stored == {
        notice.id: [entry.id for entry in reversed(notice.updates)] for notice in RECENT.notices
    }
    assert any(len({u.display_at for u in notice.updates}) < len(notice.updates) for notice in RECENT.notices)


@examples(150, suppress_health_check=list(HealthCheck))
@given(extremes | mutations)
def test_a_mutated_document_is_stored_or_refused_and_nothing_else(acme: Tenant, changes: Any) -> None:
    before = transaction.savepoint()
    with suppress(Refused):
        import_page(read(mutated(changes)))
    transaction.savepoint_rollback(before)


def test_another_tenant_never_notices(acme: Tenant, globex: Tenant) -> None:
    with in_tenant(globex.id):
        before = contents()
    import_page(RECENT)
    with in_tenant(globex.id):
        after = contents()
    assert {name for name in before if before[name] != after[name]} == {"Domain"}


def test_after_another_week_only_what_is_new_or_differs_is_written(acme: Tenant) -> None:
    first = replace(RECENT, notices=RECENT.notices[:-1])
    import_page(first)
    edited = replace(RECENT.notices[5], name="Named better")
    later = replace(RECENT, notices=(*RECENT.notices[:5], edited, *RECENT.notices[6:]))
    summary = import_page(later)
    added = RECENT.notices[-1]
    news = Event.objects.filter(version=2)
    assert {event.object_id for event in news.filter(object_type="incident")} == {added.id, edited.id}
    assert news.filter(object_type="incident_update").count() == len(added.updates)
    assert (summary.counts["incidents"].added, summary.counts["incidents"].changed) == (1, 1)
    assert Incident.objects.get(pk=edited.id).name == "Named better"


def test_history_that_differs_in_itself_takes_a_version(acme: Tenant) -> None:
    """Nothing but the instant of a status in the past differs: no record changes, documents do."""
    listed = component("c1", status="major_outage", updated_at="2026-01-02T00:00:00Z")
    import_page(read(document(components=[listed])))
    page = import_page(read(document(components=[listed | {"updated_at": "2026-01-01T12:00:00Z"}]))).page
    assert StatusPage.objects.get().version == page.version == 2
    assert StatusChange.objects.get().at == datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_a_source_read_just_now_leaves_no_time_unknown(acme: Tenant) -> None:
    import_page(replace(RECENT, known_until=timezone.now()))
    assert [gap.begun for gap in StatusPage.objects.get().gaps.all()] == [None]


def test_a_newer_or_longer_record_fills_what_was_unknown(acme: Tenant) -> None:
    import_page(RECENT)
    page = StatusPage.objects.get()
    unknown_until = page.gaps.last().ended
    import_page(replace(WHOLE, known_until=WHOLE.known_until + timedelta(days=3)))
    before, after = page.gaps.all()
    assert before.ended == datetime(2022, 3, 24, 19, 11, tzinfo=UTC)
    assert (after.begun, after.ended) == (WHOLE.known_until + timedelta(days=3), unknown_until)
    import_page(replace(RECENT, known_until=timezone.now()))
    assert [gap.pk for gap in page.gaps.all()] == [before.pk]


def test_a_shift_is_told_in_the_footer_and_nothing_is_of_the_future(acme: Tenant) -> None:
    now = timezone.now()
    weeks = weeks_until_recent(WHOLE, now)
    page = import_page(WHOLE, shift_weeks=weeks).page
    assert (
        page.note == f"The recorded history of https://www.githubstatus.com, moved forward by {weeks} weeks."
    )
    newest = Incident.objects.order_by("-started_at")[0]
    assert newest.resolved_at is not None
    assert now - timedelta(days=7) < newest.resolved_at <= now
    assert not StatusChange.objects.filter(at__gt=now).exists()
    assert set(Incident.objects.values_list("started_at", flat=True)) == {
        notice.begun_at for notice in shifted(WHOLE, weeks).notices
    }


@pytest.mark.parametrize(
    ("first", "then", "note"),
    [
        (2, 3, "The recorded history of https://status.example, moved forward by 3 weeks."),
        (2, -3, "The recorded history of https://status.example, moved back by 3 weeks."),
        (2, 0, ""),
        (2, 2, "The recorded history of https://status.example, moved forward by 2 weeks."),
    ],
)
def test_the_note_follows_the_shift(acme: Tenant, first: int, then: int, note: str) -> None:
    source = read(document(incidents=[incident("i1")]))
    import_page(source, shift_weeks=first)
    import_page(source, shift_weeks=then)
    assert StatusPage.objects.get().note == note


def test_a_note_that_was_written_here_stays(acme: Tenant) -> None:
    source = read(document())
    update_page(import_page(source).page, SYSTEM, note="Ours")
    import_page(replace(source, notices=RECENT.notices))
    assert StatusPage.objects.get().note == "Ours"


def test_windows_that_are_not_over_go_on_by_themselves_and_overdue_ones_in_silence(acme: Tenant) -> None:
    soon = {"scheduled_for": "2100-01-01T00:00:00Z", "scheduled_until": "2100-01-01T01:00:00Z"}
    open_ones = [
        maintenance("m1", status="scheduled", resolved_at=None, **soon),
        maintenance("m2", status="in_progress", resolved_at=None),
        maintenance("m3"),
    ]
    import_page(read(document(scheduled_maintenances=open_ones)))
    asked = OutboxItem.objects.filter(tenant_id=acme.id, topic="maintenance").values_list("key", flat=True)
    assert sorted(asked) == ["m1", "m2"]
    assert dict(MaintenanceWindow.objects.values_list("pk", "notify_at_end")) == {
        "m1": True,
        "m2": False,
        "m3": False,
    }
    assert Component.objects.with_status().get(pk="c1").status == "operational"


def test_a_plain_import_has_no_note(acme: Tenant) -> None:
    assert import_page(RECENT).page.note == ""


def test_facts_of_events_are_those_that_the_verbs_make(acme: Tenant) -> None:
    source = read(
        document(
            components=[component("g1", group=True), component("c1", group_id="g1"), component("c2")],
            incidents=[incident("i1", components=[component("c2"), component("c1")])],
            scheduled_maintenances=[maintenance("m1")],
        )
    )
    page = import_page(source).page
    change = Change(page, SYSTEM, timezone.now(), 2, notify=False)
    for row in Incident.objects.all():
        told = Event.objects.get(object_type="incident", object_id=row.pk).facts["incident"]
        assert told == incident_facts(change, row)
    for row in IncidentUpdate.objects.all():
        assert Event.objects.get(object_type="incident_update", object_id=row.pk).facts == update_facts(row)


def test_the_number_of_queries_does_not_grow_with_the_records(acme: Tenant) -> None:
    counts = []
    for some in (WHOLE.notices[:60], WHOLE.notices[:180]):
        fresh_start(acme)
        with CaptureQueriesContext(connection) as queries:
            import_page(replace(WHOLE, notices=some))
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_statuses_that_updates_name_are_the_history(acme: Tenant) -> None:
    named = [
        {"code": "c1", "name": "One", "old_status": "operational", "new_status": "major_outage"},
    ]
    source = read(
        document(
            incidents=[
                incident(
                    "i1",
                    incident_updates=[
                        update("u2", status="resolved", display_at="2026-01-01T11:00:00Z"),
                        update("u1", affected_components=named),
                    ],
                )
            ]
        )
    )
    import_page(source)
    changes = list(StatusChange.objects.values_list("at", "status"))
    assert changes == [
        (datetime(2026, 1, 1, 10, tzinfo=UTC), "major_outage"),
        (datetime(2026, 1, 1, 11, tzinfo=UTC), "operational"),
    ]
    assert not Incident.objects.get().derived
    assert IncidentUpdate.objects.get(pk="u1").affected.get().new_status == "major_outage"


def test_an_open_incident_and_what_the_page_lists_show_at_once(acme: Tenant) -> None:
    source = read(
        document(
            components=[component("c1", status="partial_outage"), component("c2", status="major_outage")],
            incidents=[incident("i1", status="investigating", impact="major", resolved_at=None)],
        )
    )
    page = import_page(source).page
    statuses = dict(Component.objects.with_status().values_list("pk", "status"))
    assert statuses == {"c1": "partial_outage", "c2": "major_outage"}
    assert page.indicator == "major"


def test_a_component_that_only_incidents_name_is_kept_as_a_deleted_one(acme: Tenant) -> None:
    page = import_page(read(document(incidents=[incident("i1", components=[component("old")])]))).page
    assert [found.pk for found in page.components.present()] == ["c1"]
    old = page.components.get(pk="old")
    assert old.name == "Component old"
    assert Incident.objects.get().links.get().component == old


def test_a_postmortem_comes_over_as_one(acme: Tenant) -> None:
    written = update("u2", status="postmortem", body="# Why", display_at="2026-01-03T00:00:00Z")
    source = read(
        document(incidents=[incident("i1", status="postmortem", incident_updates=[written, update("u1")])])
    )
    import_page(source)
    found = Postmortem.objects.get(incident_id="i1")
    assert (found.body, found.published_at) == ("# Why", datetime(2026, 1, 3, tzinfo=UTC))
    assert IncidentUpdate.objects.get(pk="u2").body == "A postmortem has been published."


def test_what_was_deleted_here_stays_deleted(acme: Tenant) -> None:
    page = import_page(RECENT).page
    delete_incident(page, Incident.objects.get(pk=RECENT.notices[0].id), SYSTEM)
    before = contents()
    edited = replace(RECENT.notices[0], name="Back again", updates=())
    import_page(replace(RECENT, notices=(edited, *RECENT.notices[1:])))
    assert contents() == before


def test_a_page_id_that_another_tenant_uses_is_replaced_and_named(acme: Tenant, globex: Tenant) -> None:
    with in_tenant(globex.id):
        import_page(RECENT, slug="github-of-globex")
    summary = import_page(RECENT)
    assert summary.page.pk != WHOLE.page.id
    assert len(summary.notes) == 1
    assert WHOLE.page.id in summary.notes[0]
    assert summary.page.pk in summary.notes[0]
    assert not import_page(RECENT).changed


@pytest.mark.parametrize("page_id", ["www", "github", "x" * 32])
def test_a_page_id_that_is_no_host_name_of_ours_is_replaced(acme: Tenant, page_id: str) -> None:
    source = read(document(page=PAGE | {"id": page_id, "name": "GitHub"}))
    page = import_page(source).page
    assert len(page.pk) == 12
    assert {domain.kind for domain in Domain.objects.filter(page_id=page.pk)} == {"slug", "id"}


@pytest.mark.parametrize(
    ("lists", "kind"),
    [
        ({"components": [component("c1")]}, "components: c1"),
        ({"components": [component("g1", group=True)]}, "groups: g1"),
        ({"incidents": [incident("i1", incident_updates=[], components=[])]}, "incidents: i1"),
        ({"incidents": [incident("i2", incident_updates=[update("i1u1")], components=[])]}, "updates: i1u1"),
    ],
)
def test_ids_of_another_page_of_the_tenant_are_refused_before_anything_is_written(
    acme: Tenant, lists: dict[str, Any], kind: str, request: pytest.FixtureRequest
) -> None:
    listed = [component("g1", group=True), component("c1", group_id="g1")]
    import_page(read(document(components=listed, incidents=[incident("i1")])))
    request.getfixturevalue("unchanged")
    other = read({"page": PAGE | {"id": "p2", "name": "Other"}, "components": [component("c9")]} | lists)
    with pytest.raises(Refused) as refusal:
        import_page(other)
    assert str(refusal.value).startswith("The page “Example” already has 1 of these ")
    assert kind in str(refusal.value)


def test_a_page_of_other_origin_is_not_mixed_with_the_import(
    page: StatusPage, request: pytest.FixtureRequest
) -> None:
    request.getfixturevalue("unchanged")
    with pytest.raises(Refused, match="The page “acme” is not an import of GitHub"):
        import_page(RECENT, slug="acme")


def test_an_address_that_another_tenant_has_is_refused(acme: Tenant, unchanged: None) -> None:
    with pytest.raises(Refused, match="address"):
        import_page(RECENT, slug="globex")


def test_a_failure_on_the_way_leaves_everything_as_it_was(
    acme: Tenant, unchanged: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    doubled = replace(RECENT, notices=(*RECENT.notices, RECENT.notices[0]))
    with pytest.raises(Refused, match="Nothing was saved"):
        import_page(doubled)


def test_what_is_in_the_log_is_the_page(acme: Tenant) -> None:
    import_page(RECENT)
    newest = Event.objects.newest_per_object(1)
    kinds = Counter(newest.values_list("object_type", flat=True))
    assert kinds["incident"] == len(RECENT.notices)
    assert kinds["incident_update"] == IncidentUpdate.objects.count()
    assert kinds["component"] == 12
    for event in newest.filter(object_type="component"):
        assert event.facts["status"] == Component.objects.with_status().get(pk=event.object_id).status


def test_a_summary_knows_whether_anything_changed(acme: Tenant) -> None:
    summaries: list[Summary] = [import_page(RECENT), import_page(RECENT)]
    assert [summary.changed for summary in summaries] == [True, False]


def test_a_source_without_notices_is_a_page_of_its_components(acme: Tenant) -> None:
    source: Source = read(document())
    page = import_page(source).page
    assert page.components.count() == 1
    assert page.gaps.first().ended == source.components[0].created_at

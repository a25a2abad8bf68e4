"""`/api/v2`, `/history.json` and `/incidents/<id>.json` against what was captured from Statuspage itself."""

from __future__ import annotations

import gzip
import json
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from components.actions import create_component, create_group, set_status, update_component
from components.models import Component
from incidents.actions.incident import backfill_incident, edit_update, open_incident, post_update, resolve
from incidents.actions.maintenance import backfill_maintenance, schedule_maintenance, start_maintenance
from incidents.actions.postmortem import publish_postmortem, write_postmortem
from incidents.steps import Words
from pages.actions import update_page
from pages.models import StatusPage
from publishing.storage import store
from tests.conftest import ACTOR, CANARY
from tests.publishing.published import assert_published, drain_publishing

RECORDED = Path(__file__).parents[2] / "fixtures" / "githubstatus"
V2 = (
    "summary",
    "status",
    "components",
    "incidents",
    "incidents/unresolved",
    "scheduled-maintenances",
    "scheduled-maintenances/upcoming",
    "scheduled-maintenances/active",
)
# Parts of status.discordapp.com as the tests of hikari captured them in 2019.
CAPTURED = json.loads((Path(__file__).parent / "statuspage_2019.json").read_text())
INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}(Z|[+-]\d\d:\d\d)")


def recorded(name: str) -> Any:
    return json.loads(gzip.decompress((RECORDED / f"{name}.json.gz").read_bytes()))


def published(page: StatusPage, path: str) -> Any:
    drain_publishing()
    manifest = store().manifest(page.pk)
    assert manifest is not None
    entry = manifest.entries[path]
    assert entry.type == "application/json; charset=utf-8"
    return json.loads(store().body(entry.hash) or b"")


def v2(page: StatusPage, name: str) -> Any:
    return published(page, f"/api/v2/{name}.json")


def scheduled(page: StatusPage, component: Component, days: int = 1, name: str = "New machines") -> Any:
    begin = timezone.now() + timedelta(days=days)
    return schedule_maintenance(
        page,
        ACTOR,
        name=name,
        scheduled_for=begin,
        scheduled_until=begin + timedelta(hours=1),
        components=[component.pk],
    )


@pytest.fixture
def eventful(page: StatusPage) -> StatusPage:
    """A group, an open incident, one that is over, a maintenance to come and a running one."""
    inside = create_component(page, ACTOR, name="API", description="What servers call.")
    alone = create_component(page, ACTOR, name="Web", only_show_if_degraded=True)
    create_group(page, ACTOR, name="Backend", components=[inside.pk])
    over = open_incident(
        page, ACTOR, Words("investigating", "Looking.", components={alone.pk: "major_outage"}), name="Over"
    )
    resolve(page, over, ACTOR)
    words = Words("investigating", "Grüße, **looking**.", components={inside.pk: "partial_outage"})
    incident = open_incident(page, ACTOR, words, name="Slow")
    post_update(page, incident, ACTOR, Words("monitoring", "A fix is out."))
    scheduled(page, alone)
    start_maintenance(page, scheduled(page, alone, 2, "Running"), ACTOR)
    return page


@pytest.mark.parametrize("name", V2)
def test_every_document_is_about_the_page(eventful: StatusPage, name: str) -> None:
    told = v2(eventful, name)["page"]
    eventful.refresh_from_db()

    assert (told["id"], told["name"]) == (eventful.pk, "Acme")
    assert told["url"] == f"http://{eventful.primary_host}:8000"
    assert told["time_zone"] == "Europe/Berlin"
    assert datetime.fromisoformat(told["updated_at"]) == milliseconds(eventful.version_at)


def milliseconds(moment: datetime) -> datetime:
    return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def test_members_are_those_that_statuspage_has(eventful: StatusPage) -> None:
    alone, group = CAPTURED["summary_part"]["components"]
    # Pages of today have two members more.
    component, group = [{"start_date", *keys} for keys in (alone, group)]
    incident, window = [
        {"reminder_intervals", *CAPTURED[name]} for name in ("incident", "scheduled_maintenance")
    ]
    update = set(CAPTURED["incident"]["incident_updates"][0])
    summary = v2(eventful, "summary")

    assert list(summary) == list(recorded("summary"))
    assert list(summary["page"]) == list(CAPTURED["summary_part"]["page"])
    assert list(summary["status"]) == list(CAPTURED["summary_part"]["status"])
    assert all(set(one) == (group if one["group"] else component) for one in summary["components"])
    for told, wanted in ((v2(eventful, "incidents")["incidents"], incident), (windows(eventful), window)):
        for notice in told:
            assert set(notice) == wanted
            assert all(set(one) == update for one in notice["incident_updates"])
            assert all(set(one) == component for one in notice["components"])


def windows(page: StatusPage) -> Any:
    return v2(page, "scheduled-maintenances")["scheduled_maintenances"]


@pytest.mark.parametrize(
    ("name", "member"),
    [
        ("components", "components"),
        ("incidents", "incidents"),
        ("scheduled-maintenances", "scheduled_maintenances"),
    ],
)
def test_types_are_those_of_a_recorded_page(eventful: StatusPage, name: str, member: str) -> None:
    allowed = types_in(recorded(name)[member]) | ALSO

    assert types_in(v2(eventful, name)[member]) <= allowed


# Beyond the recording, which has no group and says nothing of affected components.
ALSO = {
    *(("group_id", "str"), ("components", "list"), ("components", "str"), ("description", "NoneType")),
    *(("affected_components", "list"), ("code", "str"), ("old_status", "str"), ("new_status", "str")),
    *(("monitoring_at", "instant"), ("resolved_at", "NoneType"), ("reminder_intervals", "NoneType")),
}


def types_in(value: Any, key: str = "") -> set[tuple[str, str]]:
    """(member, type) of all that is in a JSON value."""
    if isinstance(value, dict):
        return {pair for name, one in value.items() for pair in types_in(one, name)}
    if isinstance(value, list):
        return {(key, "list")} | {pair for one in value for pair in types_in(one, key)}
    if isinstance(value, str) and (key.endswith("_at") or key.startswith("scheduled_")):
        return {(key, "instant" if INSTANT.fullmatch(value) else "str")}
    return {(key, type(value).__name__)}


def test_groups_stand_before_their_members(eventful: StatusPage) -> None:
    listed = v2(eventful, "components")["components"]
    group = next(one for one in listed if one["group"])
    member = listed[listed.index(group) + 1]

    assert group["components"] == [member["id"]]
    assert (group["name"], member["name"], member["group_id"]) == ("Backend", "API", group["id"])
    assert group["status"] == member["status"] == "partial_outage"
    assert {one["name"]: one["only_show_if_degraded"] for one in listed} == {
        "Backend": False,
        "API": False,
        "Web": True,
    }


def test_notices_are_listed_by_what_they_are(eventful: StatusPage) -> None:
    def names(name: str, member: str) -> list[str]:
        return [one["name"] for one in v2(eventful, name)[member]]

    assert names("incidents", "incidents") == ["Slow", "Over"]
    assert names("incidents/unresolved", "incidents") == ["Slow"]
    member = "scheduled_maintenances"
    assert names("scheduled-maintenances/upcoming", member) == ["New machines"]
    assert names("scheduled-maintenances/active", member) == ["Running"]
    assert sorted(names("scheduled-maintenances", member)) == ["New machines", "Running"]
    assert names("summary", member) == ["Running", "New machines"]
    assert names("summary", "incidents") == ["Slow"]


def test_an_incident_tells_its_updates_newest_first(eventful: StatusPage) -> None:
    incident = v2(eventful, "incidents/unresolved")["incidents"][0]
    newest, first = incident["incident_updates"]

    assert (newest["status"], first["status"]) == ("monitoring", "investigating")
    assert newest["affected_components"] is None
    assert first["body"] == "Grüße, **looking**."
    assert [one["name"] for one in first["affected_components"]] == ["Backend - API"]
    assert first["affected_components"][0] | {"code": "", "name": ""} == {
        "code": "",
        "name": "",
        "old_status": "operational",
        "new_status": "partial_outage",
    }
    assert incident["monitoring_at"] == newest["created_at"]
    assert incident["components"][0]["status"] == "partial_outage"
    assert incident["shortlink"].endswith(f"/incidents/{incident['id']}")


def test_an_incident_was_updated_when_any_of_it_was(eventful: StatusPage) -> None:
    incident = eventful.incidents.incidents().unresolved().get()
    edited = edit_update(eventful, incident.updates.last(), ACTOR, body="Better said.")  # type: ignore[arg-type]
    told = v2(eventful, "incidents/unresolved")["incidents"][0]

    assert datetime.fromisoformat(told["updated_at"]) == milliseconds(edited.updated_at)


def test_instants_have_the_offset_of_the_page(page: StatusPage) -> None:
    for month, offset in ((1, "+01:00"), (7, "+02:00")):
        began = datetime(2025, month, 5, 12, 0, 0, 999, tzinfo=timezone.get_default_timezone())
        incident = backfill_incident(
            page, ACTOR, name="Then", started_at=began, resolved_at=began + timedelta(hours=1), body="It was."
        )
        told = published(page, f"/incidents/{incident.pk}.json")
        assert told["started_at"] == f"2025-0{month}-05T{13 if month == 1 else 14}:00:00.000{offset}"

    update_page(page, ACTOR, time_zone="UTC")
    assert v2(page, "status")["page"]["updated_at"].endswith("Z")
    assert published(page, f"/incidents/{incident.pk}.json")["started_at"] == "2025-07-05T12:00:00.000Z"


def test_fifty_of_each_kind_are_listed_and_all_that_are_open(page: StatusPage) -> None:
    words = Words("investigating", "Looking.")
    long_ago = timezone.now() - timedelta(days=300)
    open_incident(page, ACTOR, words, name="Old and open", started_at=long_ago)
    for number in range(51):
        ended = timezone.now() - timedelta(days=number)
        began = ended - timedelta(hours=1)
        backfill_incident(page, ACTOR, name=f"{number}", started_at=began, resolved_at=ended, body=".")
        backfill_maintenance(page, ACTOR, name=f"{number}", scheduled_for=began, scheduled_until=ended)

    listed = [one["name"] for one in v2(page, "incidents")["incidents"]]
    assert listed == [str(number) for number in range(50)]
    assert [one["name"] for one in v2(page, "incidents/unresolved")["incidents"]] == ["Old and open"]
    assert len(v2(page, "scheduled-maintenances")["scheduled_maintenances"]) == 50


def test_an_incident_by_itself_does_not_age(eventful: StatusPage) -> None:
    """The status of its components is what it said itself, so that the document stays as it is."""
    incident = eventful.incidents.incidents().unresolved().get()
    path = f"/incidents/{incident.pk}.json"
    told = published(eventful, path)
    component = Component.objects.get(name="API")
    set_status(eventful, {component.pk: "major_outage"}, ACTOR)

    assert published(eventful, path) == told
    assert told["components"][0]["status"] == "partial_outage"
    assert v2(eventful, "incidents/unresolved")["incidents"][0]["components"][0]["status"] == "major_outage"

    resolve(eventful, incident, ACTOR)
    assert published(eventful, path)["components"][0]["status"] == "operational"
    assert_published(eventful)


def test_an_incident_by_itself_has_its_postmortem(eventful: StatusPage) -> None:
    incident = eventful.incidents.incidents().unresolved().get()
    path = f"/incidents/{incident.pk}.json"
    assert published(eventful, path)["postmortem_body"] is None
    resolve(eventful, incident, ACTOR)
    write_postmortem(eventful, incident, ACTOR, "It was DNS.")
    assert published(eventful, path)["postmortem_body"] is None
    publish_postmortem(eventful, incident, ACTOR)

    told = published(eventful, path)
    assert (told["status"], told["postmortem_body"]) == ("postmortem", "It was DNS.")
    assert INSTANT.fullmatch(told["postmortem_published_at"])


def test_history_goes_back_by_three_months_to_an_empty_page(page: StatusPage) -> None:
    ended = timezone.now() - timedelta(days=400)
    old = backfill_incident(
        page,
        ACTOR,
        name="Old",
        started_at=ended - timedelta(days=2),
        resolved_at=ended,
        body="It **was** DNS.",
    )
    pages = [published(page, "/history.json")["months"]]
    while pages[-1]:
        pages.append(published(page, f"/history.json?page={len(pages) + 1}")["months"])
    months = [month for one in pages for month in one]

    assert [len(one) for one in pages[:-2]] == [3] * (len(pages) - 2)
    now = timezone.now().astimezone(page.zone)
    assert (months[0]["year"], months[0]["name"]) == (now.year, f"{now:%B}")
    assert [line["code"] for month in months for line in month["incidents"]] == [old.pk]
    assert months[-1]["incidents"][0] | {"timestamp": ""} == {
        "code": old.pk,
        "name": "Old",
        "message": "It **was** DNS.",
        "impact": "none",
        "timestamp": "",
    }
    assert sum(month["days"] for month in months) > 400
    for month in months:
        first = datetime.strptime(f"{month['year']} {month['name']} 1", "%Y %B %d")  # noqa: DTZ007
        assert int(f"{first:%w}") == month["starts_on"]


def test_a_restricted_component_is_nowhere(eventful: StatusPage) -> None:
    secret = create_component(eventful, ACTOR, name="Secret", restricted=True)
    shown = Component.objects.get(name="Web")
    words = Words("investigating", "Both.", components={secret.pk: "major_outage", shown.pk: "major_outage"})
    both = open_incident(eventful, ACTOR, words, name="Both")
    create_group(eventful, ACTOR, name="Hidden group", components=[secret.pk])
    drain_publishing()
    manifest = store().manifest(eventful.pk)
    assert manifest is not None
    told = b"".join(
        store().body(entry.hash) or b"" for path, entry in manifest.entries.items() if "json" in path
    )

    assert b'"Both"' in told
    for word in ("Secret", secret.pk, "Hidden group", CANARY):
        assert word.encode() not in told
    single = published(eventful, f"/incidents/{both.pk}.json")
    assert [one["name"] for one in single["components"]] == ["Web"]
    assert [one["name"] for one in single["incident_updates"][0]["affected_components"]] == ["Web"]

    update_component(eventful, shown, ACTOR, restricted=True)
    drain_publishing()
    assert f"/incidents/{both.pk}.json" not in store().manifest(eventful.pk).entries  # type: ignore[union-attr]

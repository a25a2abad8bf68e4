"""Incidents and maintenance, as clients of the original write and read them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from components.actions import create_component
from components.models import Component
from components.status import current
from events.models import Event
from incidents.actions.incident import open_incident, resolve
from incidents.actions.maintenance import start_maintenance
from incidents.models import Incident
from incidents.steps import Words
from pages.models import StatusPage
from tests.api.conftest import Machine
from tests.conftest import ACTOR

FORM = "application/x-www-form-urlencoded"
FIXTURE = json.loads((Path(__file__).parent / "incident.json").read_text(encoding="utf-8"))
NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
STATUS = "operational"


def hours(number: float) -> str:
    """An instant that far from now."""
    return (timezone.now() + timedelta(hours=number)).isoformat()


def add(api: Machine, **fields: Any) -> Any:
    answer = api.post("/incidents", {"incident": {"name": "Down"} | fields})
    assert answer.status == 201, answer.json
    return answer.json


def change(api: Machine, incident: Any, **fields: Any) -> Any:
    answer = api.patch(f"/incidents/{incident['id']}", {"incident": fields})
    assert answer.status == 200, answer.json
    return answer.json


def plan(api: Machine, **fields: Any) -> Any:
    return add(api, **({"scheduled_for": hours(1), "scheduled_until": hours(2)} | fields))


def status_of(component: Component) -> str:
    return current([component.pk])[component.pk]


def kind(value: Any) -> str:
    return type(value).__name__


# Shape ---------------------------------------------------------------------------------------------


def same_kinds(theirs: Any, ours: Any, path: str = "") -> list[str]:
    """Members of theirs that ours lacks or has of another kind; null is of any."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        missing = [f"{path}.{name} is missing" for name in theirs if name not in ours]
        return missing + [
            one
            for name in theirs.keys() & ours.keys() - {"metadata"}
            for one in same_kinds(theirs[name], ours[name], f"{path}.{name}")
        ]
    if isinstance(theirs, list) and isinstance(ours, list):
        return [one for each in ours for one in same_kinds(theirs[0], each, path)] if theirs else []
    if None in (theirs, ours) or kind(theirs) == kind(ours):
        return []
    return [f"{path}: {kind(ours)} instead of {kind(theirs)}"]


def test_an_incident_has_the_members_of_the_originals(api: Machine, component: Component) -> None:
    incident = add(api, components={component.pk: "major_outage"}, impact_override="major")
    incident = change(api, incident, status="monitoring", components={component.pk: "partial_outage"})
    incident = change(api, incident, status="resolved")
    assert same_kinds(FIXTURE, incident) == []
    plain = plan(api)
    assert same_kinds(FIXTURE, plain) == []

    seconds, millis = "%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S.%fZ"
    for name in ("created_at", "updated_at", "resolved_at", "monitoring_at"):
        datetime.strptime(incident[name], seconds)  # noqa: DTZ007 - Z is checked as text
    for name in ("created_at", "updated_at", "display_at"):
        datetime.strptime(incident["incident_updates"][0][name], millis)  # noqa: DTZ007
    assert [one["status"] for one in incident["incident_updates"]] == [
        "resolved",
        "monitoring",
        "investigating",
    ]
    assert incident["incident_updates"][1]["affected_components"] == [
        {
            "code": component.pk,
            "name": "API",
            "old_status": "major_outage",
            "new_status": "partial_outage",
        }
    ]


def test_what_is_planned_says_how_and_an_incident_has_null_there(api: Machine) -> None:
    names = [
        f"auto_transition_{name}"
        for name in (
            "to_maintenance_state",
            "to_operational_state",
            "deliver_notifications_at_start",
            "deliver_notifications_at_end",
        )
    ]
    assert {add(api)[name] for name in names} == {None}
    assert {plan(api)[name] for name in names} == {True}
    assert {plan(api, **dict.fromkeys(names, False))[name] for name in names} == {False}


# Adding --------------------------------------------------------------------------------------------


def test_the_first_update_is_the_body_or_the_message_or_a_stock_sentence(api: Machine) -> None:
    said = {
        "Hot.": {"body": "Hot."},
        "Cold.": {"message": "Cold."},
        "Both.": {"body": "Both.", "message": "Not this."},
        "Empty.": {"body": "", "message": "Empty."},
        "We are currently investigating this issue.": {"body": None},
        "The issue has been identified and a fix is being implemented.": {"status": "identified"},
    }
    found = {text: add(api, **fields)["incident_updates"][0]["body"] for text, fields in said.items()}
    assert found == {text: text for text in said}


@pytest.mark.parametrize(
    ("given", "attached", "status"),
    [
        ({"components": {"API": "major_outage"}}, True, "major_outage"),
        ({"components": {"API": ""}}, True, STATUS),
        ({"components": {"API": None}}, True, STATUS),
        ({"components": ["API"]}, True, STATUS),
        ({"components": [{"id": "API", "status": "major_outage", "name": "API"}]}, True, STATUS),
        ({"component_ids": ["API"]}, True, STATUS),
        ({"component_ids": "API"}, True, STATUS),
        ({"components": {"API": "partial_outage"}, "component_ids": ["API"]}, True, "partial_outage"),
        ({"components": None, "component_ids": None}, False, STATUS),
        ({"components": {}, "component_ids": []}, False, STATUS),
    ],
)
def test_components_are_a_map_or_a_list(
    api: Machine, component: Component, given: Any, attached: bool, status: str
) -> None:
    named = json.loads(json.dumps(given).replace('"API"', f'"{component.pk}"'))
    incident = add(api, **named)
    assert [one["id"] for one in incident["components"]] == ([component.pk] if attached else [])
    assert status_of(component) == status


def test_forms_say_the_same(api: Machine, component: Component) -> None:
    form = (
        f"incident[name]=Down&incident[components][{component.pk}]=major_outage&incident[message]=Hot."
        "&incident[metadata][jira][issue_id]=1&incident[deliver_notifications]=f&incident[unknown]=x"
    )
    answer = api.send("POST", "/incidents.json", form.encode(), FORM)
    assert (answer.status, status_of(component)) == (201, "major_outage")
    assert answer.json["metadata"] == {"jira": {"issue_id": "1"}}
    assert answer.json["incident_updates"][0]["deliver_notifications"] is False

    repeated = f"incident[name]=Down&incident[component_ids]={component.pk}&incident[component_ids]="
    assert api.send("POST", "/incidents", repeated.encode(), FORM).status == 422
    listed = f"incident[name]=Down&incident[components][]={component.pk}"
    answer = api.send("POST", "/incidents", listed.encode(), FORM)
    assert [one["id"] for one in answer.json["components"]] == [component.pk]


def test_what_clients_send_along_is_ignored(api: Machine, component: Component) -> None:
    """A whole template, and null where nothing is meant."""
    template = {
        "id": "x",
        "title": "T",
        "group_id": None,
        "update_status": "resolved",
        "should_tweet": True,
        "should_send_notifications": True,
        "wants_twitter_update": True,
        "auto_tweet_at_beginning": True,
    }
    nothing = dict.fromkeys(
        [
            *("status", "body", "components", "component_ids", "impact_override", "scheduled_for"),
            *("scheduled_until", "scheduled_remind_prior", "metadata", "backfilled", "backfill_date"),
            *("deliver_notifications", "reminder_intervals", "scheduled_auto_transition"),
        ]
    )
    empty = {"scheduled_for": "", "scheduled_until": "", "impact_override": "", "status": ""}
    for sent in (template | nothing, template | empty):
        incident = add(api, **sent)
        assert (incident["status"], incident["components"]) == ("investigating", [])
        assert incident["impact_override"] is None
        assert change(api, incident, **sent)["incident_updates"] == incident["incident_updates"]


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": {"a": 1}}, "name"),
        ({"status": "postmortem"}, "status"),
        ({"status": "completed"}, "scheduled_for"),
        ({"status": "scheduled"}, "scheduled_for"),
        ({"status": "great"}, "status"),
        ({"impact_override": "huge"}, "impact_override"),
        ({"body": "x" * 25_001}, "body"),
        ({"components": {"none00000000": "operational"}}, "components"),
        ({"components": {"none00000000": "broken"}}, "components"),
        ({"components": {"none00000000": ["x"]}}, "components"),
        ({"components": 7}, "components"),
        ({"components": [7]}, "components"),
        ({"component_ids": ["none00000000"]}, "component_ids"),
        ({"component_ids": [["x"]]}, "component_ids"),
        ({"metadata": {"jira": 1}}, "metadata"),
        ({"metadata": [1]}, "metadata"),
        ({"metadata": {"jira": {"text": "x" * 20_000}}}, "metadata"),
        ({"scheduled_for": "soon", "scheduled_until": "later"}, "scheduled_for"),
        ({"scheduled_for": "2026-01-01T00:00:00Z"}, "scheduled_until"),
        ({"scheduled_until": "2026-01-01T00:00:00Z"}, "scheduled_for"),
        ({"scheduled_for": "0001-01-01T00:00:00Z", "scheduled_until": "0001-01-02T00:00:00Z"}, "scheduled"),
        ({"scheduled_for": "9999-01-01T00:00:00Z", "scheduled_until": "9999-12-31T23:59:59-12:00"}, "sched"),
        ({"backfilled": True, "backfill_date": "long ago"}, "backfill_date"),
        ({"backfilled": True, "backfill_date": "2999-01-01"}, "backfill_date"),
        ({"backfilled": True, "backfill_date": "0001-01-01"}, "backfill_date"),
        ({"deliver_notifications": "perhaps"}, "deliver_notifications"),
    ],
)
def test_what_cannot_be_is_refused_by_the_name_of_its_member(
    api: Machine, page: StatusPage, fields: dict[str, Any], said: str
) -> None:
    answer = api.post("/incidents", {"incident": {"name": "Down"} | fields})
    assert (answer.status, said in answer.json["error"]) == (422, True), answer.json
    assert not Incident.objects.exists()


def test_without_its_envelope_a_body_is_no_incident(api: Machine) -> None:
    assert api.post("/incidents", {"name": "Down"}).status == 400
    assert api.post("/incidents", {"incident": "Down"}).status == 422
    assert api.post("/incidents").status == 400


# Changing ------------------------------------------------------------------------------------------


def test_an_update_is_written_for_another_status_or_a_body_alone(api: Machine) -> None:
    incident = add(api, status="investigating")
    sent: list[dict[str, Any]] = [
        {"name": "Slow"},
        {"status": "investigating"},
        {"metadata": {"a": {}}},
        {"status": "identified"},
        {"message": "Still."},
        {"status": "monitoring", "body": "Better."},
        {"status": "resolved"},
        {"status": "resolved"},
        {"status": "investigating"},
    ]
    numbers = [len(change(api, incident, **fields)["incident_updates"]) for fields in sent]
    assert numbers == [1, 1, 1, 2, 3, 4, 5, 5, 6]


def test_one_request_is_one_version_and_what_is_the_same_is_none(
    api: Machine, page: StatusPage, component: Component
) -> None:
    sent = {"name": "Slow", "components": {component.pk: "major_outage"}, "component_ids": [component.pk]}
    incident = add(api, **sent)
    before = StatusPage.objects.get(pk=page.pk).version
    change(api, incident, **sent)
    assert StatusPage.objects.get(pk=page.pk).version == before
    change(api, incident, name="Slower", status="identified", impact_override="none")
    assert StatusPage.objects.get(pk=page.pk).version == before + 1


@pytest.mark.parametrize(
    ("fields", "left"),
    [
        ({}, "major_outage"),
        ({"auto_transition_to_operational_state": True}, STATUS),
        ({"components": "operational"}, STATUS),
        ({"components": "degraded_performance"}, "degraded_performance"),
    ],
)
def test_resolving_resets_components_only_where_that_is_said(
    api: Machine, component: Component, fields: dict[str, Any], left: str
) -> None:
    incident = add(api, components={component.pk: "major_outage"})
    if "components" in fields:
        fields = {"components": {component.pk: fields["components"]}}
    change(api, incident, status="resolved", **fields)
    assert status_of(component) == left


def test_the_list_of_components_replaces_them_and_the_map_adds(api: Machine, page: StatusPage) -> None:
    a, b, c = (create_component(page, ACTOR, name=name).pk for name in "ABC")
    incident = add(api, component_ids=[a])

    def ids(**fields: Any) -> list[str]:
        return [one["id"] for one in change(api, incident, **fields)["components"]]

    assert ids(components={b: "major_outage"}) == [a, b]
    assert ids(component_ids=[c], components={b: "partial_outage"}) == [b, c]
    assert ids(components=[a]) == [a]
    assert ids(status="identified", component_ids=[a, b], components={b: "major_outage"}) == [a, b]
    assert ids(component_ids=[]) == []


def test_an_update_is_corrected(api: Machine) -> None:
    incident = add(api, body="Hot.")
    update = incident["incident_updates"][0]
    path = f"/incidents/{incident['id']}/incident_updates/{update['id']}"
    events = Event.objects.filter(notify=True).count()
    for method in ("PATCH", "PUT"):
        sent = {"body": f"Cold, {method}.", "wants_twitter_update": True, "deliver_notifications": True}
        answer = api.ask(method, path, {"incident_update": sent})
        assert (answer.status, answer.json["body"]) == (200, f"Cold, {method}.")
    moved = api.patch(path, {"incident_update": {"display_at": "2026-01-31T10:00:00Z"}})
    assert moved.json["display_at"] == "2026-01-31T10:00:00.000Z"
    assert Event.objects.filter(notify=True).count() == events
    other = add(api)
    assert api.patch(path.replace(incident["id"], other["id"]), {"incident_update": {}}).status == 404


def test_what_is_deleted_is_gone_at_once(api: Machine, component: Component) -> None:
    incident = add(api, components={component.pk: "major_outage"})
    path = f"/incidents/{incident['id']}"
    gone = api.delete(path)
    assert (gone.status, gone.json["id"], status_of(component)) == (200, incident["id"], STATUS)
    statuses = [
        api.get(path).status,
        api.delete(path).status,
        api.patch(path, {"incident": {"name": "x"}}).status,
        api.patch(f"{path}/incident_updates/{incident['incident_updates'][0]['id']}", {}).status,
    ]
    assert statuses == [404, 404, 404, 400]
    assert api.get("/incidents").json == []


def test_nobody_is_told_where_that_is_said(api: Machine) -> None:
    told = []
    for deliver in (True, False):
        incident = add(api, deliver_notifications=deliver)
        change(api, incident, status="resolved", deliver_notifications=deliver)
        plan(api, deliver_notifications=deliver)
        events = Event.objects.filter(object_type="incident", notify=True)
        told.append(set(events.values_list("name", flat=True)))
        assert incident["incident_updates"][0]["deliver_notifications"] is deliver
    assert told == [{"incident.created", "incident.resolved", "maintenance.scheduled"}] * 2
    assert Event.objects.filter(name="incident.created", notify=True, page_id__isnull=False).count() == 1


# Maintenance ---------------------------------------------------------------------------------------


def test_a_maintenance_runs_as_it_is_told(api: Machine) -> None:
    """Without a word it does nothing by itself, as in the original."""
    names = ["scheduled_auto_in_progress", "scheduled_auto_completed", "scheduled_remind_prior"]
    for fields, expected in (
        ({}, [False, False, False]),
        (dict.fromkeys(names, True), [True, True, True]),
        ({"scheduled_auto_transition": True}, [True, True, False]),
        ({"scheduled_auto_transition": True, names[1]: False}, [True, False, False]),
    ):
        planned = plan(api, **fields)
        assert [planned[name] for name in names] == expected, fields
        assert planned["status"] == "scheduled"
        assert planned["impact"] == "maintenance"
        for name, value in zip(names, expected, strict=True):
            assert change(api, planned, **{name: not value})[name] is not value


@pytest.mark.parametrize("said", ["operational", "under_maintenance", ""])
def test_announcing_attaches_components_and_changes_none(
    api: Machine, component: Component, said: str
) -> None:
    planned = plan(api, components={component.pk: said})
    assert [one["id"] for one in planned["components"]] == [component.pk]
    change(api, planned, components={component.pk: said}, body="Again.")
    change(api, planned, components={component.pk: said})
    assert status_of(component) == STATUS
    for refused in ({"components": {component.pk: "major_outage"}}, {"body": "x"}):
        body = {"incident": {"components": {component.pk: "major_outage"}} | refused}
        assert api.patch(f"/incidents/{planned['id']}", body).status == 422


def test_a_maintenance_goes_through_its_life(api: Machine, component: Component) -> None:
    planned = plan(api, component_ids=[component.pk])
    seen = []
    for status in ("in_progress", "verifying", "completed"):
        change(api, planned, status=status)
        seen.append(status_of(component))
    assert seen == ["under_maintenance", "under_maintenance", STATUS]
    for status in ("scheduled", "in_progress", "investigating", "resolved"):
        assert api.patch(f"/incidents/{planned['id']}", {"incident": {"status": status}}).status == 422


@pytest.mark.parametrize("back", [True, False])
def test_components_go_back_as_the_maintenance_says(api: Machine, component: Component, back: bool) -> None:
    planned = plan(api, component_ids=[component.pk], auto_transition_to_operational_state=back)
    change(api, planned, status="in_progress")
    change(api, planned, status="completed")
    assert status_of(component) == (STATUS if back else "under_maintenance")


@pytest.mark.parametrize(
    ("fields", "status", "of_component"),
    [
        ({"status": "scheduled"}, "scheduled", STATUS),
        ({"status": "in_progress"}, "in_progress", "under_maintenance"),
        ({"status": "verifying"}, "verifying", "under_maintenance"),
        ({"scheduled_for": -1}, "in_progress", "under_maintenance"),
        ({"scheduled_for": -2, "scheduled_until": -1, "status": "completed"}, "completed", STATUS),
        ({"scheduled_for": -2, "scheduled_until": -1, "backfilled": True}, "completed", STATUS),
    ],
)
def test_a_maintenance_may_begin_anywhere(
    api: Machine, component: Component, fields: dict[str, Any], status: str, of_component: str
) -> None:
    times = {name: hours(value) for name, value in fields.items() if name.startswith("scheduled_")}
    planned = plan(api, **(fields | times), component_ids=[component.pk])
    assert (planned["status"], status_of(component)) == (status, of_component)


def test_completing_one_that_has_not_begun_calls_it_off(api: Machine, component: Component) -> None:
    planned = plan(api, component_ids=[component.pk])
    assert change(api, planned, status="completed")["status"] == "completed"
    assert Incident.objects.get().window.cancelled
    assert status_of(component) == STATUS


def test_an_incident_does_not_become_a_maintenance(api: Machine) -> None:
    incident = add(api)
    answer = api.patch(f"/incidents/{incident['id']}", {"incident": {"scheduled_for": hours(1)}})
    assert answer.status == 422
    # Terraform says what it does not plan.
    no = dict.fromkeys(["scheduled_remind_prior", "scheduled_auto_in_progress"], False)
    assert change(api, incident, **no)["scheduled_for"] is None


# The past ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("date", "at"),
    [
        ("2026-01-31", "2026-01-31T11:00:00Z"),
        ("2026-07-31", "2026-07-31T10:00:00Z"),
        ("2026-01-31T09:30:00+02:00", "2026-01-31T07:30:00Z"),
        ("2026-01-31T09:30:00", "2026-01-31T09:30:00Z"),
    ],
)
def test_what_is_past_is_added_as_resolved_and_told_to_nobody(
    api: Machine, component: Component, date: str, at: str
) -> None:
    """A day is taken as its noon, where the page is."""
    past = add(api, backfilled=True, backfill_date=date, body="It was.", component_ids=[component.pk])
    assert (past["status"], past["backfilled"], past["resolved_at"]) == ("resolved", True, at)
    assert past["incident_updates"][0]["body"] == "It was."
    assert api.get("/incidents/unresolved").json == []
    assert [one["id"] for one in past["components"]] == [component.pk]
    assert not Event.objects.filter(object_id=past["id"], notify=True).exists()


def test_what_was_today_is_not_ahead(api: Machine) -> None:
    assert add(api, backfilled=True, backfill_date=f"{timezone.now():%Y-%m-%d}")["status"] == "resolved"
    assert add(api, backfilled=True)["status"] == "resolved"


# Lists ---------------------------------------------------------------------------------------------


def test_each_list_has_what_its_name_says(api: Machine, page: StatusPage) -> None:
    add(api, name="open")
    change(api, add(api, name="over"), status="resolved")
    plan(api, name="planned")
    change(api, plan(api, name="begun"), status="in_progress")
    change(api, plan(api, name="checked"), status="verifying")
    change(api, plan(api, name="done", status="in_progress"), status="completed")
    lists = {
        "": ["done", "checked", "begun", "planned", "over", "open"],
        "/unresolved": ["open"],
        "/scheduled": ["checked", "begun", "planned"],
        "/upcoming": ["planned"],
        "/active_maintenance": ["checked", "begun"],
    }
    for path, names in lists.items():
        for suffix in ("", ".json"):
            assert [one["name"] for one in api.get(f"/incidents{path}{suffix}").json] == names, path


def test_lists_are_parts_and_can_be_searched(api: Machine) -> None:
    for number in range(5):
        add(api, name=f"n{number}", body="Needle." if number == 2 else "Hay.")
    names = {
        "?limit=2": ["n4", "n3"],
        "?limit=2&page=0": ["n4", "n3"],
        "?limit=2&page=1": ["n4", "n3"],
        "?limit=2&page=3": ["n0"],
        "?per_page=2&page=2": ["n2", "n1"],
        "?page=9": [],
        "?q=needle": ["n2"],
        "?q=n4": ["n4"],
        "?q=investigating&limit=1": ["n4"],
        "?q=%25": [],
        "?limit=nonsense&page=-1": ["n4", "n3", "n2", "n1", "n0"],
    }
    for query, expected in names.items():
        assert [one["name"] for one in api.get(f"/incidents{query}").json] == expected, query


def test_more_incidents_cost_no_more_queries(api: Machine, page: StatusPage) -> None:
    needed = []
    for number in (1, 8):
        for count in range(number):
            component = create_component(page, ACTOR, name=f"{number}-{count}")
            words = Words("investigating", "x", components={component.pk: "major_outage"})
            resolve(page, open_incident(page, ACTOR, words, name="x"), ACTOR)
            planned = plan(api, component_ids=[component.pk])
            start_maintenance(page, Incident.objects.get(pk=planned["id"]), ACTOR)
        with CaptureQueriesContext(connection) as made:
            api.get("/incidents")
        needed.append(len(made))
    assert needed[0] == needed[1]
    assert needed[0] < 25

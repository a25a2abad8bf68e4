"""Postmortems and templates, and what a trial tells."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from components.models import Component
from events.actor import SYSTEM
from events.models import Event
from incidents.actions.incident import open_incident, resolve
from incidents.models import Incident, IncidentTemplate
from incidents.steps import Words
from outbox.models import OutboxItem
from pages.models import StatusPage
from subscribers.actions import Who, add_confirmed
from subscribers.choices import Channel
from subscribers.wishes import Wish
from tests.api.conftest import Machine
from tests.conftest import ACTOR
from tests.publishing.published import fresh_build


@pytest.fixture
def over(page: StatusPage) -> Incident:
    incident = open_incident(page, ACTOR, Words("investigating", ""), name="Over")
    resolve(page, incident, ACTOR)
    return incident


def test_a_postmortem_is_written_published_taken_back_and_removed(api: Machine, over: Incident) -> None:
    path = f"/incidents/{over.pk}/postmortem"
    assert api.get(path).status == 404
    for method in ("PUT", "POST"):
        written = api.ask(method, path, {"postmortem": {"body_draft": f"Why, {method}."}})
        assert (written.status, written.json["body_draft"], written.json["body"]) == (
            200,
            f"Why, {method}.",
            None,
        )
    assert api.get(f"/incidents/{over.pk}").json["postmortem_body"] is None

    shown = api.put(f"{path}/publish", {"postmortem": {"notify_subscribers": True, "notify_twitter": True}})
    assert (shown.status, shown.json["body"], shown.json["notify_subscribers"]) == (200, "Why, POST.", True)
    incident = api.get(f"/incidents/{over.pk}").json
    assert (incident["status"], incident["postmortem_body"]) == ("resolved", "Why, POST.")
    assert incident["postmortem_published_at"] == shown.json["published_at"]
    assert incident["postmortem_notified_subscribers"] is True
    assert Incident.objects.get().status == "postmortem"

    reverted = api.post(f"{path}/revert")
    assert (reverted.status, reverted.json["body"], reverted.json["published_at"]) == (200, None, None)
    assert Incident.objects.get().status == "resolved"
    assert (api.delete(path).status, api.delete(path).status) == (204, 404)
    assert api.put(f"{path}/publish").status == 404


@pytest.mark.parametrize(("body", "told"), [(None, False), ({"postmortem": {}}, False)])
def test_nobody_is_told_of_a_postmortem_unless_that_is_said(
    api: Machine, over: Incident, body: Any, told: bool
) -> None:
    path = f"/incidents/{over.pk}/postmortem"
    api.put(path, {"postmortem": {"body_draft": "Why."}})
    assert api.put(f"{path}/publish", body).json["notify_subscribers"] is told
    assert Event.objects.filter(name="incident.postmortem_published", notify=told).exists()


def test_the_page_calls_it_a_postmortem(api: Machine, over: Incident, page: StatusPage) -> None:
    path = f"/incidents/{over.pk}/postmortem"
    api.put(path, {"postmortem": {"body_draft": "Why."}})
    api.put(f"{path}/publish")
    incidents = json.loads(fresh_build(page)["/api/v2/incidents.json"])["incidents"]
    assert [one["status"] for one in incidents] == ["postmortem"]


def test_what_is_not_over_has_no_postmortem_to_show(api: Machine, page: StatusPage) -> None:
    incident = open_incident(page, ACTOR, Words("investigating", ""), name="Open")
    path = f"/incidents/{incident.pk}/postmortem"
    assert api.put(path, {"postmortem": {"body_draft": "Why."}}).status == 200
    assert api.put(f"{path}/publish").status == 422
    assert api.put(f"{path}/revert").status == 422
    assert api.put("/incidents/none00000000/postmortem", {"postmortem": {"body_draft": "x"}}).status == 404


# Templates -----------------------------------------------------------------------------------------


def test_templates_are_kept(api: Machine, component: Component) -> None:
    given = {"name": "Mail", "title": "Late mail", "body": "We look.", "group_id": "g1", "should_tweet": True}
    added = api.post("/incident_templates", {"template": given | {"component_ids": [component.pk]}})
    assert added.status == 201
    assert added.json["components"][0]["name"] == "API"
    assert (added.json["group_id"], added.json["update_status"]) == ("g1", "investigating")
    path = f"/incident_templates/{added.json['id']}"

    changed = api.patch(path, {"template": {"update_status": "scheduled", "component_ids": []}}).json
    assert (changed["update_status"], changed["components"], changed["title"]) == (
        "scheduled",
        [],
        "Late mail",
    )
    assert [one["id"] for one in api.get("/incident_templates.json").json] == [changed["id"]]
    assert api.post("/incident_templates", {"template": given}).status == 422
    for missing in ("name", "title", "body"):
        assert api.post("/incident_templates", {"template": given | {missing: None}}).status == 422
    # Bots send a template as they got it.
    assert api.post("/incidents", {"incident": {"name": "Late mail"} | api.get(path).json}).status == 201

    gone = api.delete(path)
    assert (gone.status, gone.json["id"]) == (200, changed["id"])
    assert api.get(path).status == 404
    assert not IncidentTemplate.objects.exists()


# Trials --------------------------------------------------------------------------------------------


def test_a_trial_counts_whom_it_would_tell_and_changes_nothing(
    api: Machine, page: StatusPage, component: Component
) -> None:
    for name in ("ada", "bob"):
        add_confirmed(page, Who(f"{name}@example.org"), SYSTEM, "test")
    add_confirmed(page, Who("eve@example.org"), SYSTEM, "test", Wish(wants_incidents=False))
    add_confirmed(page, Who("https://hooks.example.org/a", Channel.WEBHOOK), SYSTEM, "test")
    before = (StatusPage.objects.values().get(), Event.objects.count(), OutboxItem.objects.count())

    def tell(method: str, path: str, **fields: Any) -> Any:
        answer = api.ask(method, f"{path}?dry_run=true", {"incident": fields})
        assert answer.status == 200, answer.json
        return answer.json

    crowd = {"email": 2, "webhook": 1}
    opened = tell("POST", "/incidents", name="Down", components={component.pk: "major_outage"})
    assert opened["dry_run"] is True
    first = opened["notifications"][0]
    assert (first["event"], first["total"], first["recipients"]) == ("incident.created", 3, crowd)
    quiet = tell("POST", "/incidents", name="Down", deliver_notifications=False)
    assert [one for one in quiet["notifications"] if one["event"] == "incident.created"] == []
    begin = timezone.now() + timedelta(hours=1)
    times = {
        "scheduled_for": begin.isoformat(),
        "scheduled_until": (begin + timedelta(hours=1)).isoformat(),
    }
    planned = tell("POST", "/incidents", name="Disks", **times)
    assert planned["notifications"][0]["recipients"] == crowd | {"email": 3}
    assert api.post("/incidents?dry_run=true", {"incident": {"name": ""}}).status == 422
    assert before == (StatusPage.objects.values().get(), Event.objects.count(), OutboxItem.objects.count())

    real = api.post("/incidents?dry_run=false", {"incident": {"name": "Down"}})
    assert real.status == 201
    path = f"/incidents/{real.json['id']}"
    assert tell("PATCH", path, name="Slow")["notifications"] == []
    assert tell("PATCH", path, status="resolved")["notifications"][0]["recipients"] == crowd
    assert api.get(path).json == real.json
    api.patch(path, {"incident": {"status": "resolved"}})
    api.put(f"{path}/postmortem", {"postmortem": {"body_draft": "Why."}})
    told = api.put(f"{path}/postmortem/publish?dry_run=1", {"postmortem": {"notify_subscribers": True}})
    assert (told.status, told.json["notifications"][0]["recipients"]) == (200, crowd)
    assert api.get(f"{path}/postmortem").json["body"] is None


def test_what_cannot_be_tried_is_not_done_instead(api: Machine) -> None:
    incident = api.post("/incidents", {"incident": {"name": "Down"}}).json
    path = f"/incidents/{incident['id']}"
    assert api.delete(f"{path}?dry_run=true").status == 400
    assert api.patch(f"{path}?dry_run=on", {"incident": {"status": "resolved"}}).status == 400
    assert api.patch(f"{path}?dry_run", {"incident": {"status": "resolved"}}).status == 400
    assert api.get(path).json == incident


def test_a_write_may_be_bound_to_what_was_read(api: Machine) -> None:
    incident = api.post("/incidents", {"incident": {"name": "Down"}}).json
    path = f"/incidents/{incident['id']}"
    tag = api.get(path).headers["ETag"]
    body = {"incident": {"status": "identified"}}
    assert api.patch(path, body, If_Match=tag).status == 200
    assert api.patch(path, {"incident": {"status": "monitoring"}}, If_Match=tag).status == 412
    assert api.patch(f"{path}?dry_run=true", body, If_Match=tag).status == 412
    assert api.delete(path, If_Match=tag).status == 412
    assert api.get(path).json["status"] == "identified"

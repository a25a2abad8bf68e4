"""Every call of crunch-statuspageio, in the order of a page's life: {call: "ok" or what went wrong}."""

import inspect
import json
import sys

import statuspageio

given = json.load(sys.stdin)
ids = given["ids"]
client = statuspageio.Client(
    api_key=given["key"],
    page_id=ids["page_id"],
    organization_id=ids["organization_id"],
    base_url=given["base"],
)
made = {}
found = {}


def expect(called, want, *args, **kwargs):
    """Make one call; `want` says whether what came back is right."""
    service, _, method = called.partition(".")
    try:
        answer = getattr(getattr(client, service), method)(*args, **kwargs)
        found[called] = "ok" if want(answer) else f"answered {answer!r}"[:300]
    except Exception as error:  # noqa: BLE001 - told to whoever started this
        answer = None
        found[called] = f"{type(error).__name__}: {error}"[:300]
    return answer


def of(*names):
    """A list with these names in it."""
    return lambda answer: set(names) <= {one["name"] for one in answer}


expect("pages.get", lambda page: page.id == ids["page_id"])
expect("pages.update", lambda answer: answer[0] == 200, name="Renamed")

component = expect("components.create", lambda one: one.name == "Mail", name="Mail", status="partial_outage")
expect("components.list", of("Mail"))
expect("components.get", lambda one: one.status == "partial_outage", component.id)
expect("components.update", lambda one: one.status == "operational", component.id, status="operational")

group = expect("component_groups.create", lambda one: one.components == [component.id], "G", [component.id])
expect("component_groups.list", of("G"))
expect("component_groups.delete", lambda status: status == 200, group.id)

incident = expect(
    "incidents.create",
    lambda one: one.metadata.jira.issue == "1" and one.incident_updates[0].body == "Hot.",
    name="Down",
    body="Hot.",
    component_ids=[component.id],
    impact_override="major",
    metadata={"jira": {"issue": "1"}},
)
planned = expect(
    "incidents.create_scheduled",
    lambda one: one.status == "scheduled" and one.scheduled_auto_in_progress,
    name="Disks",
    status="scheduled",
    scheduled_for="2099-01-01T00:00:00Z",
    scheduled_until="2099-01-01T01:00:00Z",
    scheduled_auto_in_progress=True,
    component_ids=[component.id],
)
expect("incidents.list", of("Down", "Disks"))
expect("incidents.list_unresolved", of("Down"))
expect("incidents.list_scheduled", of("Disks"))
expect("incidents.list_upcoming", of("Disks"))
expect("incidents.list_active_maintenance", lambda answer: answer == [])
expect("incidents.update", lambda one: one.status == "resolved", incident.id, status="resolved", body="Cold.")
update = incident.incident_updates[0]
expect("incidents.update_previous", lambda one: one.body == "Warm.", incident.id, update.id, body="Warm.")
expect("incidents.delete", lambda status: status == 200, incident.id)

who = {"email": "crunch@example.org", "skip_confirmation_notification": True}
subscriber = expect("subscribers.create", lambda one: one.email == "crunch@example.org", **who)
expect("subscribers.list", lambda answer: subscriber.id in {one["id"] for one in answer})
expect("subscribers.delete", lambda status: status == 200, subscriber.id)

expect("components.delete", lambda status: status == 204, component.id)

expect("metrics.list_available", lambda answer: isinstance(answer, list))
provider = ids["metrics_provider_id"]
expect("metrics.list_linked", lambda answer: provider in {one["id"] for one in answer})
metric = expect("metrics.create", lambda one: one.name == "Time", provider, name="Time", suffix="ms")
expect("metrics.list_metrics_for_provider", of("Time"), provider)
expect("metrics.submit_data", lambda one: True, metric.id, timestamp=given["now"], value=7)
expect("metrics.delete_all_data", lambda status: status == 200, metric.id)
expect("metrics.delete", lambda one: one.id == metric.id, metric.id)

expect("users.list", lambda answer: len(answer) > 0)
person = {"email": "crunch@example.org", "first_name": "C", "last_name": "R", "password": "Long enough 1!"}
user = expect("users.create", lambda one: one.email == "crunch@example.org", **person)
if user is not None:
    expect("users.delete", lambda answer: True, user.id)

print(
    json.dumps(
        {
            "found": found,
            "offered": [
                f"{service}.{name}"
                for service in (
                    *("pages", "components", "component_groups", "incidents", "subscribers"),
                    *("metrics", "users"),
                )
                for name, _method in inspect.getmembers(getattr(client, service), inspect.ismethod)
                if not name.startswith("_")
            ],
        }
    )
)

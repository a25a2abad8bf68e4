"""Every call of atlassian-python-api that can work on the original: {call: "ok" or what went wrong}."""

import inspect
import json
import sys

from atlassian.statuspage import SortOrder, StatusPage, SubscriberState, SubscriberType

given = json.load(sys.stdin)
ids = given["ids"]
client = StatusPage(url=given["base"], token=given["key"])
PAGE, ORGANISATION = ids["page_id"], ids["organization_id"]
found = {}


def call(name, *args, want=lambda answer: True, **kwargs):
    """`want` says whether what came back is right."""
    try:
        answer = getattr(client, name)(*args, **kwargs)
        if name not in found or found[name] == "ok":
            found[name] = "ok" if want(answer) else f"answered {answer!r}"[:300]
    except Exception as error:  # noqa: BLE001 - told to whoever started this
        content = getattr(getattr(error, "response", None), "text", "")
        answer, found[name] = {"id": "none"}, f"{type(error).__name__}: {error} {content}"[:300]
    return answer


def gone(answer):
    return answer is None or answer == "" or "id" in answer


def named(name):
    return lambda answer: name in {one["name"] for one in answer}


call("page_list_pages", want=lambda answer: PAGE in {one["id"] for one in answer})
call("get_page", PAGE, want=lambda answer: answer["id"] == PAGE)
call("page_update", PAGE, {"name": "Renamed"}, want=lambda answer: answer["name"] == "Renamed")
call(
    "organization_get_users",
    ORGANISATION,
    1,
    100,
    want=lambda answer: ids["user_id"] in {one["id"] for one in answer},
)
call("organization_get_user_permissions", ORGANISATION, ids["user_id"], want=lambda answer: "data" in answer)
rights = {PAGE: {"page_configuration": True, "incident_manager": True, "maintenance_manager": True}}
call("organization_set_user_permissions", ORGANISATION, ids["user_id"], rights)

mail = call("page_create_component", PAGE, {"name": "Mail"}, want=lambda one: one["name"] == "Mail")
PART = mail["id"]
call("page_get_components", PAGE, want=named("Mail"))
call(
    "page_update_component",
    PAGE,
    PART,
    {"status": "major_outage"},
    want=lambda one: one["status"] == "major_outage",
)
call("page_get_component", PAGE, PART, want=lambda one: one["status"] == "major_outage")
call("page_get_uptime_component", PAGE, PART, want=lambda one: one["id"] == PART)
group = call("page_create_component_group", PAGE, "Mine", {"name": "G", "components": [PART]})
GROUP = group["id"]
call("page_get_list_of_component_groups", PAGE, want=named("G"))
call("page_get_component_group", PAGE, GROUP, want=lambda one: one["components"] == [PART])
call(
    "page_update_component_group",
    PAGE,
    GROUP,
    "Ours",
    {"name": "H", "components": [PART]},
    want=lambda one: one["name"] == "H",
)
call("page_get_uptime_for_component_group", PAGE, GROUP, want=lambda one: one["id"] == GROUP)

VIEWER, ACCESS = ids["page_access_user_id"], ids["page_access_group_id"]
call("page_access_users_list", PAGE, "", want=lambda answer: VIEWER in {one["id"] for one in answer})
call("page_get_access_user", PAGE, VIEWER, want=lambda one: one["id"] == VIEWER)
call(
    "page_set_access_user",
    PAGE,
    VIEWER,
    "login",
    "viewer@example.org",
    [ACCESS],
    want=lambda one: one["page_access_group_ids"] == [ACCESS],
)
call("page_add_components_access_user", PAGE, VIEWER, [PART], want=lambda one: one["id"] == VIEWER)
call(
    "page_get_components_access_user", PAGE, VIEWER, want=lambda answer: PART in {one["id"] for one in answer}
)
call("page_replace_components_access_user", PAGE, VIEWER, [PART])
call("page_delete_component_access_user", PAGE, VIEWER, PART)
call("page_delete_components_access_user", PAGE, VIEWER, [PART])
call("page_get_access_groups", PAGE, want=lambda answer: ACCESS in {one["id"] for one in answer})
call("page_get_access_group", PAGE, ACCESS, want=lambda one: one["id"] == ACCESS)
made = call(
    "page_create_access_group",
    PAGE,
    "Guests",
    "guests",
    [PART],
    [],
    [VIEWER],
    want=lambda one: one["component_ids"] == [PART],
)
call(
    "page_replace_access_group",
    PAGE,
    made["id"],
    "Visitors",
    "visitors",
    [PART],
    [],
    [VIEWER],
    want=lambda one: one["name"] == "Visitors",
)
call(
    "page_add_components_to_access_group", PAGE, ACCESS, [PART], want=lambda one: PART in one["component_ids"]
)
call(
    "page_get_components_for_access_group",
    PAGE,
    ACCESS,
    want=lambda answer: PART in {one["id"] for one in answer},
)
call(
    "page_replace_components_for_access_page",
    PAGE,
    ACCESS,
    [PART],
    want=lambda one: one["component_ids"] == [PART],
)
call("page_delete_component_for_access_page", PAGE, ACCESS, PART, want=lambda one: one["component_ids"] == [])
call("page_delete_components_for_access_page", PAGE, ACCESS, [PART])
call("page_add_access_users_to_component", PAGE, PART, [VIEWER], want=lambda one: one["id"] == PART)
call("page_remove_access_users_from_component", PAGE, PART, want=lambda one: one["id"] == PART)
call("page_add_access_users_to_group", PAGE, PART, [ACCESS], want=lambda one: one["id"] == PART)
call("page_remove_access_users_from_group", PAGE, PART, want=lambda one: one["id"] == PART)

who = {"email": "atlassian@example.org", "skip_confirmation_notification": True}
READER = call("page_create_subscriber", PAGE, who, want=lambda one: one["email"] == who["email"])["id"]
asked = call("page_create_subscriber", PAGE, {"email": "asked@example.org"})["id"]
call("page_get_subscriber", PAGE, READER, want=lambda one: one["mode"] == "email")
wanted = {"q": "atlassian@", "subscriber_type": SubscriberType.EMAIL, "subscriber_state": SubscriberState.ALL}
call(
    "page_get_subscribers",
    PAGE,
    wanted,
    SortOrder.ASC,
    1,
    100,
    want=lambda answer: READER in {one["id"] for one in answer},
)
call("page_update_subscriber", PAGE, READER, [PART], want=lambda one: one["components"] == [PART])
call("page_resend_confirmation_subscribers", PAGE, asked)
call("page_resend_confirmations_to_subscribers", PAGE, [asked])
call("page_resend_confirmations_to_subscribers", PAGE, "all")
call(
    "page_count_subscribers_by_type",
    PAGE,
    SubscriberType.EMAIL,
    SubscriberState.ALL,
    want=lambda answer: answer["email"] > 0,
)
call("page_reactivate_subscribers", PAGE, [READER], "email")
call("page_unsubscribe_subscriber", PAGE, READER, True, want=lambda one: one["id"] == READER)
call("page_unsubscribe_subscribers", PAGE, [asked], "email", True)

template = {"name": "T", "title": "Mail is late", "body": "We look."}
call("page_create_template", PAGE, template, want=lambda one: one["title"] == "Mail is late")
call("page_get_templates", PAGE, want=named("T"))

incident = call(
    "page_create_incident",
    PAGE,
    {"name": "Down", "component_ids": [PART]},
    want=lambda one: one["name"] == "Down",
)
TROUBLE = incident["id"]
call(
    "page_create_incident",
    PAGE,
    {"name": "Disks", "scheduled_for": "2099-01-01T00:00:00Z", "scheduled_until": "2099-01-01T01:00:00Z"},
)
call("page_list_incidents", PAGE, "", want=named("Down"))
call("page_list_unresolved_incidents", PAGE, want=named("Down"))
call("page_list_scheduled_incidents", PAGE, want=named("Disks"))
call("page_list_upcoming_incidents", PAGE, want=named("Disks"))
call("page_list_active_maintenances", PAGE, want=lambda answer: answer == [])
call("page_get_incident", PAGE, TROUBLE, want=lambda one: one["id"] == TROUBLE)
follower = call("page_create_incident_subscriber", PAGE, TROUBLE, {"email": "follower@example.org"})["id"]
call(
    "page_list_incident_subscribers",
    PAGE,
    TROUBLE,
    want=lambda answer: [one["id"] for one in answer] == [follower],
)
call("page_get_incident_subscriber", PAGE, TROUBLE, follower, want=lambda one: one["id"] == follower)
call("page_resend_confirmation_incident_subscriber", PAGE, TROUBLE, follower)
call("page_unsubscribe_incident_subscriber", PAGE, TROUBLE, follower, want=lambda one: one["id"] == follower)
call(
    "page_update_incident",
    PAGE,
    TROUBLE,
    {"status": "resolved"},
    want=lambda one: one["status"] == "resolved",
)
call(
    "page_create_postmortem",
    PAGE,
    TROUBLE,
    "A disk was full.",
    want=lambda one: one["body_draft"] == "A disk was full.",
)
call("page_get_postmortem", PAGE, TROUBLE, want=lambda one: one["body"] is None)
call(
    "page_publish_postmortem",
    PAGE,
    TROUBLE,
    {"notify_subscribers": False},
    want=lambda one: one["body"] == "A disk was full.",
)
call("page_revert_postmortem", PAGE, TROUBLE, want=lambda one: one["body"] is None)
call("page_delete_postmortem", PAGE, TROUBLE, want=gone)
call("page_delete_incident", PAGE, TROUBLE, want=lambda one: one["id"] == TROUBLE)

provider, METRIC = ids["metrics_provider_id"], ids["metric_id"]
settings = {"status_embed_config": {"position": "top-right"}}
call("page_get_embed_config_settings", PAGE, want=lambda one: one["page_id"] == PAGE)
call("page_update_embed_config_settings", PAGE, settings, want=lambda one: one["position"] == "top-right")
call("page_list_metric_providers", PAGE, want=lambda answer: provider in {one["id"] for one in answer})
call("page_get_metric_provider", PAGE, provider, want=lambda one: one["id"] == provider)
call(
    "page_list_metric_for_metric_provider",
    PAGE,
    provider,
    want=lambda answer: METRIC in {one["id"] for one in answer},
)
call(
    "page_create_metric_for_metric_provider",
    PAGE,
    provider,
    {"name": "Time"},
    want=lambda one: one["name"] == "Time",
)
call("page_get_list_of_metrics", PAGE, want=named("Time"))
call("page_get_metric", PAGE, METRIC, want=lambda one: one["id"] == METRIC)
call("page_update_metric", PAGE, METRIC, {"name": "Speed"}, want=lambda one: one["name"] == "Speed")
call("page_update_metric_data", PAGE, METRIC, {"name": "Delay"}, want=lambda one: one["name"] == "Delay")
call("page_add_data_points_to_metric", PAGE, {METRIC: [{"timestamp": given["now"], "value": 1}]})
call("page_add_data_to_metric", PAGE, METRIC, {"timestamp": given["now"], "value": 2})
call("page_reset_data_for_metric", PAGE, METRIC, want=gone)
call("page_add_metrics_access_user", PAGE, VIEWER, [METRIC])
call(
    "page_get_metrics_access_user",
    PAGE,
    VIEWER,
    want=lambda answer: METRIC in {one["id"] for one in answer},
)
call("page_replace_metrics_access_user", PAGE, VIEWER, [METRIC])
call("page_delete_metric_access_user", PAGE, VIEWER, METRIC)
call("page_delete_metrics_access_user", PAGE, VIEWER, [METRIC])
call("page_update_metric_provider", PAGE, provider, {"type": "Self"})
call("page_create_metric_provider", PAGE, {"type": "Self"})
call("page_delete_metric", PAGE, METRIC, want=gone)
call("page_delete_metric_provider", PAGE, provider, want=gone)

call("page_delete_access_group", PAGE, ACCESS, want=gone)
call("page_delete_access_user", PAGE, VIEWER, want=gone)
call("page_delete_component_group", PAGE, GROUP, want=gone)
call("page_delete_component", PAGE, PART, want=gone)
offered = [
    name
    for name in vars(StatusPage)
    if not name.startswith("_") and inspect.isfunction(getattr(StatusPage, name))
]
print(json.dumps({"found": found, "offered": offered}))

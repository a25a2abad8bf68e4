from __future__ import annotations

from typing import Any

from metrics.actions import create_metric, create_provider
from tests.conftest import ACTOR
from viewers.actions import COMPONENTS, METRICS, create_group, create_user, show


def _components(ids: dict[str, str]) -> Any:
    return {"component_ids": [ids["component_id"]]}


def _metrics(ids: dict[str, str]) -> Any:
    return {"metric_ids": [ids["seen_metric_id"]]}


BODIES: dict[str, Any] = {
    "add_access_user": lambda ids: {
        "page_access_user": {
            "email": "bob@example.org",
            "external_login": "bob",
            "page_access_group_ids": [ids["page_access_group_id"]],
        }
    },
    "patch_change_access_user": {"page_access_user": {"email": "eve@example.org"}},
    "put_change_access_user": {"page_access_user": {"external_login": "eve"}},
    "patch_add_access_user_components": _components,
    "put_add_access_user_components": _components,
    "replace_access_user_components": _components,
    "remove_access_user_components": _components,
    "patch_add_access_user_metrics": _metrics,
    "put_add_access_user_metrics": _metrics,
    "replace_access_user_metrics": _metrics,
    "remove_access_user_metrics": _metrics,
    "add_access_group": lambda ids: {
        "page_access_group": {
            "name": "Partners",
            "external_identifier": "partners",
            "page_access_user_ids": [ids["page_access_user_id"]],
            **_components(ids),
            **_metrics(ids),
        }
    },
    "patch_change_access_group": {"page_access_group": {"name": "Friends"}},
    "put_change_access_group": {"page_access_group": {"page_access_user_ids": []}},
    "patch_add_access_group_components": _components,
    "put_add_access_group_components": _components,
    "replace_access_group_components": _components,
    "add_component_access_users": lambda ids: {"page_access_user_ids": [ids["page_access_user_id"]]},
    "add_component_access_groups": lambda ids: {"page_access_group_ids": [ids["page_access_group_id"]]},
}


IDS = {"remove_access_user_metric": {"metric_id": "seen_metric_id"}}


def build(world: Any) -> None:
    provider = create_provider(world.page, ACTOR, kind="Self")
    metric = create_metric(world.page, provider, ACTOR, name="Seen")
    own = {COMPONENTS: [world.ids["component_id"]], METRICS: [metric.pk]}
    group = create_group(world.page, ACTOR, name="Group", **own)
    user = create_user(world.page, ACTOR, email="ada@example.org", group_ids=[group.pk])
    for column, ids in own.items():
        show(user, ACTOR, column, ids)
    world.ids |= {
        "seen_metric_id": metric.pk,
        "page_access_user_id": user.pk,
        "page_access_group_id": group.pk,
    }

"""What page access users and groups have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ObjectDoesNotExist

from api.operations import Call
from api.paging import part
from api.v1.components import shapes
from common.errors import Refused
from common.instants import utc_seconds
from pages.models import StatusPage
from viewers.actions import hide, show, show_only
from viewers.models import Allowed, PageAccessGroup, PageAccessUser


def user_shape(user: PageAccessUser) -> dict[str, Any]:
    """Its groups are loaded."""
    groups = sorted(one.pk for one in user.groups.all())
    return {
        "id": user.pk,
        "page_id": user.page_id,
        "email": user.email or None,
        "external_login": user.external_login or None,
        "page_access_group_id": groups[0] if groups else None,
        "page_access_group_ids": groups,
        **_stamps(user),
    }


def group_shape(group: PageAccessGroup) -> dict[str, Any]:
    """Its users are loaded."""
    return {
        "id": group.pk,
        "page_id": group.page_id,
        "name": group.name,
        "page_access_user_ids": sorted(one.pk for one in group.users.all()),
        "external_identifier": group.external_identifier or None,
        "metric_ids": group.metric_ids,
        "component_ids": group.component_ids,
        **_stamps(group),
    }


def _stamps(row: Allowed) -> dict[str, str]:
    return {"created_at": utc_seconds(row.created_at), "updated_at": utc_seconds(row.updated_at)}


def named(data: Mapping[str, Any], **columns: str) -> dict[str, Any]:
    """Of what was given: by what the verb calls it."""
    return {column: data[name] for name, column in columns.items() if name in data}


def wanted(call: Call, name: str) -> list[str]:
    """Ids that have to be given. Raises Refused where they are not."""
    if name not in call.data:
        message = "Say which."
        raise Refused(message, name)
    ids: list[str] = call.data[name]
    return ids


def seen_components(call: Call, page: StatusPage, row: Allowed) -> list[dict[str, Any]]:
    """The components that somebody may see by themselves, as they are, in the page's order."""
    ids = [one.pk for one in part(call, page.components.present().filter(pk__in=row.component_ids))]
    found = shapes(page, ids)
    return [found[pk] for pk in ids]


def see_more(call: Call, row: Any, column: str) -> None:
    show(row, call.actor, column, wanted(call, column))


def see_only(call: Call, row: Any, column: str) -> None:
    show_only(row, call.actor, column, wanted(call, column))


def see_less(call: Call, row: Any, column: str) -> None:
    hide(row, call.actor, column, call.data.get(column))


def see_one_less(call: Call, row: Any, column: str, pk: str) -> None:
    """Raises ObjectDoesNotExist for one that they do not see anyway."""
    if pk not in getattr(row, column):
        raise ObjectDoesNotExist
    hide(row, call.actor, column, [pk])

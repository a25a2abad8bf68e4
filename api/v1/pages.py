"""Status pages."""

from __future__ import annotations

from typing import Any

from api.operations import Call, operation
from api.paging import PAGED, part
from common.instants import utc_seconds
from pages.links import page_url
from pages.models import StatusPage
from tenants.models import Role, Scope


@operation("GET", "pages", Scope.READ, Role.VIEWER, many=True, parameters=PAGED)
def list_pages(call: Call) -> Any:
    """The pages that the key sees."""
    pages = StatusPage.objects.present().order_by("name", "pk")
    if call.access.key.page_ids:
        pages = pages.filter(pk__in=call.access.key.page_ids)
    return [_shape(one) for one in part(call, pages)]


@operation("GET", "pages/{page_id}", Scope.READ, Role.VIEWER)
def get_page(call: Call, page: StatusPage) -> Any:
    """One page."""
    return _shape(page)


def _shape(page: StatusPage) -> dict[str, Any]:
    return {
        "id": page.pk,
        "created_at": utc_seconds(page.created_at),
        "updated_at": utc_seconds(page.updated_at),
        "name": page.name,
        "url": page_url(page),
        "time_zone": page.time_zone,
    }

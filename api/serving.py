"""An operation's way: key, gate, body, handler, answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from rest_framework.views import APIView

from api.auth import actor_behind, admitted
from api.bodies import body_of
from api.errors import ApiError, failed, rendered
from api.operations import READS, Call, Operation, taken
from common.tenancy import in_tenant
from pages.models import StatusPage


class Endpoint(APIView):
    """An address with its operations by method."""

    operations: Mapping[str, Operation] = {}

    def dispatch(self, request: Any, *args: Any, **ids: str) -> Any:
        method = "GET" if request.method == "HEAD" else str(request.method)
        allowed = ", ".join(sorted([*self.operations, "OPTIONS"]))
        if method == "OPTIONS":
            return rendered(200, {}, {"Allow": allowed})
        if method not in self.operations:
            return failed(405, "This cannot be done here.", {"Allow": allowed})
        return serve(request, self.operations[method], ids)


def serve(request: HttpRequest, operation: Operation, ids: dict[str, str]) -> HttpResponse:
    now = timezone.now()
    access = admitted(request, now)
    call = Call(request, operation, access, actor_behind(request, access), now)
    with in_tenant(access.key.tenant_id):
        owner = _gate(call, ids)
        if operation.method not in READS:
            call.body = body_of(request)
            call.data = taken(operation, call.body)
        elif "\0" in request.META.get("QUERY_STRING", "") or "%00" in request.META.get("QUERY_STRING", ""):
            raise ApiError(400, "The query has characters that are none.")
        given = operation.handler(call, *owner, **ids)
        return rendered(operation.status, given, call.headers)


def _gate(call: Call, ids: dict[str, str]) -> list[StatusPage]:
    """The page that the address names, as the list of what the operation takes before its ids."""
    operation, access = call.operation, call.access
    if operation.of_organisation:
        access.check_organisation(ids.pop("organization_id"))
    page_id = ids.pop("page_id") if operation.of_page else None
    pages = [StatusPage.objects.present().get(pk=page_id)] if page_id else []
    access.check(operation.scope, operation.role, page_id)
    return pages

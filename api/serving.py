"""An operation's way: key, limit, gate, body, handler, answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from hashlib import sha256
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from rest_framework.views import APIView

from api.auth import actor_behind, admitted
from api.bodies import body_of
from api.errors import ApiError, answer_to, failed, rendered
from api.idempotency import once
from api.limits import count_request
from api.names import as_sent
from api.operations import READS, Call, Operation, taken
from api.schema.described import Described
from common.tenancy import in_tenant
from pages.change import only_if
from pages.models import StatusPage

Owner = list[StatusPage]


class Endpoint(APIView):
    """An address with its operations by method."""

    schema = Described()
    operations: Mapping[str, Operation] = {}

    @classmethod
    def of(cls, operations: Iterable[Operation]) -> type[Endpoint]:
        """A class for an address, with a method for each of its operations: the document looks for them."""
        by_method = {one.method: one for one in operations}
        handlers = {method.lower(): one.handler for method, one in by_method.items()}
        return type("Endpoint", (cls,), {"operations": by_method, **handlers})

    @property
    def allowed_methods(self) -> list[str]:
        return list(self.operations)

    def dispatch(self, request: Any, *args: Any, **ids: str) -> Any:
        method = "GET" if request.method == "HEAD" else str(request.method)
        allowed = ", ".join(sorted([*self.operations, "OPTIONS"]))
        if method == "OPTIONS":
            return rendered(200, {}, {"Allow": allowed})
        if method not in self.operations:
            return failed(405, "This cannot be done here.", {"Allow": allowed})
        return serve(request, self.operations[method], self.operations.get("GET"), ids)


def serve(
    request: HttpRequest, operation: Operation, reader: Operation | None, ids: dict[str, str]
) -> HttpResponse:
    """`reader`: the operation that reads what this one writes."""
    now = timezone.now()
    access = admitted(request, now)
    count_request(access.key)
    call = Call(request, operation, access, actor_behind(request, access), now)
    with in_tenant(access.key.tenant_id):
        owner = _gate(call, ids)
        if operation.method in READS:
            return _read(call, owner, ids)
        return once(request, access.key, now, partial(_write, call, reader, owner, ids))


def _gate(call: Call, ids: dict[str, str]) -> Owner:
    """The page that the address names, as the list of what the operation takes before its ids."""
    operation, access = call.operation, call.access
    if operation.of_organisation:
        access.check_organisation(ids.pop("organization_id"))
    page_id = ids.pop("page_id") if operation.of_page else None
    pages = [StatusPage.objects.present().get(pk=page_id)] if page_id else []
    access.check(operation.scopes, operation.role, page_id)
    return pages


def _read(call: Call, owner: Owner, ids: dict[str, str]) -> HttpResponse:
    if "%00" in call.request.META.get("QUERY_STRING", ""):
        raise ApiError(400, "The query has characters that are none.")
    given = call.operation.handler(call, *owner, **ids)
    answer = rendered(call.operation.status, given, call.headers)
    answer.headers["ETag"] = _tag(answer)
    if answer.headers["ETag"] in _tags(call.request, "If-None-Match"):
        return rendered(304, None, {"ETag": answer.headers["ETag"]})
    return answer


def _write(call: Call, reader: Operation | None, owner: Owner, ids: dict[str, str]) -> HttpResponse:
    """What was refused is an answer as well: it is what is said when the request comes again."""
    try:
        _check_trial(call)
        call.body = body_of(call.request)
        call.data = taken(call.operation, call.body)
        with _unless_changed(call, reader, owner, ids):
            given = call.operation.handler(call, *owner, **ids)
    except Exception as error:
        answer = answer_to(error, partial(as_sent, call.operation, call.body))
        if answer is None:
            raise
        return answer
    answer = rendered(call.status or call.operation.status, given, call.headers)
    if reader is not None and reader.gives is not None and reader.gives is call.operation.gives:
        answer.headers["ETag"] = _tag(answer)
    return answer


def _check_trial(call: Call) -> None:
    """What nobody can try is not done to whoever asks to try it. Raises ApiError 400."""
    known = {one.name for one in call.operation.parameters}
    if "dry_run" in call.query and "dry_run" not in known:
        raise ApiError(400, "This cannot be tried: without dry_run it is done.")


def _unless_changed(
    call: Call, reader: Operation | None, owner: Owner, ids: dict[str, str]
) -> AbstractContextManager[None]:
    """With If-Match: only while what is read at this address has one of these tags. Raises ApiError 412."""
    wanted = _tags(call.request, "If-Match")
    if not wanted or reader is None or reader.many:
        return nullcontext()

    def check() -> None:
        now = [StatusPage.objects.present().get(pk=page.pk) for page in owner]
        tag = _tag(rendered(reader.status, reader.handler(call, *now, **ids)))
        if not {tag, "*"} & wanted:
            raise ApiError(412, "It has been changed meanwhile: read it again.")

    check()
    return only_if(check)


def _tag(answer: HttpResponse) -> str:
    return f'"{sha256(answer.content).hexdigest()[:24]}"'


def _tags(request: HttpRequest, header: str) -> set[str]:
    return {tag.strip().removeprefix("W/") for tag in request.headers.get(header, "").split(",")} - {""}

"""Which page a request is for, by its host."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

import structlog
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.request import split_domain_port
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt

from common.patience import is_unsure
from common.tenancy import in_tenant
from pages.models import StatusPage
from public import meanwhile
from publishing.building.page import page_view
from publishing.render import render_closed
from tenants.models import Domain

View = Callable[..., HttpResponse]
log = structlog.get_logger(__name__)
_API = "/api/"
_SAFE = frozenset({"GET", "HEAD"})


def of_page(view: View) -> View:
    """Calls `view(request, page, …)` in the schema of the tenant whose page the host is.

    A host that nobody has, and a page that is not launched, are 404; a page that is not for everybody says
    so. Without the database it says that. There is no session to ride on, so Django's own CSRF check, which
    needs a cookie, has nothing to protect.
    """
    return of_launched_page(partial(_if_open, view))


def of_launched_page(view: View) -> View:
    """As `of_page`, whoever may read the page: for what shows nothing of it."""

    @csrf_exempt
    @wraps(view)
    def found(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            return _answer(view, request, *args, **kwargs)
        except (OperationalError, InterfaceError) as error:
            log.warning("public.database_away", error=type(error).__name__)
            return meanwhile.answer(request, host_of(request))

    return found


def _answer(view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
    domain = Domain.objects.filter(host=host_of(request), tenant__deleted_at=None).first()
    if domain is None:
        raise Http404
    known = structlog.contextvars.bound_contextvars(tenant=domain.tenant_id, page=domain.page_id)
    with known, in_tenant(domain.tenant_id):
        page = StatusPage.objects.launched().filter(pk=domain.page_id).first()
        if page is None:
            raise Http404
        with translation.override(page.language), timezone.override(page.zone):
            try:
                return view(request, page, *args, **kwargs)
            except OperationalError as error:
                if not is_unsure(error) or request.method in _SAFE:
                    raise
                log.warning("public.database_hangs")
                return meanwhile.answer(request, domain.host, unsure=True)


def _if_open(view: View, request: HttpRequest, page: StatusPage, *args: Any, **kwargs: Any) -> HttpResponse:
    return view(request, page, *args, **kwargs) if page.is_public else _closed(request, page)


def _closed(request: HttpRequest, page: StatusPage) -> HttpResponse:
    if request.path.startswith(_API):
        said = {"error": _("This status page is not public")}
        return JsonResponse(said, status=404, headers={"Access-Control-Allow-Origin": "*"})
    document = render_closed(page_view(page))[0]
    headers = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
    return HttpResponse(document.body, content_type=document.content_type, status=403, headers=headers)


def host_of(request: HttpRequest) -> str:
    """Lower-case, without the port."""
    host, _port = split_domain_port(request.get_host())
    return host

"""Who may see which screen. A screen without one of these decorators is a bug (tests/dashboard finds it)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from dashboard.proven import proof_wanted
from events.actor import Actor, person_behind
from pages.models import StatusPage
from tenants.access import Standing
from tenants.models import Role, Tenant, User


class OrganisationRequest(HttpRequest):
    """A request below /o/<slug>/: statuspage/middleware.py has let a member in, and set these."""

    user: User
    organisation: Tenant
    standing: Standing
    actor: Actor


class PageRequest(OrganisationRequest):
    """A request about one page. Reach its data through `page`: `request.page.incidents`."""

    page: StatusPage


# Of a request, and by name of what the address says.
Screen = Callable[..., HttpResponseBase]


def page_screen(needs: Role = Role.VIEWER) -> Callable[[Screen], Screen]:
    """A screen at `p/<page_id>/…` for those who may do what role `needs` may, on that page.

    Answers 404 where the organisation has no such page, and 403 to members whose role is too low. Times are
    in the page's zone.
    """

    def decorate(view: Screen) -> Screen:
        @wraps(view)
        def screen(request: PageRequest, page_id: str, **parts: Any) -> HttpResponseBase:
            page = StatusPage.objects.present().filter(pk=page_id).first()
            if page is None:
                raise Http404
            if not request.standing.may(needs, page_id):
                raise PermissionDenied
            request.page, request.actor = page, person_behind(request)
            with timezone.override(page.zone):
                return proof_wanted(request) or view(request, **parts)

        screen.needs = needs  # type: ignore[attr-defined]
        return screen

    return decorate


def organisation_screen(needs: Role = Role.VIEWER) -> Callable[[Screen], Screen]:
    """A screen about the organisation itself, for those who may do there what role `needs` may."""

    def decorate(view: Screen) -> Screen:
        @wraps(view)
        def screen(request: OrganisationRequest, **parts: Any) -> HttpResponseBase:
            if not request.standing.may(needs):
                raise PermissionDenied
            request.actor = person_behind(request)
            return proof_wanted(request) or view(request, **parts)

        screen.needs = needs  # type: ignore[attr-defined]
        return screen

    return decorate

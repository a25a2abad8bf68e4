"""The language of the screens, as chosen in this browser; otherwise the one that the browser asks for. Of
whoever is signed in it is also that of mail to the team."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from tenants.actions import set_language
from tenants.models import User

_YEAR = 31_536_000


@require_POST
def choose_language(request: HttpRequest) -> HttpResponse:
    back, chosen = request.POST.get("next", ""), request.POST.get("language")
    safe = url_has_allowed_host_and_scheme(back, {request.get_host()}, request.is_secure())
    response = HttpResponseRedirect(back if safe else "/")
    if chosen in settings.DASHBOARD_LANGUAGES:
        if isinstance(request.user, User):
            set_language(request.user, chosen)
        secure = not settings.DEBUG
        response.set_cookie("language", chosen, max_age=_YEAR, secure=secure, httponly=True, samesite="Lax")
    return response

"""Asking once more who is there, before what cannot be undone."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext as _

from accounts.factors import was_just_here
from dashboard.gates import OrganisationRequest

View = Callable[..., HttpResponse]


def proven(back: str) -> Callable[[View], View]:
    """The verb behind a form goes on only for whoever has proven a moment ago who they are. Others are asked,
    and come back to the screen at `back` (below /o/<slug>/), to send the form once more."""

    def decorate(view: View) -> View:
        @wraps(view)
        def guarded(request: OrganisationRequest, **parts: Any) -> HttpResponse:
            if was_just_here(request):
                return view(request, **parts)
            return ask(request, back)

        guarded.proven = True  # type: ignore[attr-defined]
        return guarded

    return decorate


def ask(request: OrganisationRequest, back: str) -> HttpResponse:
    """To the screen that asks who is there."""
    messages.info(request, _("That was not done yet: say once more who you are, then do it again."))
    wanted = f"/o/{request.organisation.slug}/{back}"
    return HttpResponseRedirect(f"/accounts/again/?{urlencode({'next': wanted})}")

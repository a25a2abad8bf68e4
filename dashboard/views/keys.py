"""API keys of the organisation: one's own, and, for admins, everybody's."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from dashboard.doing import does, told
from dashboard.forms.keys import KeyForm
from dashboard.gates import OrganisationRequest, organisation_screen
from dashboard.typed import typed
from tenants.keys import Issued, create_key, revoke_key, rotate_key
from tenants.models import ApiKey, ApiKeyQuerySet, Role


@require_safe
@organisation_screen()
def keys(request: OrganisationRequest) -> HttpResponse:
    now = timezone.now()
    rows = _seen_by(request).usable(now).select_related("user").order_by("-created_at")
    return render(request, "dashboard/keys/list.html", {"rows": rows, "now": now})


@organisation_screen()
def key_new(request: OrganisationRequest) -> HttpResponse:
    """A key of one's own. What opens it is shown in the answer, and never again."""
    form = KeyForm(typed(request), initial={"scopes": ["read"]})
    if request.method == "POST" and form.is_valid():
        made: list[Issued] = []
        who = (request.user, request.organisation, request.actor)
        if does(form, lambda: made.append(create_key(*who, **form.asked))):
            return _shown(request, made[0])
    return render(request, "dashboard/keys/new.html", {"form": form})


@require_POST
@organisation_screen()
def key_rotate(request: OrganisationRequest, key_id: str) -> HttpResponse:
    """A new one like one's own; both work for a day. Another's opens what they may do: nobody gets that."""
    made: list[Issued] = []
    told(request, lambda: made.append(rotate_key(_found(request, key_id, mine=True), request.actor)))
    return _shown(request, made[0]) if made else redirect("keys")


@require_POST
@organisation_screen()
def key_revoke(request: OrganisationRequest, key_id: str) -> HttpResponse:
    done = _("The key is closed: nothing gets in with it any more.")
    told(request, lambda: revoke_key(_found(request, key_id), request.actor), done)
    return redirect("keys")


def _shown(request: OrganisationRequest, issued: Issued) -> HttpResponse:
    messages.warning(request, _("Copy the key now: it is not shown again."))
    return render(request, "dashboard/keys/issued.html", {"key": issued.key, "token": issued.token})


def _seen_by(request: OrganisationRequest) -> ApiKeyQuerySet:
    rows: ApiKeyQuerySet = ApiKey.objects.filter(tenant=request.organisation)
    return rows if request.standing.may(Role.ADMIN) else rows.filter(user=request.user)


def _found(request: OrganisationRequest, key_id: str, *, mine: bool = False) -> ApiKey:
    seen = _seen_by(request).filter(user=request.user) if mine else _seen_by(request)
    found = seen.filter(pk=key_id).first()
    if found is None:
        raise Http404
    return found

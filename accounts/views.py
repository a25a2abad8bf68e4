"""A person's own account, and what somebody who is invited sees."""

from __future__ import annotations

from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts.factors import was_just_here
from accounts.forms import NameForm
from common.errors import Refused
from events.actor import person_behind
from tenants.actions import rename_user
from tenants.members import accept_invitation, invitation_by
from tenants.models import Invitation, Membership, User


@login_required
def account(request: HttpRequest) -> HttpResponse:
    """Who one is here, and for whom one works."""
    user = _person(request)
    form = NameForm(request.POST or None, initial={"name": user.name})
    if request.method == "POST" and form.is_valid():
        rename_user(user, form.cleaned_data["name"])
        messages.success(request, _("Your name is saved."))
        return redirect("account")
    works = Membership.objects.filter(user=user, tenant__deleted_at=None).select_related("tenant")
    return render(request, "account/account.html", {"form": form, "works": works})


@login_required
def again(request: HttpRequest) -> HttpResponse:
    """Ask once more who is there, by whatever the person has, and go on at `next`."""
    wanted = request.GET.get("next", "")
    wanted = wanted if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None) else "/o/"
    methods = get_adapter(request).get_reauthentication_methods(request.user)
    if was_just_here(request):
        return HttpResponseRedirect(wanted)
    if not methods:
        return render(request, "account/again.html")
    return HttpResponseRedirect(f"{methods[0]['url']}?{urlencode({'next': wanted})}")


@never_cache
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """What the link in an invitation shows: the same to those with an account and without."""
    found = invitation_by(token)
    if found is None:
        return render(request, "account/invitation_void.html", status=410)
    if request.method == "POST" and request.user.is_authenticated:
        return _join(request, found)
    if not request.user.is_authenticated:
        # Whoever holds the link reads the mail of that address.
        get_adapter(request).stash_verified_email(request, found.email)
    mine = request.user.is_authenticated and _person(request).email == found.email
    return render(request, "account/invitation.html", {"invitation": found, "mine": mine})


def _join(request: HttpRequest, found: Invitation) -> HttpResponse:
    try:
        accept_invitation(found, _person(request), person_behind(request))
    except Refused as refused:
        messages.error(request, refused.message)
        return HttpResponseRedirect(request.path)
    return HttpResponseRedirect(f"/o/{found.tenant.slug}/")


def _person(request: HttpRequest) -> User:
    user = request.user
    if not isinstance(user, User):
        message = "Nobody is signed in."
        raise TypeError(message)
    return user

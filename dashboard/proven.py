"""What is dangerous, in one table; whoever does it has proven a moment ago who they are.

A screen's gate (dashboard/gates.py) asks here, and each admin's, so that no view has to remember to.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import get_script_prefix
from django.utils.translation import gettext as _

from accounts.factors import was_just_here
from dashboard.typed import came_from, hold
from tenants.models import Role

# Whether this request, to that address, is dangerous.
Danger = Callable[[HttpRequest], bool]


def always(_request: HttpRequest) -> bool:
    return True


def sent(request: HttpRequest) -> bool:
    return request.method == "POST"


def makes_an_owner(request: HttpRequest) -> bool:
    return request.POST.get("role") == Role.OWNER


def secret(request: HttpRequest) -> bool:
    """Whether it makes a new one, as one verb of several; or, by a query, shows the one there is."""
    verb = request.resolver_match.kwargs.get("verb") if request.resolver_match else None
    return verb == "secret" or "secret" in request.GET


def rotates(request: HttpRequest) -> bool:
    """Whether it makes new secrets for what is chosen of an admin's list."""
    # Where a field comes twice, the admin does not take the last.
    return "rotate_chosen" in request.POST.getlist("action")


def takes_off(request: HttpRequest) -> bool:
    """Whether it takes a page off that was launched when the admin showed it; read as the admin reads it."""
    was_launched = forms.BooleanField().to_python(request.POST.get("initial-published"))
    stays = forms.CheckboxInput().value_from_datadict(request.POST, request.FILES, "published")
    return was_launched and not stays


# By the names of addresses, those of both admins included: what hands out people's data or secrets, what lets
# somebody in or out, and what cannot be undone.
DANGEROUS: Mapping[str, Danger] = {
    "subscribers_export": always,
    "subscriber_person": always,
    "subscriber": secret,
    "subscriber_do": secret,
    "webhook": secret,
    "webhook_secret": sent,
    "invite": makes_an_owner,
    "member": makes_an_owner,
    "remove_member": sent,
    "key_new": sent,
    "key_rotate": sent,
    "page_export": sent,
    "page_unpublish": sent,
    "page_delete": sent,
    "require_second_factor": sent,
    "transfer_organisation": sent,
    "export_organisation": sent,
    "delete_organisation": sent,
    "organisation:pages_statuspage_change": takes_off,
    "organisation:pages_statuspage_delete": sent,
    "organisation:subscribers_subscriber_export": always,
    "organisation:subscribers_subscriber_person": always,
    "organisation:subscribers_subscriber_changelist": rotates,
    "platform:tenants_membership_add": sent,
    "platform:tenants_membership_change": sent,
    "platform:tenants_user_add": sent,
    "platform:tenants_user_change": sent,
}


def proof_wanted(request: HttpRequest) -> HttpResponse | None:
    """The way to where they are asked; None where nobody has to be.

    They come back to the screen they were on, with what they typed, to send it once more: we do not.
    """
    match = request.resolver_match
    danger = DANGEROUS.get(match.view_name) if match else None
    if danger is None or not danger(request) or was_just_here(request):
        return None
    messages.info(request, _("That was not done yet: say once more who you are, then do it again."))
    hold(request)
    back = came_from(request) or get_script_prefix() if sent(request) else request.get_full_path()
    return HttpResponseRedirect(f"/accounts/again/?{urlencode({'next': back})}")

"""Who works for an organisation, as what, and who is asked to."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.factors import with_second_factor
from dashboard.doing import does, told
from dashboard.forms.organisation import InviteForm, RolesForm
from dashboard.gates import OrganisationRequest, organisation_screen
from dashboard.typed import typed
from pages.models import StatusPage
from tenants.access import check_may_grant, standing_as
from tenants.actions import set_page_role, set_reminders, set_role
from tenants.members import (
    Invited,
    drop_page_role,
    invite,
    invite_again,
    remove_member,
    withdraw_invitation,
)
from tenants.models import ApiKey, Invitation, Membership, Role


@require_safe
@organisation_screen()
def members(request: OrganisationRequest) -> HttpResponse:
    """Everybody sees whom they work with; who is invited is for those who may invite."""
    found = Membership.objects.filter(tenant=request.organisation).select_related("user")
    rows = list(found.prefetch_related("page_roles").order_by("user__email"))
    secured = with_second_factor([one.user for one in rows])
    may_manage = request.standing.may(Role.ADMIN)
    invitations = Invitation.objects.open().filter(tenant=request.organisation).select_related("invited_by")
    pages = _pages()
    values = {
        "rows": [(one, one.user_id in secured, _differing(one, pages)) for one in rows],
        "mine": next((one for one in rows if one.user_id == request.user.pk), None),
        "may_manage": may_manage,
        "invitations": list(invitations) if may_manage else [],
        "keys": ApiKey.objects.filter(tenant=request.organisation, revoked_at=None).count(),
        "now": timezone.now(),
    }
    return render(request, "dashboard/members/list.html", values)


@organisation_screen(Role.ADMIN)
def invite_member(request: OrganisationRequest) -> HttpResponse:
    initial = {"role": Role.EDITOR}
    form = InviteForm(_pages(), request.standing, typed(request), initial=initial)
    if request.method == "POST" and form.is_valid():
        role = Role(form.cleaned_data["role"])
        check_may_grant(request.standing, role, *form.page_roles.values())
        wanted, sent = Invited(form.cleaned_data["email"], role, form.page_roles), []
        who = (request.user, request.actor)
        if does(form, lambda: sent.append(invite(request.organisation, wanted, *who))):
            said = _("The invitation to %(email)s is on its way.") % {"email": sent[0].email}
            messages.success(request, said)
            return redirect("members")
    return render(request, "dashboard/members/invite.html", {"form": form})


@organisation_screen(Role.ADMIN)
def member(request: OrganisationRequest, member_id: int) -> HttpResponse:
    """What one member may do."""
    found = _member(request, member_id)
    check_may_grant(request.standing, found.role)
    own = {one.page_id: one.role for one in found.page_roles.all()}
    initial = {"role": found.role} | {f"page_{page_id}": role for page_id, role in own.items()}
    form = RolesForm(_pages(), request.standing, typed(request), initial=initial)
    sent = request.method == "POST" and form.is_valid()
    if sent and does(form, lambda: _give(request, found, own, form)):
        messages.success(request, _("Saved: it holds from now on."))
        return redirect("members")
    return render(request, "dashboard/members/member.html", {"form": form, "member": found})


@require_POST
@organisation_screen(Role.ADMIN)
def remove(request: OrganisationRequest, member_id: int) -> HttpResponse:
    found = _member(request, member_id)
    check_may_grant(request.standing, found.role)
    return _done(request, _("%(who)s is no member any more.") % {"who": found.user}, remove_member, found)


@require_POST
@organisation_screen()
def leave(request: OrganisationRequest) -> HttpResponse:
    found = Membership.objects.filter(tenant=request.organisation, user=request.user).first()
    if found is None:
        raise Http404
    done = _("You have left %(name)s.") % {"name": request.organisation.name}
    left = told(request, lambda: remove_member(found, request.actor), done)
    return redirect("/o/?all" if left else "members")


@require_POST
@organisation_screen()
def reminders(request: OrganisationRequest) -> HttpResponse:
    """Each for themselves."""
    found = Membership.objects.filter(tenant=request.organisation, user=request.user).first()
    if found is None:
        raise Http404
    set_reminders(found, "wanted" in request.POST, request.actor)
    messages.success(request, _("Saved."))
    return redirect("members")


@require_POST
@organisation_screen(Role.ADMIN)
def again(request: OrganisationRequest, invitation_id: str) -> HttpResponse:
    found = _invitation(request, invitation_id)
    said = _("A new link is on its way to %(email)s; the former one works no more.") % {"email": found.email}
    return _done(request, said, invite_again, found)


@require_POST
@organisation_screen(Role.ADMIN)
def withdraw(request: OrganisationRequest, invitation_id: str) -> HttpResponse:
    found = _invitation(request, invitation_id)
    return _done(request, _("The invitation is withdrawn."), withdraw_invitation, found)


def _done(request: OrganisationRequest, said: str, verb: Any, row: Any) -> HttpResponse:
    told(request, lambda: verb(row, request.actor), said)
    return redirect("members")


def _give(request: OrganisationRequest, found: Membership, own: dict[str, str], form: RolesForm) -> None:
    """Only what differs from before."""
    role, wanted = Role(form.cleaned_data["role"]), form.page_roles
    check_may_grant(request.standing, role, *wanted.values())
    if role != found.role:
        set_role(found.user, request.organisation, role, request.actor)
    if role.manages_every_page:
        return
    for page in form.pages:
        if page.pk in wanted and wanted[page.pk] != own.get(page.pk):
            set_page_role(found, page.pk, wanted[page.pk], request.actor)
        elif page.pk in own and page.pk not in wanted:
            drop_page_role(found, page.pk, request.actor)


def _differing(membership: Membership, pages: list[StatusPage]) -> list[tuple[str, str]] | None:
    """The pages where a member may do something else than in the organisation, and what. None: never any."""
    standing = standing_as(membership)
    if standing.manages_every_page:
        return None
    own = [(page.name, standing.on(page.pk)) for page in pages]
    return [(name, str(role.label)) for name, role in own if role is not standing.role]


def _pages() -> list[StatusPage]:
    return list(StatusPage.objects.present())


def _member(request: OrganisationRequest, member_id: int) -> Membership:
    mine = Membership.objects.filter(tenant=request.organisation).select_related("user", "tenant")
    found = mine.prefetch_related("page_roles").filter(pk=member_id).first()
    if found is None:
        raise Http404
    return found


def _invitation(request: OrganisationRequest, invitation_id: str) -> Invitation:
    found = Invitation.objects.open().filter(tenant=request.organisation, pk=invitation_id).first()
    if found is None:
        raise Http404
    if Role(found.role).rank > request.standing.role.rank:
        raise PermissionDenied
    return found

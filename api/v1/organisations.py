"""The people of an organisation, and what each may do on its pages.

Roles are ours: who configures a page is its admin, who manages incidents and maintenance its editor, and
everybody else its viewer. A viewer sees every page of the organisation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.http import Http404

from api.operations import Call, Takes, operation
from api.paging import PAGED, part_of_ids
from api.schema.organisations import Permissions, PermissionsInput, User, UserInput
from common.errors import Refused
from common.instants import utc_seconds
from pages.models import StatusPage
from tenants.access import check_may_grant, standing_of
from tenants.members import Invited, invite, remove_member, set_page_roles, withdraw_invitation
from tenants.models import Invitation, Membership, Role, Scope

_USERS = "organizations/{organization_id}/users"
_PERMISSIONS = "organizations/{organization_id}/permissions/{user_id}"
_NEEDS = (Scope.ADMIN, Role.ADMIN)
# What each permission takes; who may do more has it as well.
_NEEDED = {
    "page_configuration": Role.ADMIN,
    "incident_manager": Role.EDITOR,
    "maintenance_manager": Role.EDITOR,
}


@operation("GET", _USERS, *_NEEDS, gives=User, many=True, parameters=PAGED)
def list_users(call: Call) -> Any:
    """Members by address, then those who are invited."""
    members = _members(call).order_by("user__email").values_list("user_id", flat=True)
    invited = _invitations(call).order_by("email").values_list("pk", flat=True)
    ids = part_of_ids(call, [*members, *invited])
    found = {one.user_id: _member_shape(one) for one in _members(call).filter(user_id__in=ids)}
    found |= {one.pk: _invited_shape(one) for one in _invitations(call).filter(pk__in=ids)}
    return [found[pk] for pk in ids if pk in found]


@operation("POST", _USERS, *_NEEDS, takes=Takes(UserInput, "user"), gives=User, status=201)
def invite_user(call: Call) -> Any:
    """Invite somebody by mail to be a viewer; /permissions gives more, once they have joined."""
    invited = Invited(call.data.get("email", ""), Role.VIEWER, {})
    return _invited_shape(invite(call.access.key.tenant, invited, call.access.key.user, call.actor))


@operation("DELETE", f"{_USERS}/{{user_id}}", *_NEEDS, gives=User)
def remove_user(call: Call, user_id: str) -> Any:
    """Take a member out of the organisation, or take an invitation back."""
    invitation = _invitations(call).filter(pk=user_id).first()
    if invitation is not None:
        withdraw_invitation(invitation, call.actor)
        return _invited_shape(invitation)
    member = _member(call, user_id)
    check_may_grant(call.access.standing, member.role)
    remove_member(member, call.actor)
    return _member_shape(member)


@operation("GET", _PERMISSIONS, *_NEEDS, gives=Permissions)
def get_permissions(call: Call, user_id: str) -> Any:
    """What a member may do on each page of the organisation."""
    return _permissions(_member(call, user_id))


@operation("PUT", _PERMISSIONS, *_NEEDS, takes=Takes(PermissionsInput), gives=Permissions)
def replace_permissions(call: Call, user_id: str) -> Any:
    """Say what a member may do on each page. On pages that are not named they may only look."""
    if "pages" not in call.data:
        message = "Say on which pages."
        raise Refused(message, "pages")
    others = dict.fromkeys(StatusPage.objects.present().values_list("pk", flat=True), Role.VIEWER)
    return _give(call, _member(call, user_id), others | _wanted(call))


@operation("PATCH", _PERMISSIONS, *_NEEDS, takes=Takes(PermissionsInput), gives=Permissions)
def change_permissions(call: Call, user_id: str) -> Any:
    """The same for the pages that are named; on others it stays."""
    return _give(call, _member(call, user_id), _wanted(call))


def _give(call: Call, member: Membership, wanted: Mapping[str, Role | None]) -> dict[str, Any]:
    if Role(member.role).manages_every_page:
        message = "Owners and admins may do everything on every page."
        raise Refused(message, "user_id")
    check_may_grant(call.access.standing, member.role, *filter(None, wanted.values()))
    # What is as in the organisation needs no word of its own.
    set_page_roles(
        member, {pk: None if role == member.role else role for pk, role in wanted.items()}, call.actor
    )
    return _permissions(member)


def _wanted(call: Call) -> dict[str, Role | None]:
    """By page, None: as in the organisation."""
    return {page_id: _role(page_id, given) for page_id, given in call.data.get("pages", {}).items()}


def _role(page_id: str, given: Mapping[str, bool]) -> Role | None:
    """The least role with what is given. Raises Refused where it has what is expressly not given."""
    asked = [_NEEDED[name] for name, wanted in given.items() if wanted]
    role = max([*asked, Role.VIEWER], key=lambda one: one.rank) if given else None
    excess = [
        name for name, wanted in given.items() if not wanted and role and role.rank >= _NEEDED[name].rank
    ]
    if excess:
        message = (
            f"Who may do that may also be {' and '.join(excess)}: give these as well, or leave them out."
        )
        raise Refused(message, f"pages.{page_id}")
    return role


def _permissions(member: Membership) -> dict[str, Any]:
    standing = standing_of(member.user, member.tenant)
    pages = {
        pk: {name: bool(standing and standing.may(role, pk)) for name, role in _NEEDED.items()}
        for pk in StatusPage.objects.present().values_list("pk", flat=True)
    }
    return {"data": {"user_id": member.user_id, "pages": pages}}


def _members(call: Call) -> Any:
    return Membership.objects.filter(tenant=call.access.key.tenant_id).select_related("user", "tenant")


def _invitations(call: Call) -> Any:
    return Invitation.objects.open().filter(tenant=call.access.key.tenant_id)


def _member(call: Call, user_id: str) -> Membership:
    found: Membership | None = _members(call).filter(user_id=user_id).first()
    if found is None:
        raise Http404
    return found


def _member_shape(member: Membership) -> dict[str, Any]:
    first, _space, last = member.user.name.partition(" ")
    return _shape(member, member.user_id, member.user.email, first, last)


def _invited_shape(invitation: Invitation) -> dict[str, Any]:
    return _shape(invitation, invitation.pk, invitation.email)


def _shape(
    row: Membership | Invitation, pk: str, email: str, first: str = "", last: str = ""
) -> dict[str, Any]:
    at = utc_seconds(row.created_at)
    return {
        "id": pk,
        "organization_id": row.tenant_id,
        "email": email,
        "first_name": first,
        "last_name": last,
        "created_at": at,
        "updated_at": at,
    }

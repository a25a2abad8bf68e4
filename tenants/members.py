"""Verbs on members and on those who are asked to become members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from common.errors import Refused
from common.tenancy import in_tenant
from events.actor import Actor
from events.log import Fact, append
from outbox.queue import put
from tenants.access import standing_of
from tenants.actions import end_page_roles, keep_an_owner
from tenants.models import Domain, Invitation, Membership, PageRole, Role, Tenant, User

INVITATION = "invitation"
VALID = timedelta(days=7)
_SALT = "tenants.invitation"
# So many people may be asked and not have answered yet.
_MOST = 200
# Nobody's mailbox is filled by sending again and again.
_PAUSE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Invited:
    """What is asked of somebody: a role in the organisation, and where a page is to differ."""

    email: str
    role: Role
    page_roles: Mapping[str, Role]


def invite(tenant: Tenant, invited: Invited, by: User, actor: Actor) -> Invitation:
    """Ask somebody by mail to become a member.

    Raises Refused for an address that is malformed, a member's, or already asked.
    """
    now, email = timezone.now(), invited.email.strip().lower()
    with in_tenant(tenant.pk), transaction.atomic(durable=True):
        _lock(tenant)
        _check(tenant, email)
        _check_pages(tenant, invited.page_roles)
        invitation = Invitation.objects.create(
            tenant=tenant,
            email=email,
            role=invited.role,
            page_roles={page: Role(role).value for page, role in invited.page_roles.items()},
            invited_by=by,
            language=translation.get_language() or "en",
            created_at=now,
            expires_at=now + VALID,
        )
        _send(invitation)
        _record(invitation, "member.invited", actor, now)
    return invitation


def invite_again(invitation: Invitation, actor: Actor) -> None:
    """Send another link, which works for a week; the former ones work no more."""
    now = timezone.now()
    with in_tenant(invitation.tenant_id), transaction.atomic(durable=True):
        invitation = _open_one(invitation.pk)
        if invitation.expires_at - VALID > now - _PAUSE:
            raise Refused(_("It was sent a moment ago. Wait a minute before you send it again."))
        invitation.number += 1
        invitation.expires_at = now + VALID
        # Whoever sends it again is who invites: the former one may be gone.
        invitation.invited_by = User.objects.filter(pk=actor.id).first() or invitation.invited_by
        invitation.save(update_fields=["number", "expires_at", "invited_by"])
        _send(invitation)
        _record(invitation, "member.invited", actor, now)


def withdraw_invitation(invitation: Invitation, actor: Actor) -> None:
    """The link works no more."""
    now = timezone.now()
    with in_tenant(invitation.tenant_id), transaction.atomic(durable=True):
        invitation = _open_one(invitation.pk)
        invitation.withdrawn_at = now
        invitation.save(update_fields=["withdrawn_at"])
        _record(invitation, "member.invitation_withdrawn", actor, now)


def accept_invitation(invitation: Invitation, user: User, actor: Actor) -> Membership:
    """Become a member. Raises Refused where the invitation is of no use any more, or somebody else's."""
    now = timezone.now()
    with in_tenant(invitation.tenant_id), transaction.atomic(durable=True):
        invitation = _open_one(invitation.pk)
        if invitation.expires_at <= now or invitation.tenant.deleted_at or not _still_meant(invitation):
            raise Refused(_("This invitation is of no use any more. Ask for a new one."))
        if invitation.email != user.email:
            raise Refused(_("This invitation is for another address than yours."))
        invitation.accepted_at = now
        invitation.save(update_fields=["accepted_at"])
        membership, _new = Membership.objects.get_or_create(
            user=user, tenant_id=invitation.tenant_id, defaults={"role": invitation.role}
        )
        if not Role(membership.role).manages_every_page:
            _give_page_roles(membership, invitation)
        _record(invitation, "member.joined", actor, now, user_id=user.pk)
    return membership


def remove_member(membership: Membership, actor: Actor) -> None:
    """Take somebody out of the organisation, themselves perhaps, with their keys to it: nothing they open
    works from then on. Raises Refused for the last owner."""
    now, tenant, user = timezone.now(), membership.tenant, membership.user
    left = actor.id == user.pk
    with in_tenant(tenant.pk), transaction.atomic(durable=True):
        keep_an_owner(tenant, user, None)
        Membership.objects.filter(pk=membership.pk).delete()
        facts = {"user_id": user.pk, "role": membership.role}
        name = "member.left" if left else "member.removed"
        append([Fact(name, "member", user.pk, facts)], actor=actor, at=now)


def drop_page_role(membership: Membership, page_id: str, actor: Actor) -> None:
    """Let a member do on a page what they may do in the organisation."""
    with in_tenant(membership.tenant_id), transaction.atomic(durable=True):
        gone, _each = PageRole.objects.filter(membership=membership, page_id=page_id).delete()
        if gone:
            facts = {"user_id": membership.user_id, "role": None, "page_id": page_id}
            fact = Fact("member.role_set", "member", membership.user_id, facts)
            append([fact], actor=actor, at=timezone.now(), page_id=page_id)


def set_page_roles(membership: Membership, wanted: Mapping[str, Role | None], actor: Actor) -> None:
    """Let a member do on each of these pages what a role may; None: what they may do in the organisation.

    All of it or nothing. Raises Refused for a page that the organisation has not.
    """
    now, mine = timezone.now(), PageRole.objects.filter(membership=membership)
    with in_tenant(membership.tenant_id), transaction.atomic(durable=True):
        _check_pages(membership.tenant, wanted)
        Membership.objects.select_for_update().get(pk=membership.pk)
        before = dict(mine.values_list("page_id", "role"))
        changed = {page_id: role for page_id, role in wanted.items() if before.get(page_id) != role}
        mine.filter(page_id__in=changed).delete()
        PageRole.objects.bulk_create(
            PageRole(membership=membership, page_id=page_id, role=role)
            for page_id, role in changed.items()
            if role is not None
        )
        for page_id, role in changed.items():
            facts = {"user_id": membership.user_id, "role": role and role.value, "page_id": page_id}
            fact = Fact("member.role_set", "member", membership.user_id, facts)
            append([fact], actor=actor, at=now, page_id=page_id)


def transfer_ownership(tenant: Tenant, owner: User, heir: Membership, actor: Actor) -> None:
    """Make another member an owner, and the former one an admin, at once."""
    now = timezone.now()
    with in_tenant(tenant.pk), transaction.atomic(durable=True):
        _lock(tenant)
        Membership.objects.filter(pk=heir.pk, tenant=tenant).update(role=Role.OWNER)
        end_page_roles(heir, actor)
        Membership.objects.filter(user=owner, tenant=tenant).update(role=Role.ADMIN)
        facts = {"user_id": heir.user_id, "from_user_id": owner.pk}
        append([Fact("organisation.transferred", "organisation", tenant.pk, facts)], actor=actor, at=now)


def token_of(invitation: Invitation) -> str:
    """What the link in the mail says."""
    return signing.dumps([invitation.pk, invitation.number], salt=_SALT)


def invitation_by(token: str) -> Invitation | None:
    """The invitation that a link is for; None where it is of no use (any more)."""
    try:
        pk, number = signing.loads(token, salt=_SALT, max_age=VALID)
    except (signing.BadSignature, ValueError):
        return None
    known = Invitation.objects.open().filter(pk=pk, number=number, expires_at__gt=timezone.now())
    return known.filter(tenant__deleted_at=None).select_related("tenant", "invited_by").first()


def _check(tenant: Tenant, email: str) -> None:
    try:
        validate_email(email)
    except ValidationError as error:
        raise Refused(" ".join(error.messages), "email") from error
    if Membership.objects.filter(tenant=tenant, user__email=email).exists():
        raise Refused(_("%(email)s is a member already.") % {"email": email}, "email")
    open_ones = Invitation.objects.open().filter(tenant=tenant)
    if open_ones.filter(email=email).exists():
        message = _("%(email)s has been invited already: send the invitation again, or withdraw it.")
        raise Refused(message % {"email": email}, "email")
    if open_ones.count() >= _MOST:
        raise Refused(_("Too many invitations are open. Withdraw some of them."), "email")


def _check_pages(tenant: Tenant, page_roles: Mapping[str, Role | None]) -> None:
    known = set(Domain.objects.filter(tenant=tenant).values_list("page_id", flat=True))
    if not set(page_roles) <= known:
        raise Refused(_("This organisation has no such page."), "page_id")


def _open_one(pk: str) -> Invitation:
    """Locked: two who answer at once do so one after the other."""
    found = Invitation.objects.open().select_for_update(of=("self",)).select_related("tenant")
    invitation = found.filter(pk=pk).first()
    if invitation is None:
        raise Refused(_("This invitation is of no use any more. Ask for a new one."))
    return invitation


def _still_meant(invitation: Invitation) -> bool:
    """Whether whoever sent it might send it today: who was taken out brings nobody in, themselves neither."""
    standing = standing_of(invitation.invited_by, invitation.tenant) if invitation.invited_by else None
    return standing is not None and standing.role.rank >= max(Role.ADMIN.rank, Role(invitation.role).rank)


def _give_page_roles(membership: Membership, invitation: Invitation) -> None:
    present = Domain.objects.filter(tenant_id=invitation.tenant_id, page_id__in=invitation.page_roles)
    for page_id in set(present.values_list("page_id", flat=True)):
        PageRole.objects.update_or_create(
            membership=membership, page_id=page_id, defaults={"role": invitation.page_roles[page_id]}
        )


def _lock(tenant: Tenant) -> None:
    Tenant.objects.select_for_update().get(pk=tenant.pk)


def _send(invitation: Invitation) -> None:
    put(INVITATION, invitation.tenant_id, [invitation.pk])


def _record(invitation: Invitation, name: str, actor: Actor, at: datetime, **more: Any) -> None:
    """By ids alone: an address never stands in the log."""
    facts = {"role": invitation.role, "page_roles": invitation.page_roles} | more
    append([Fact(name, "invitation", invitation.pk, facts)], actor=actor, at=at)

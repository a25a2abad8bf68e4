"""The only gates: who may enter which organisation and do what on which page. Closed by default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404

from tenants.models import Membership, Role, Tenant, User

Person = User | AnonymousUser


def tenant_for(user: Person, slug: str, needs: Role = Role.VIEWER, page_id: str | None = None) -> Tenant:
    """The organisation, for somebody who may do what role `needs` may, on that page where one is named.

    Raises Http404 to whoever is not a member, as if there were no such organisation, and
    PermissionDenied to members whose role is too low.
    """
    tenant: Tenant | None = Tenant.objects.filter(slug=slug).first()
    role = role_of(user, tenant, page_id) if tenant else None
    if tenant is None or role is None:
        raise Http404
    if role.rank < needs.rank:
        raise PermissionDenied
    return tenant


def role_of(user: Person, tenant: Tenant, page_id: str | None = None) -> Role | None:
    """What somebody may do in an organisation, or on one page of it; None: nothing at all."""
    standing = standing_of(user, tenant)
    return standing.on(page_id) if standing else None


@dataclass(frozen=True, slots=True)
class Standing:
    """What a member may do: `role` in the organisation, `pages` (page id -> role) where a page differs."""

    role: Role
    pages: Mapping[str, Role] = field(default_factory=dict)

    def on(self, page_id: str | None) -> Role:
        """A page's own role replaces the organisation's, except for owners, whom no page locks out."""
        if self.role is Role.OWNER or page_id is None:
            return self.role
        return self.pages.get(page_id, self.role)

    def may(self, needs: Role, page_id: str | None = None) -> bool:
        """Whether the member may do what role `needs` may, on that page where one is named."""
        return self.on(page_id).rank >= needs.rank

    def may_somewhere(self, needs: Role) -> bool:
        """Whether there is anything, the organisation or a page of it, where the member may."""
        return any(role.rank >= needs.rank for role in {self.role, *self.pages.values()})


def standing_of(user: Person, tenant: Tenant) -> Standing | None:
    """All that somebody may do in an organisation, read at once; None for whoever is not a member."""
    if not isinstance(user, User) or not user.is_active:
        return None
    if user.is_staff:
        return Standing(Role.OWNER)
    membership = Membership.objects.filter(user=user, tenant=tenant).first()
    if membership is None:
        return None
    return _standing(membership)


def members_who_may(tenant_id: str, needs: Role, page_id: str) -> list[Membership]:
    """Those who may do what role `needs` may on a page, with their users; by address."""
    members = Membership.objects.filter(tenant_id=tenant_id, user__is_active=True)
    found = members.select_related("user").prefetch_related("page_roles").order_by("user__email")
    return [one for one in found if _standing(one).may(needs, page_id)]


def _standing(membership: Membership) -> Standing:
    own = {one.page_id: Role(one.role) for one in membership.page_roles.all()}
    return Standing(Role(membership.role), own)


def tenants_of(user: Person) -> list[Tenant]:
    """The organisations that somebody may enter."""
    if not isinstance(user, User) or not user.is_active:
        return []
    if user.is_staff:
        return list(Tenant.objects.all())
    return list(Tenant.objects.filter(memberships__user=user))

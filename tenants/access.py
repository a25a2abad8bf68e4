"""The only gates: who may enter which organisation and do what on which page. Closed by default."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404

from tenants.models import Membership, PageRole, Role, Tenant, User

Person = User | AnonymousUser


def tenant_for(user: Person, slug: str, needs: Role = Role.VIEWER, page_id: str | None = None) -> Tenant:
    """The organisation, for somebody who may do what role `needs` may, on that page where one is named.

    Raises Http404 to whoever is not a member, as if there were no such organisation, and
    PermissionDenied to members whose role is too low.
    """
    tenant = Tenant.objects.filter(slug=slug).first()
    role = role_of(user, tenant, page_id) if tenant else None
    if tenant is None or role is None:
        raise Http404
    if role.rank < needs.rank:
        raise PermissionDenied
    return tenant


def role_of(user: Person, tenant: Tenant, page_id: str | None = None) -> Role | None:
    """What somebody may do in an organisation, or on one page of it; None: nothing at all."""
    if not isinstance(user, User) or not user.is_active:
        return None
    if user.is_staff:
        return Role.OWNER
    membership = Membership.objects.filter(user=user, tenant=tenant).first()
    if membership is None:
        return None
    return _on_page(membership, page_id) if page_id else Role(membership.role)


def _on_page(membership: Membership, page_id: str) -> Role:
    """A page's own role replaces the organisation's, except for owners, whom no page locks out."""
    role = Role(membership.role)
    if role is Role.OWNER:
        return role
    own = (
        PageRole.objects.filter(membership=membership, page_id=page_id).values_list("role", flat=True).first()
    )
    return Role(own) if own else role


def tenants_of(user: Person) -> list[Tenant]:
    """The organisations that somebody may enter."""
    if not isinstance(user, User) or not user.is_active:
        return []
    if user.is_staff:
        return list(Tenant.objects.all())
    return list(Tenant.objects.filter(memberships__user=user))

"""The only gates: who may enter which organisation and do what on which page. Closed by default."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404

from tenants.models import ApiKey, Membership, Role, Scope, Tenant, User

Person = User | AnonymousUser


def enter(user: Person, slug: str) -> tuple[Tenant, Standing]:
    """The organisation, and all that somebody may do there.

    Raises Http404 to whoever is not a member, as if there were no such organisation.
    """
    tenant = Tenant.objects.present().filter(slug=slug).first()
    standing = standing_of(user, tenant) if tenant else None
    if tenant is None or standing is None:
        raise Http404
    return tenant, standing


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
        """A page's own role replaces the organisation's. Not that of its owners and admins: who gives roles
        would only give themselves another one."""
        if self.manages_every_page or page_id is None:
            return self.role
        return self.pages.get(page_id, self.role)

    @property
    def manages_every_page(self) -> bool:
        return self.role.manages_every_page

    def may(self, needs: Role, page_id: str | None = None) -> bool:
        """Whether the member may do what role `needs` may, on that page where one is named."""
        return self.on(page_id).rank >= needs.rank

    def may_somewhere(self, needs: Role) -> bool:
        """Whether there is anything, the organisation or a page of it, where the member may."""
        return any(role.rank >= needs.rank for role in {self.role, *self.pages.values()})


def standing_of(user: Person, tenant: Tenant) -> Standing | None:
    """All that somebody may do in an organisation, read at once; None for whoever is not a member."""
    if not isinstance(user, User) or not user.is_active or tenant.deleted_at:
        return None
    if user.is_staff:
        return Standing(Role.OWNER)
    membership = Membership.objects.filter(user=user, tenant=tenant).first()
    if membership is None:
        return None
    return standing_as(membership)


def members_who_may(tenant_id: str, needs: Role, page_id: str) -> list[Membership]:
    """Those who may do what role `needs` may on a page, with their users; by address."""
    members = Membership.objects.filter(tenant_id=tenant_id, user__is_active=True)
    found = members.select_related("user").prefetch_related("page_roles").order_by("user__email")
    return [one for one in found if standing_as(one).may(needs, page_id)]


def standing_as(membership: Membership) -> Standing:
    """What a member may do, whoever it is. Roles on pages are read where they count."""
    standing = Standing(Role(membership.role))
    if standing.manages_every_page:
        return standing
    return replace(standing, pages={one.page_id: Role(one.role) for one in membership.page_roles.all()})


def tenants_of(user: Person) -> list[Tenant]:
    """The organisations that somebody may enter."""
    if not isinstance(user, User) or not user.is_active:
        return []
    if user.is_staff:
        return list(Tenant.objects.present())
    return list(Tenant.objects.present().filter(memberships__user=user))


def deleted_tenants_of(user: Person) -> list[Tenant]:
    """Those that somebody owns and may still bring back."""
    if not isinstance(user, User) or not user.is_active:
        return []
    gone = Tenant.objects.exclude(deleted_at=None)
    return list(gone if user.is_staff else gone.filter(memberships__user=user, memberships__role=Role.OWNER))


def may_create_tenant(user: Person) -> bool:
    """Where anybody may sign up, anybody may; otherwise those who run the installation."""
    return isinstance(user, User) and user.is_active and (user.is_staff or settings.SIGNUP == "open")


def check_may_grant(standing: Standing, *roles: Role | str) -> None:
    """Raises PermissionDenied where somebody gives or takes a role above their own."""
    if any(Role(role).rank > standing.role.rank for role in roles):
        raise PermissionDenied


@dataclass(frozen=True, slots=True)
class KeyStanding:
    """What a key opens at this moment: its own limits, within what its person may do."""

    key: ApiKey
    standing: Standing

    def sees(self, page_id: str) -> bool:
        return not self.key.page_ids or page_id in self.key.page_ids

    def check(self, scopes: Sequence[Scope], needs: Role, page_id: str | None = None) -> None:
        """With any of these scopes. Raises Http404 for a page that the key does not see, PermissionDenied for
        what it may not do."""
        if page_id is not None and not self.sees(page_id):
            raise Http404
        if not {*scopes, Scope.ADMIN}.intersection(self.key.scopes):
            message = f"This key lacks the scope {' or '.join(f'“{one.value}”' for one in scopes)}."
            raise PermissionDenied(message)
        if not self.standing.may(needs, page_id):
            message = f"This needs the role “{needs.value}”, which the key's owner does not have."
            raise PermissionDenied(message)

    def check_organisation(self, organisation_id: str) -> None:
        """Raises Http404 for another organisation, PermissionDenied to a key for some pages alone."""
        if organisation_id != self.key.tenant_id:
            raise Http404
        if self.key.page_ids:
            message = "This key is for some pages alone, not for the organisation."
            raise PermissionDenied(message)


def key_standing(key: ApiKey) -> KeyStanding | None:
    """What a key opens; None where its person may not enter the organisation any more."""
    standing = standing_of(key.user, key.tenant)
    return KeyStanding(key, standing) if standing else None

"""Verbs on organisations, hosts and members."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import BooleanField, ExpressionWrapper, F, Q
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from common.errors import Refused
from common.ids import LENGTH, new_id
from common.limits import UNPRINTABLE
from common.tenancy import NO_TENANT, in_tenant, leave_tenant, schema_of
from events.actor import SYSTEM, Actor
from events.log import Fact, append
from outbox.queue import put
from tenants import schemas
from tenants.models import Domain, DomainKind, HostMap, Membership, PageRole, Role, Tenant, User

HOSTS = "hosts"
RESERVED = frozenset(
    [
        "www",
        "api",
        "app",
        "admin",
        "dashboard",
        "mail",
        "smtp",
        "imap",
        "ns",
        "ns1",
        "ns2",
        "ftp",
        "static",
        "media",
        "assets",
        "status",
        "help",
        "support",
        "docs",
        "login",
        "signup",
        "o",
        "dev",
        "test",
        "edge",
        "cdn",
        "localhost",
    ]
)
_MOST_OWNED = 20
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
_LOOKS_LIKE_ID = re.compile(rf"[0-9a-z]{{{LENGTH}}}")


def create_tenant(name: str, slug: str = "", *, owner: User | None = None, actor: Actor = SYSTEM) -> Tenant:
    """Add an organisation with its schema, in one transaction: all of it or nothing. The owner's membership
    is the first thing in its log.

    Raises Refused for a slug that is malformed, reserved or taken, for an owner of too many, and while the
    database is at another release.
    """
    slug = check_slug(slug or slugify(name)[:40])
    _check_how_many(owner)
    tenant_id = new_id()
    with transaction.atomic(durable=True):
        schemas.hold_release()
        tenant = Tenant(id=tenant_id, schema_name=schema_of(tenant_id), slug=slug, name=name)
        try:
            with transaction.atomic():
                tenant.save(force_insert=True)
        except IntegrityError as error:
            message = _("There is already an organisation called “%(slug)s”.") % {"slug": slug}
            raise Refused(message, "slug") from error
        leave_tenant()
        schemas.make(tenant.schema_name)
        if owner is not None:
            membership = Membership.objects.create(user=owner, tenant=tenant, role=Role.OWNER)
            with in_tenant(tenant.pk):
                _record(actor, membership, Role.OWNER)
    return tenant


def _check_how_many(owner: User | None) -> None:
    """Where anybody may sign up, nobody fills the database with schemas. Closed ones count as well."""
    if owner is None or owner.is_staff:
        return
    if owner.memberships.filter(role=Role.OWNER).count() >= _MOST_OWNED:
        message = _("You own as many organisations as one person may: %(most)d.") % {"most": _MOST_OWNED}
        raise Refused(message)


def check_slug(slug: str) -> str:
    """`slug`, if it can name an organisation or a page; raises Refused otherwise."""
    if not _SLUG.fullmatch(slug):
        message = _("An address name has 1 to 40 lower-case letters, digits and inner hyphens.")
        raise Refused(message, "slug")
    if slug in RESERVED or _LOOKS_LIKE_ID.fullmatch(slug):
        message = _("“%(slug)s” is reserved. Please choose another name.") % {"slug": slug}
        raise Refused(message, "slug")
    return slug


def page_hosts(page_id: str, slug: str) -> dict[str, DomainKind]:
    """The two hosts that every page has under the pages' domain."""
    return {
        f"{slug}.{settings.PAGES_DOMAIN}": DomainKind.SLUG,
        f"{page_id}.{settings.PAGES_DOMAIN}": DomainKind.ID,
    }


def claim_hosts(tenant_id: str, page_id: str, hosts: Mapping[str, DomainKind]) -> None:
    """Step: register hosts for a page in the caller's transaction. Raises Refused where one is taken."""
    try:
        with transaction.atomic():
            Domain.objects.bulk_create(
                Domain(host=host, tenant_id=tenant_id, page_id=page_id, kind=kind)
                for host, kind in hosts.items()
            )
    except IntegrityError as error:
        message = _("The address is already in use: %(hosts)s.") % {"hosts": ", ".join(hosts)}
        raise Refused(message, "slug") from error
    ask_for_hosts()


def release_hosts(page_id: str, hosts: Iterable[str]) -> None:
    """Step: give up some of a page's hosts."""
    Domain.objects.filter(page_id=page_id, host__in=list(hosts)).delete()
    ask_for_hosts()


def retire_hosts(page_id: str) -> None:
    """Step: give up the hosts of a page that is deleted, but the one that is its id: the store remembers how
    far it came under that id, so no other page is ever given it."""
    Domain.objects.filter(page_id=page_id).exclude(kind=DomainKind.ID).delete()
    Domain.objects.filter(page_id=page_id).update(published=False, primary=False)
    ask_for_hosts()


def describe_hosts(page_id: str, *, primary: str, published: bool) -> None:
    """Step: note which of a page's hosts is its canonical one, and whether the page is launched."""
    Domain.objects.filter(page_id=page_id).update(
        primary=ExpressionWrapper(Q(host=primary), BooleanField()), published=published
    )
    ask_for_hosts()


def ask_for_hosts() -> None:
    """Step: raise the version of the map of hosts and have it published."""
    HostMap.objects.get_or_create(id=1)
    HostMap.objects.filter(id=1).update(version=F("version") + 1)
    put(HOSTS, NO_TENANT, ["map"])


def create_user(email: str, password: str, *, name: str = "") -> User:
    """Add a person, who works for nobody yet: so no organisation's log says it.

    Raises Refused for an address that is malformed or taken, and for a password that is easily guessed.
    """
    try:
        validate_email(email)
    except ValidationError as error:
        raise Refused(" ".join(error.messages), "email") from error
    try:
        validate_password(password)
    except ValidationError as error:
        raise Refused(" ".join(error.messages), "password") from error
    try:
        with transaction.atomic():
            return User.objects.create_user(email, password, name=name)
    except IntegrityError as error:
        message = _("Somebody already signs in as %(email)s.") % {"email": email}
        raise Refused(message, "email") from error


def rename_user(user: User, name: str) -> None:
    """What others call a person. Signs that cannot be shown are left out."""
    user.name = UNPRINTABLE.sub("", name).strip()
    user.save(update_fields=["name"])


def set_active(user: User, active: bool, actor: Actor) -> User:
    """Let somebody sign in, or no more: what they are signed in to ends at once. What they did stays.

    Raises Refused where somebody would lock themselves out.
    """
    if not active and actor.id == user.pk:
        raise Refused(_("You cannot lock yourself out: ask somebody else to do it."), "is_active")
    user.is_active = active
    user.save(update_fields=["is_active"])
    return user


def set_role(user: User, tenant: Tenant, role: Role, actor: Actor) -> Membership:
    """Make somebody a member, or change what the member may do. Who comes to manage every page keeps no role
    of a page.

    Raises Refused when it would leave the organisation without an owner.
    """
    with in_tenant(tenant.pk), transaction.atomic(durable=True):
        keep_an_owner(tenant, user, role)
        membership, _new = Membership.objects.update_or_create(
            user=user, tenant=tenant, defaults={"role": role}
        )
        _record(actor, membership, role)
        if role.manages_every_page:
            end_page_roles(membership, actor)
    return membership


def set_reminders(membership: Membership, wanted: bool, actor: Actor) -> None:
    """Let a member have mail about what waits for a page's team, or not."""
    with in_tenant(membership.tenant_id), transaction.atomic(durable=True):
        membership.wants_reminders = wanted
        membership.save(update_fields=["wants_reminders"])
        facts = {"user_id": membership.user_id, "wanted": wanted}
        fact = Fact("member.reminders_set", "member", membership.user_id, facts)
        append([fact], actor=actor, at=timezone.now())


def set_language(user: User, language: str) -> None:
    """Have mail to somebody as a member of a team be in this language. Theirs alone, and so in no log."""
    user.language = language
    user.save(update_fields=["language"])


def set_page_role(membership: Membership, page_id: str, role: Role, actor: Actor) -> PageRole:
    """Let a member do more or less on one page than in the organisation, whose page it must be."""
    with in_tenant(membership.tenant_id), transaction.atomic(durable=True):
        if not Domain.objects.filter(tenant=membership.tenant_id, page_id=page_id).exists():
            message = _("This organisation has no such page.")
            raise Refused(message, "page_id")
        page_role, _new = PageRole.objects.update_or_create(
            membership=membership, page_id=page_id, defaults={"role": role}
        )
        _record(actor, membership, role, page_id)
    return page_role


def end_page_roles(membership: Membership, actor: Actor) -> None:
    """Step: let a member do on every page what they may do in the organisation."""
    own = PageRole.objects.filter(membership=membership)
    pages = list(own.order_by("page_id").values_list("page_id", flat=True))
    own.delete()
    for page_id in pages:
        _record(actor, membership, None, page_id)


def _record(actor: Actor, membership: Membership, role: Role | None, page_id: str | None = None) -> None:
    """In the log of the organisation: who may do what from now on, by ids alone."""
    facts = {"user_id": membership.user_id, "role": role and role.value, "page_id": page_id}
    fact = Fact("member.role_set", "member", membership.user_id, facts)
    append([fact], actor=actor, at=timezone.now(), page_id=page_id)


def keep_an_owner(tenant: Tenant, user: User, role: Role | None) -> None:
    """Step: refuse to let an organisation's last owner become `role`, or no member at all."""
    owners = list(
        Membership.objects.select_for_update()
        .filter(tenant=tenant, role=Role.OWNER)
        .values_list("user_id", flat=True)
    )
    if role != Role.OWNER and owners == [user.pk]:
        message = _("An organisation needs an owner: name another one first.")
        raise Refused(message, "role")

"""Organisations, their hosts and the people who work for them. Public schema."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager, PermissionsMixin
from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django_tenants.models import TenantMixin

from common.fields import PlainIdField, PublicIdField
from common.tenancy import schema_of


class TenantQuerySet(models.QuerySet["Tenant"]):
    def present(self) -> TenantQuerySet:
        return self.filter(deleted_at=None)


class Tenant(TenantMixin):  # type: ignore[misc] # django-tenants has no types
    """An organisation: one PostgreSQL schema, `t_<id>`."""

    # tenants/actions.py creates the schema, inside the transaction that adds the row.
    auto_create_schema = False
    auto_drop_schema = False

    id = PublicIdField()
    slug = models.SlugField(max_length=40, unique=True, help_text=_("Names the organisation in addresses."))
    name = models.CharField(max_length=120)
    created_at = models.DateTimeField(auto_now_add=True)
    requires_2fa = models.BooleanField(
        default=False, help_text=_("Members come in only with a passkey or codes from an app.")
    )
    # Within what the installation allows: to which countries, empty for all of those, and for how much a day.
    sms_countries = ArrayField(models.CharField(max_length=2), default=list, blank=True)
    sms_daily_cap = models.DecimalField(max_digits=10, decimal_places=2, null=True, blank=True)
    # Since when it is to be removed: nobody gets in and its pages are gone, until an owner brings it back.
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = TenantQuerySet.as_manager()

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(schema_name=models.functions.Concat(models.Value("t_"), "id")),
                name="tenant_schema_is_its_id",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def expected_schema(self) -> str:
        return schema_of(self.id)


class DomainKind(models.TextChoices):
    SLUG = "slug", _("Address from the page's slug")
    ID = "id", _("Address from the page's id")
    CUSTOM = "custom", _("Own domain")
    ALIAS = "alias", _("Further name")


class Domain(models.Model):
    """The one registry of page hosts."""

    host = models.CharField(max_length=253, primary_key=True, help_text=_("Lower case, without a port."))
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="domains")
    page_id = PlainIdField(db_index=True)
    kind = models.CharField(max_length=10, choices=DomainKind)
    # Copies of what the page says, so that the map of hosts costs one query over all tenants.
    primary = models.BooleanField(default=False)
    published = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["host"]
        constraints = [
            models.CheckConstraint(condition=models.Q(host=Lower("host")), name="domain_host_is_lower_case"),
            # A page has one host of each automatic kind; claiming a second is a bug.
            models.UniqueConstraint(
                fields=["page_id", "kind"],
                condition=models.Q(kind__in=["slug", "id"]),
                name="domain_one_automatic_host_per_page",
            ),
        ]

    def __str__(self) -> str:
        return self.host


class Installation(models.Model):
    """A single row: fingerprints of what the database and the published documents were last brought to."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    migrations = models.CharField(max_length=64, blank=True)
    documents = models.CharField(max_length=64, blank=True)
    # Names of the example organisations that were made, so that none comes back once deleted.
    seeded = models.JSONField(default=list)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="installation_is_a_single_row")]


class Blueprint(models.Model):
    """What the schema of an organisation is made from: SQL, by the fingerprint of its migrations."""

    migrations = models.CharField(max_length=64, primary_key=True)
    script = models.TextField()


class HostMap(models.Model):
    """A single row: the version that the published map of hosts must reach."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    version = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="host_map_is_a_single_row")]


class UserManager(BaseUserManager["User"]):
    def get_by_natural_key(self, username: str | None) -> User:
        """At sign-in: addresses are kept in lower case, and typed in any."""
        return self.get(email=(username or "").lower())

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Whoever makes an account for somebody vouches for the address."""
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        with transaction.atomic(using=self._db):
            user.save(using=self._db)
            user.emailaddress_set.create(email=user.email, primary=True, verified=True)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person, signed in by e-mail address; works for any number of organisations."""

    id = PublicIdField()
    email = models.EmailField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    # As chosen for the screens; empty: not chosen, and mail to a page's team is in the page's.
    language = models.CharField(max_length=10, blank=True)
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(
        default=False, help_text=_("Runs the installation: sees every organisation.")
    )
    date_joined = models.DateTimeField(auto_now_add=True)

    objects = UserManager()
    # Addresses and what is known of them: django-allauth's, which has no types.
    emailaddress_set: Any

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"

    class Meta:
        ordering = ["email"]
        constraints = [
            models.CheckConstraint(condition=models.Q(email=Lower("email")), name="user_email_is_lower_case")
        ]

    def __str__(self) -> str:
        return self.name or self.email


class Role(models.TextChoices):
    OWNER = "owner", _("Owner")
    ADMIN = "admin", _("Admin")
    EDITOR = "editor", _("Editor")
    VIEWER = "viewer", _("Viewer")

    @property
    def rank(self) -> int:
        """Higher may do all that lower may."""
        return {"viewer": 1, "editor": 2, "admin": 3, "owner": 4}[self.value]

    @property
    def manages_every_page(self) -> bool:
        return self.rank >= Role.ADMIN.rank


class Membership(models.Model):
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=10, choices=Role)
    wants_reminders = models.BooleanField(
        _("wants reminders"), default=True, help_text=_("Mail about what waits for the team.")
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["tenant", "user"]
        constraints = [
            models.UniqueConstraint(fields=["user", "tenant"], name="membership_once_per_tenant"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.user} – {self.tenant}"


class PageRole(models.Model):
    """Where one page differs from the role in the organisation."""

    membership = models.ForeignKey(Membership, on_delete=models.CASCADE, related_name="page_roles")
    page_id = PlainIdField()
    role = models.CharField(max_length=10, choices=Role)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["membership", "page_id"], name="page_role_once_per_page"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="page_role_is_known"),
        ]


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def open(self) -> InvitationQuerySet:
        """Neither accepted nor withdrawn; perhaps expired."""
        return self.filter(accepted_at=None, withdrawn_at=None)


class Invitation(models.Model):
    """Somebody is asked to work for an organisation. Whoever holds the link in the mail has the address."""

    id = PublicIdField()
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="invitations")
    email = models.EmailField()
    role = models.CharField(max_length=10, choices=Role)
    # Page id -> role, where a page is to differ.
    page_roles = models.JSONField(default=dict)
    invited_by = models.ForeignKey(User, null=True, on_delete=models.SET_NULL, related_name="+")
    language = models.CharField(max_length=10, default="en")
    # Part of the link: sending again makes the former one useless.
    number = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    withdrawn_at = models.DateTimeField(null=True)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "email"],
                condition=models.Q(accepted_at=None, withdrawn_at=None),
                name="invitation_once_at_a_time",
            ),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="invitation_role_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.email} – {self.tenant}"


class Scope(models.TextChoices):
    """What a key may be used for; its person's role says what may be done at all."""

    READ = "read", _("Read everything")
    INCIDENTS = "incidents", _("Write incidents and maintenance")
    COMPONENTS = "components", _("Write components and metrics")
    SUBSCRIBERS = "subscribers", _("Read and write subscribers")
    ADMIN = "admin", _("Everything, settings and people included")


class ApiKeyQuerySet(models.QuerySet["ApiKey"]):
    def usable(self, now: datetime) -> ApiKeyQuerySet:
        """Neither revoked nor expired."""
        open_ended = models.Q(expires_at=None) | models.Q(expires_at__gt=now)
        return self.filter(open_ended, revoked_at=None)


class ApiKey(models.Model):
    """A person's key to one organisation, for machines. What it opens is shown once; here is its hash."""

    id = PublicIdField()
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="api_keys")
    tenant = models.ForeignKey(Tenant, on_delete=models.CASCADE, related_name="api_keys")
    name = models.CharField(max_length=120, help_text=_("What it is used for, such as Terraform."))
    secret_hash = models.CharField(max_length=64, editable=False)
    scopes = ArrayField(models.CharField(max_length=12, choices=Scope))
    page_ids = ArrayField(PlainIdField(), default=list, blank=True, help_text=_("Empty: all pages."))
    networks = ArrayField(
        models.CharField(max_length=43),
        default=list,
        blank=True,
        help_text=_("Addresses that it may be used from, such as 192.0.2.0/24; empty: all."),
    )
    per_minute = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(100_000)],
        help_text=_("Requests that it may make in any minute; empty: as for the installation."),
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, editable=False)
    # Written once a minute at most.
    last_used_at = models.DateTimeField(null=True, editable=False)
    replaces = models.ForeignKey("self", null=True, editable=False, on_delete=models.SET_NULL)
    created_at = models.DateTimeField()

    objects = ApiKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("API key")
        verbose_name_plural = _("API keys")
        ordering = ["-created_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scopes__len__gt=0, scopes__contained_by=Scope.values),
                name="api_key_scopes_are_known",
            ),
        ]

    def __str__(self) -> str:
        return self.name

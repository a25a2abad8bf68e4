"""Who may see what of a page that is not for everybody, or that has restricted components. Tenant schema."""

from __future__ import annotations

from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _

from common.fields import PlainIdField, PublicIdField
from pages.models import StatusPage


class AllowedQuerySet(models.QuerySet):
    def who_see(self, component_id: str) -> Self:
        """Those that were given this component by themselves, not as members of a group."""
        return self.filter(component_ids__contains=[component_id])


def _ids() -> ArrayField:
    return ArrayField(PlainIdField(), default=list, blank=True)


class Allowed(models.Model):
    """What somebody may see: ids in the order in which they were given. Deleted ones may be among them."""

    id = PublicIdField()
    page = models.ForeignKey(StatusPage, on_delete=models.CASCADE, related_name="%(class)ss")
    component_ids = _ids()
    metric_ids = _ids()
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        abstract = True


class PageAccessUserQuerySet(AllowedQuerySet):
    def at(self, email: str) -> PageAccessUserQuerySet:
        """Whose address it is, however it is written."""
        return self.filter(email=email.strip().lower())


class PageAccessUser(Allowed):
    """Somebody who may see a page, and what of it. Not a member of the team, and no subscriber."""

    email = models.EmailField(blank=True)
    external_login = models.CharField(
        max_length=255, blank=True, help_text=_("What the identity provider calls them.")
    )

    objects = PageAccessUserQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["page", "email"], condition=~Q(email=""), name="access_user_email_once"
            ),
            models.UniqueConstraint(
                fields=["page", "external_login"],
                condition=~Q(external_login=""),
                name="access_user_login_once",
            ),
            models.CheckConstraint(condition=Q(email=Lower("email")), name="access_user_email_is_lower_case"),
            models.CheckConstraint(
                condition=~Q(email="", external_login=""),
                name="access_user_is_somebody",
                violation_error_message=_("Somebody is known by an e-mail address, a login, or both."),
            ),
        ]
        # Who sees a component.
        indexes = [GinIndex(fields=["component_ids"], name="access_user_components")]

    def __str__(self) -> str:
        return self.email or self.external_login


class PageAccessGroup(Allowed):
    """People who may see the same."""

    name = models.CharField(max_length=255)
    external_identifier = models.CharField(
        max_length=255, blank=True, help_text=_("What the identity provider calls the group.")
    )
    users = models.ManyToManyField(PageAccessUser, related_name="groups", blank=True)

    objects = AllowedQuerySet.as_manager()

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [GinIndex(fields=["component_ids"], name="access_group_components")]

    def __str__(self) -> str:
        return self.name

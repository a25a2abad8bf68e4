"""Imports that people have asked for, and how far they are. Tenant schema."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from common.fields import PlainIdField, PublicIdField

# What was not heard of for so long has died.
SILENCE = timedelta(minutes=10)


class Phase(models.TextChoices):
    """As `importing.remote` names what it is at."""

    WAITING = "", _("Waiting for its turn")
    DOCUMENTS = "documents", _("Reading what the page is made of")
    HISTORY = "history pages", _("Looking through its history")
    INCIDENTS = "incidents", _("Reading its incidents")
    STORING = "storing", _("Storing all of it")


class PageImportQuerySet(models.QuerySet["PageImport"]):
    def under_way(self, now: datetime) -> PageImportQuerySet:
        """Asked for or at work, and heard of lately."""
        heard = Coalesce("seen_at", "created_at")
        return self.filter(ended_at=None).alias(heard=heard).filter(heard__gt=now - SILENCE)


class PageImport(models.Model):
    """A page at `url` that is to come over. It has ended with a page, or with a failure in words."""

    id = PublicIdField()
    url = models.CharField(max_length=300)
    slug = models.CharField(max_length=40, blank=True)
    # The page that it is to come to; "": to one that an earlier import of it made, or else a new one.
    into_id = PlainIdField(blank=True, default="", db_default="")
    user_id = PlainIdField()
    phase = models.CharField(max_length=20, blank=True, choices=Phase)
    done = models.PositiveIntegerField(default=0)
    # 0: nobody knows.
    total = models.PositiveIntegerField(default=0)
    # In which it is told how it failed.
    language = models.CharField(max_length=10, blank=True, default="", db_default="")
    failure = models.TextField(blank=True)
    page_id = PlainIdField(blank=True)
    created_at = models.DateTimeField()
    seen_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)

    objects = PageImportQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.url

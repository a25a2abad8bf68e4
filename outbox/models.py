"""Work that is due, of any tenant. Public schema."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from common.fields import PlainIdField


class DueQuerySet(models.QuerySet["OutboxItem"]):
    def due(self, now: datetime) -> DueQuerySet:
        """Neither dead nor leased, and its time has come."""
        return self.alive().filter(due_at__lte=now).filter(Q(lease_until=None) | Q(lease_until__lt=now))

    def alive(self) -> DueQuerySet:
        return self.filter(dead_at=None)

    def failing(self) -> DueQuerySet:
        """Failed three times or more, and to be tried again."""
        return self.alive().filter(attempts__gte=3).exclude(last_error="")

    def dead(self) -> DueQuerySet:
        return self.exclude(dead_at=None)


class OutboxItem(models.Model):
    """One thing to do: at most one row for each (topic, tenant, key), however often it was asked for.

    `seq` rises with every ask; an acknowledgement deletes the row only at the `seq` that was claimed.
    """

    id = models.BigAutoField(primary_key=True)
    topic = models.CharField(max_length=30)
    tenant_id = PlainIdField()
    key = models.CharField(max_length=64)
    seq = models.PositiveBigIntegerField(default=1)
    due_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
    attempts = models.PositiveIntegerField(default=0)
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    last_error = models.TextField(blank=True)
    dead_at = models.DateTimeField(null=True)

    objects = DueQuerySet.as_manager()

    class Meta:
        ordering = ["due_at"]
        constraints = [
            models.UniqueConstraint(fields=["topic", "tenant_id", "key"], name="outbox_one_row_per_key")
        ]
        indexes = [
            # The claim: the oldest due rows of some topics.
            models.Index(fields=["topic", "due_at"], condition=Q(dead_at=None), name="outbox_due"),
            # The health page and the admin: what needs a person.
            models.Index(fields=["dead_at"], condition=Q(dead_at__isnull=False), name="outbox_dead"),
        ]

    def __str__(self) -> str:
        return f"{self.topic} {self.key}"


class Heartbeat(models.Model):
    """When a kind of process last showed that it works: ticker, worker."""

    name = models.CharField(max_length=30, primary_key=True)
    at = models.DateTimeField()

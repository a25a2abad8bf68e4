"""What the API remembers. Public schema."""

from __future__ import annotations

from django.db import models

from tenants.models import ApiKey


class Answered(models.Model):
    """A write that was sent with an Idempotency-Key, and what was answered: `status` is null meanwhile."""

    id = models.BigAutoField(primary_key=True)
    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="+")
    said = models.CharField(max_length=255, help_text="The header's value.")
    # Of method, address and body: the same key must mean the same request.
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True)
    body = models.BinaryField(default=b"")
    headers = models.JSONField(default=dict)
    begun_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["key", "said"], name="answered_once_per_key")]
        # Upkeep deletes what is older than a day.
        indexes = [models.Index(fields=["begun_at"], name="answered_begun_at")]

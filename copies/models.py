"""Where else a page is kept. Tenant schema."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from common.fields import PublicIdField
from pages.models import StatusPage


class Kind(models.TextChoices):
    DIRECTORY = "directory", _("Folder on the server")
    BUCKET = "bucket", _("S3-compatible bucket")


class CopyTargetQuerySet(models.QuerySet["CopyTarget"]):
    def failing(self) -> CopyTargetQuerySet:
        return self.filter(failures__gt=0)


class CopyTarget(models.Model):
    """A place that every version of a page is copied to. The fields of other kinds than its own are empty."""

    id = PublicIdField()
    page = models.ForeignKey(StatusPage, on_delete=models.CASCADE, related_name="copy_targets")
    kind = models.CharField(max_length=12, choices=Kind)

    folder = models.CharField(
        max_length=63, blank=True, help_text=_("A name such as “status”: the folder is made by itself.")
    )

    endpoint = models.CharField(
        max_length=300, blank=True, help_text=_("Such as https://s3.example.com; empty for Amazon's own.")
    )
    region = models.CharField(max_length=40, blank=True, help_text=_("Such as eu-central-1."))
    bucket = models.CharField(max_length=63, blank=True)
    prefix = models.CharField(
        max_length=200, blank=True, help_text=_("A path in the bucket; empty for its beginning.")
    )
    # What the bucket's keys are, encrypted.
    credentials = models.TextField(blank=True, editable=False)

    created_at = models.DateTimeField(editable=False)
    # Of the settings above; what is noted below belongs to them.
    updated_at = models.DateTimeField(editable=False)

    version = models.PositiveBigIntegerField(null=True, editable=False, verbose_name=_("copied version"))
    copied_at = models.DateTimeField(null=True, editable=False)
    confirmed_at = models.DateTimeField(null=True, editable=False)
    failures = models.PositiveIntegerField(default=0, editable=False)
    last_error = models.CharField(max_length=300, blank=True, editable=False)
    failed_at = models.DateTimeField(null=True, editable=False)
    next_try_at = models.DateTimeField(null=True, editable=False)

    objects = CopyTargetQuerySet.as_manager()

    class Meta:
        ordering = ["page", "created_at"]
        verbose_name = _("copy elsewhere")
        verbose_name_plural = _("copies elsewhere")
        constraints = [
            models.UniqueConstraint(
                fields=["folder"],
                condition=Q(kind=Kind.DIRECTORY),
                name="copy_folder_once",
                violation_error_message=_("Another copy is in this folder already."),
            ),
            models.UniqueConstraint(
                fields=["endpoint", "bucket", "prefix"],
                condition=Q(kind=Kind.BUCKET),
                name="copy_bucket_once",
                violation_error_message=_("Another copy is at this place in the bucket already."),
            ),
            models.CheckConstraint(
                condition=Q(kind=Kind.DIRECTORY, bucket="", endpoint="", prefix="", credentials="")
                & ~Q(folder="")
                | Q(kind=Kind.BUCKET, folder="") & ~Q(bucket="") & ~Q(credentials=""),
                name="copy_has_the_fields_of_its_kind",
            ),
        ]

    def __str__(self) -> str:
        if self.kind == Kind.DIRECTORY:
            return self.folder
        return "/".join(part for part in (self.endpoint or "s3:/", self.bucket, self.prefix) if part)

    @property
    def is_failing(self) -> bool:
        return self.failures > 0

    @property
    def is_behind(self) -> bool:
        """Whether the page has a version that was not copied yet. Needs the page."""
        return self.version is None or self.version < self.page.version

    def rests_until(self, now: datetime) -> datetime | None:
        """Until when it is left alone after a failure; None where it may be tried."""
        return self.next_try_at if self.next_try_at is not None and self.next_try_at > now else None

"""What a page reports on, what was said of it, and what followed. Tenant schema."""

from __future__ import annotations

from typing import Self

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from common.fields import PublicIdField
from components.choices import ComponentStatus, Source
from pages.models import StatusPage


class PresentQuerySet(models.QuerySet):
    def present(self) -> Self:
        """Not deleted."""
        return self.filter(deleted_at=None)


class ComponentGroup(models.Model):
    id = PublicIdField()
    page = models.ForeignKey(StatusPage, on_delete=models.CASCADE, related_name="groups")
    name = models.CharField(max_length=255)
    description = models.CharField(max_length=500, blank=True)
    position = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = PresentQuerySet.as_manager()

    class Meta:
        ordering = ["position", "created_at", "id"]

    def __str__(self) -> str:
        return self.name


class ComponentQuerySet(PresentQuerySet):
    def public(self) -> ComponentQuerySet:
        """What everybody may see."""
        return self.present().filter(restricted=False)

    def with_status(self) -> ComponentQuerySet:
        """Adds `status` (a ComponentStatus value) and `status_since` (None before the first change)."""
        newest = StatusChange.objects.filter(component=OuterRef("pk")).order_by("-at")
        return self.annotate(
            status=Coalesce(Subquery(newest.values("status")[:1]), Value(ComponentStatus.OPERATIONAL.value)),
            status_since=Subquery(newest.values("at")[:1]),
        )


class Component(models.Model):
    id = PublicIdField()
    page = models.ForeignKey(StatusPage, on_delete=models.CASCADE, related_name="components")
    group = models.ForeignKey(
        ComponentGroup, null=True, blank=True, on_delete=models.SET_NULL, related_name="components"
    )
    name = models.CharField(max_length=255)
    purpose = models.CharField(
        max_length=300, blank=True, help_text=_("One sentence: what users do with it. Shown on the page.")
    )
    description = models.TextField(blank=True, max_length=2000)
    position = models.PositiveIntegerField(default=0)
    showcase = models.BooleanField(default=True, help_text=_("Show its uptime on the status page."))
    only_show_if_degraded = models.BooleanField(default=False)
    restricted = models.BooleanField(default=False, help_text=_("Hidden from the public page."))
    start_date = models.DateField(
        null=True, blank=True, help_text=_("Its history begins here; earlier days show no data.")
    )
    # Null: as on the page.
    major_weight = models.FloatField(null=True, blank=True)
    partial_weight = models.FloatField(null=True, blank=True)
    degraded_weight = models.FloatField(null=True, blank=True)
    maintenance_counts = models.BooleanField(null=True, blank=True)
    minimum_outage = models.DurationField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = ComponentQuerySet.as_manager()

    class Meta:
        ordering = ["position", "created_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=(Q(major_weight=None) | Q(major_weight__range=(0, 1)))
                & (Q(partial_weight=None) | Q(partial_weight__range=(0, 1)))
                & (Q(degraded_weight=None) | Q(degraded_weight__range=(0, 1))),
                name="component_weights_are_shares",
            )
        ]

    def __str__(self) -> str:
        return self.name


class StatementQuerySet(models.QuerySet["Statement"]):
    def live(self) -> StatementQuerySet:
        return self.filter(ended=None)

    def of(self, source: Source, source_id: str) -> StatementQuerySet:
        return self.filter(source=source, source_id=source_id)


class Statement(models.Model):
    """Somebody's or something's word: this component has this status from `begun` until `ended`.

    `source_id` is the incident, monitor, person … that says so, so that it can take its word back.
    """

    id = models.BigAutoField(primary_key=True)
    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="statements")
    source = models.CharField(max_length=12, choices=Source)
    source_id = models.CharField(max_length=32, blank=True)
    status = models.CharField(max_length=24, choices=ComponentStatus)
    begun = models.DateTimeField()
    ended = models.DateTimeField(null=True, blank=True)
    # Shown on the page for a correction.
    reason = models.CharField(max_length=500, blank=True)
    # The source said nothing of components' statuses: they were inferred from its impact.
    derived = models.BooleanField(default=False)

    objects = StatementQuerySet.as_manager()

    class Meta:
        ordering = ["begun", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["component", "source", "source_id"],
                condition=Q(ended=None),
                name="statement_one_live_per_source",
            ),
            models.CheckConstraint(
                condition=Q(ended=None) | Q(ended__gte=F("begun")), name="statement_ends_after_it_began"
            ),
            models.CheckConstraint(
                condition=~Q(source=Source.CORRECTION) | (Q(ended__isnull=False) & ~Q(reason="")),
                name="statement_correction_has_end_and_reason",
            ),
            models.CheckConstraint(
                condition=Q(status__in=ComponentStatus.values), name="statement_status_is_known"
            ),
        ]
        indexes = [
            # rebuild() reads a component's statements that reach past an instant.
            models.Index(fields=["component", "begun"], name="statement_component_begun"),
            # Ending what an incident, window or monitor said.
            models.Index(
                fields=["source", "source_id"], condition=Q(ended=None), name="statement_live_source"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.component_id} {self.status} ({self.source})"


class StatusChange(models.Model):
    """The component's effective status begins; it ends where the next one begins."""

    id = models.BigAutoField(primary_key=True)
    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    status = models.CharField(max_length=24, choices=ComponentStatus)
    source = models.CharField(max_length=12, blank=True)
    source_id = models.CharField(max_length=32, blank=True)

    class Meta:
        ordering = ["component", "at"]
        constraints = [
            # Also the index for "the status at an instant": newest at or before it.
            models.UniqueConstraint(fields=["component", "at"], name="status_change_one_per_instant"),
            models.CheckConstraint(
                condition=Q(status__in=ComponentStatus.values), name="status_change_status_is_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.component_id} {self.status} {self.at:%Y-%m-%d %H:%M}"


class DataGap(models.Model):
    """A time of which nothing is known, such as before an import's source begins: shown as no data."""

    id = models.BigAutoField(primary_key=True)
    page = models.ForeignKey(StatusPage, on_delete=models.CASCADE, related_name="gaps")
    begun = models.DateTimeField(null=True, help_text=_("Empty: since ever."))
    ended = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["ended"]
        constraints = [
            models.CheckConstraint(
                condition=Q(begun=None) | Q(begun__lt=F("ended")), name="gap_ends_after_it_began"
            )
        ]

    def __str__(self) -> str:
        return f"{self.begun} – {self.ended}"

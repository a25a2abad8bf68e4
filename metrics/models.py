"""Numbers that a page shows over time: where they come from, the points, and their rollups. Tenant schema."""

from __future__ import annotations

from datetime import datetime

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.fields import PublicIdField
from metrics.choices import ProviderKind, Step, Transform
from pages.models import StatusPage


class Fetched(models.Model):
    """How asking somebody else's server has gone."""

    failures = models.PositiveIntegerField(default=0, editable=False)
    last_error = models.CharField(max_length=300, blank=True, editable=False)
    failed_at = models.DateTimeField(null=True, editable=False)
    next_try_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True

    @property
    def is_failing(self) -> bool:
        return self.failures > 0

    def rests_until(self, now: datetime) -> datetime | None:
        """Until when it is left alone after a failure; None where it may be tried."""
        return self.next_try_at if self.next_try_at is not None and self.next_try_at > now else None


class MetricsProviderQuerySet(models.QuerySet["MetricsProvider"]):
    def failing(self) -> MetricsProviderQuerySet:
        return self.filter(failures__gt=0)


class MetricsProvider(Fetched):
    """Where metrics of a page come from: the team's own programs, which push, or a service that is asked."""

    id = PublicIdField()
    page = models.ForeignKey(StatusPage, on_delete=models.CASCADE, related_name="metrics_providers")
    kind = models.CharField(_("type"), max_length=10, choices=ProviderKind)
    metric_base_uri = models.CharField(
        _("address of its API"),
        max_length=300,
        blank=True,
        help_text=_("Such as https://api.datadoghq.eu; empty for the service's usual one."),
    )
    # What the service wants to see, encrypted.
    credentials = models.TextField(blank=True, editable=False)
    disabled = models.BooleanField(default=False, help_text=_("It is not asked, and takes no points."))
    # When the service last accepted the credentials.
    last_revalidated_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)

    objects = MetricsProviderQuerySet.as_manager()

    class Meta:
        ordering = ["page", "created_at", "id"]
        verbose_name = _("source of metrics")
        verbose_name_plural = _("sources of metrics")

    def __str__(self) -> str:
        return self.get_kind_display()

    @property
    def takes_points(self) -> bool:
        """Whether points are pushed, not fetched."""
        return self.kind == ProviderKind.SELF


class MetricQuerySet(models.QuerySet["Metric"]):
    def displayed(self) -> MetricQuerySet:
        return self.filter(display=True)


class Metric(Fetched):
    id = PublicIdField()
    page = models.ForeignKey(StatusPage, on_delete=models.CASCADE, related_name="metrics")
    provider = models.ForeignKey(MetricsProvider, on_delete=models.CASCADE, related_name="metrics")
    name = models.CharField(max_length=120)
    metric_identifier = models.CharField(
        _("identifier at its source"),
        max_length=500,
        blank=True,
        help_text=_("By which the service knows it: a query, a metric's name or a check's number."),
    )
    application_id = models.CharField(
        _("application"), max_length=60, blank=True, help_text=_("New Relic's number of the application.")
    )
    transform = models.CharField(max_length=7, choices=Transform, default=Transform.AVERAGE)
    display = models.BooleanField(_("shown"), default=True)
    position = models.PositiveIntegerField(default=0, help_text=_("Lower comes first."))
    tooltip_description = models.CharField(_("explanation"), max_length=500, blank=True)
    suffix = models.CharField(_("unit"), max_length=20, blank=True, help_text=_("Behind each value: ms, %."))
    y_axis_min = models.FloatField(_("lowest value of the axis"), null=True, blank=True)
    y_axis_max = models.FloatField(_("highest value of the axis"), null=True, blank=True)
    y_axis_hidden = models.BooleanField(_("hide the axis's values"), default=False)
    decimal_places = models.PositiveSmallIntegerField(default=0, validators=[MaxValueValidator(6)])

    most_recent_data_at = models.DateTimeField(null=True, editable=False)
    last_fetched_at = models.DateTimeField(null=True, editable=False)
    # When its charts were last put into the store.
    charted_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)

    objects = MetricQuerySet.as_manager()

    class Meta:
        ordering = ["page", "position", "created_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(y_axis_min=None) | Q(y_axis_max=None) | Q(y_axis_min__lte=F("y_axis_max")),
                name="metric_axis_ends_above_its_beginning",
                violation_error_message=_("The axis ends below its beginning."),
            ),
            models.CheckConstraint(condition=Q(decimal_places__lte=6), name="metric_decimal_places_are_few"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def axis(self) -> tuple[float | None, float | None]:
        """Where the axis begins and ends; None where the values decide, as they do where both are the same:
        clients that know no null send two zeros."""
        ends = self.y_axis_min, self.y_axis_max
        return (None, None) if ends[0] == ends[1] else ends


class MetricPoint(models.Model):
    """One value, as it came. Kept for 30 days."""

    id = models.BigAutoField(primary_key=True)
    metric = models.ForeignKey(Metric, on_delete=models.CASCADE, related_name="points", db_index=False)
    at = models.DateTimeField()
    value = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["metric", "at"], name="metric_point_once_a_second")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.value:g}"


class MetricRollup(models.Model):
    """What the points of [begins_at, begins_at + step) come to. Always made from all of them."""

    id = models.BigAutoField(primary_key=True)
    metric = models.ForeignKey(Metric, on_delete=models.CASCADE, related_name="rollups", db_index=False)
    step = models.PositiveIntegerField(choices=Step)
    begins_at = models.DateTimeField()
    count = models.PositiveBigIntegerField()
    total = models.FloatField()
    lowest = models.FloatField()
    highest = models.FloatField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["metric", "step", "begins_at"], name="metric_rollup_once")
        ]

    def __str__(self) -> str:
        return f"{self.begins_at:%Y-%m-%d %H:%M} {self.step} s"

"""Notices: incidents and maintenance, their updates, and what makes writing them quicker. Tenant schema."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from common.fields import PlainIdField, PublicIdField
from components.choices import ComponentStatus
from components.models import Component
from incidents.choices import Impact, IncidentKind, IncidentStatus
from pages.models import StatusPage

_INCIDENT = [status.value for status in IncidentStatus.of_kind(IncidentKind.INCIDENT)]
_MAINTENANCE = [status.value for status in IncidentStatus.of_kind(IncidentKind.MAINTENANCE)]
_OPEN = [status.value for status in IncidentStatus if status.is_open]


class IncidentQuerySet(models.QuerySet["Incident"]):
    def present(self) -> IncidentQuerySet:
        return self.filter(deleted_at=None)

    def incidents(self) -> IncidentQuerySet:
        return self.filter(kind=IncidentKind.INCIDENT)

    def maintenance(self) -> IncidentQuerySet:
        return self.filter(kind=IncidentKind.MAINTENANCE)

    def watched(self) -> IncidentQuerySet:
        """Open incidents whose team is reminded to write updates."""
        return self.unresolved().incidents().exclude(reminded_until=None)

    def unresolved(self) -> IncidentQuerySet:
        return self.present().filter(status__in=_OPEN)

    def upcoming(self) -> IncidentQuerySet:
        return self.present().filter(status=IncidentStatus.SCHEDULED)

    def active(self) -> IncidentQuerySet:
        """Maintenance that has begun and is not over."""
        return self.present().filter(status__in=[IncidentStatus.IN_PROGRESS, IncidentStatus.VERIFYING])

    def matching(self, text: str) -> IncidentQuerySet:
        """With these words in name, status, updates or published postmortem; all, where there are none."""
        if not text.strip():
            return self
        said = IncidentUpdate.objects.filter(incident=OuterRef("pk"), body__icontains=text)
        found = Q(name__icontains=text) | Q(status__icontains=text) | Q(postmortem__body__icontains=text)
        return self.filter(found | Q(Exists(said)))

    def touching(self, first: datetime, last: datetime) -> IncidentQuerySet:
        """Those under way at some time of [first, last)."""
        return self.filter(started_at__lt=last).filter(Q(resolved_at=None) | Q(resolved_at__gte=first))


class Incident(models.Model):
    id = PublicIdField()
    page = models.ForeignKey(StatusPage, on_delete=models.CASCADE, related_name="incidents")
    kind = models.CharField(max_length=12, choices=IncidentKind, default=IncidentKind.INCIDENT)
    name = models.CharField(max_length=255)
    status = models.CharField(max_length=16, choices=IncidentStatus)
    # The worst of its affected components ever, unless overridden.
    impact = models.CharField(max_length=12, choices=Impact, default=Impact.NONE)
    impact_override = models.CharField(max_length=12, choices=Impact, null=True, blank=True)
    components = models.ManyToManyField(Component, through="IncidentComponent", related_name="incidents")
    backfilled = models.BooleanField(default=False)
    derived = models.BooleanField(
        default=False, help_text=_("Its component history was inferred when it was imported.")
    )
    started_at = models.DateTimeField()
    detected_at = models.DateTimeField(null=True, blank=True)
    impact_started_at = models.DateTimeField(null=True, blank=True)
    mitigated_at = models.DateTimeField(null=True, blank=True)
    monitoring_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    next_update_by = models.DateTimeField(null=True, blank=True)
    # Reminders of its team for times up to this one have been sent, or it wrote an update then. Empty: nobody
    # is reminded.
    reminded_until = models.DateTimeField(null=True, editable=False)
    shortlink = models.CharField(max_length=300, blank=True)
    # What other tools keep of theirs with it, by tool: for the team alone.
    metadata = models.JSONField(default=dict, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = IncidentQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind=IncidentKind.INCIDENT, status__in=_INCIDENT)
                | Q(kind=IncidentKind.MAINTENANCE, status__in=_MAINTENANCE),
                name="incident_status_fits_its_kind",
            ),
            models.CheckConstraint(
                condition=Q(status__in=_OPEN, resolved_at=None)
                | (~Q(status__in=_OPEN) & Q(resolved_at__isnull=False)),
                name="incident_resolved_at_when_closed",
            ),
            models.CheckConstraint(
                condition=Q(resolved_at=None) | Q(resolved_at__gte=F("started_at")),
                name="incident_ends_after_it_began",
            ),
        ]
        indexes = [
            # The page's history, newest first.
            models.Index(fields=["page", "-started_at"], name="incident_page_started"),
            # What is open on a page.
            models.Index(
                fields=["page"], condition=Q(resolved_at=None, deleted_at=None), name="incident_open"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def shown_impact(self) -> str:
        return self.impact_override or self.impact

    @property
    def is_watchable(self) -> bool:
        return self.kind == IncidentKind.INCIDENT and IncidentStatus(self.status).is_open

    @property
    def is_overdue(self) -> bool:
        """Whether the time by which an update was promised went by without one, as has been noted."""
        if self.next_update_by is None or self.reminded_until is None:
            return False
        return self.reminded_until >= self.next_update_by


class IncidentComponent(models.Model):
    """A component that the notice is or was about, with the status that the notice gives it: once over, the
    one that it leaves. Null where it never gave it any."""

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="links")
    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="incident_links")
    status = models.CharField(max_length=24, choices=ComponentStatus, null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["incident", "component"], name="incident_component_once")
        ]


class IncidentUpdate(models.Model):
    id = PublicIdField()
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="updates")
    status = models.CharField(max_length=16, choices=IncidentStatus)
    body = models.TextField(max_length=25_000, help_text=_("Markdown."))
    technical_details = models.TextField(blank=True, max_length=25_000, help_text=_("Folded on the page."))
    display_at = models.DateTimeField()
    deliver_notifications = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["-display_at", "-created_at", "-id"]
        indexes = [models.Index(fields=["incident", "-display_at"], name="update_incident_display")]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.status}"


class AffectedComponent(models.Model):
    """What one update said of one component."""

    update = models.ForeignKey(IncidentUpdate, on_delete=models.CASCADE, related_name="affected")
    component = models.ForeignKey(Component, on_delete=models.CASCADE, related_name="+")
    old_status = models.CharField(max_length=24, choices=ComponentStatus)
    new_status = models.CharField(max_length=24, choices=ComponentStatus)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["update", "component"], name="affected_component_once_per_update")
        ]


class MaintenanceSeries(models.Model):
    """A recurring maintenance: its next occurrences are materialised as windows."""

    id = PublicIdField()
    page = models.ForeignKey(StatusPage, on_delete=models.CASCADE, related_name="series")
    name = models.CharField(max_length=255)
    body = models.TextField(blank=True, max_length=25_000)
    rule = models.CharField(max_length=500, help_text=_("RRULE, such as FREQ=WEEKLY;BYDAY=TU."))
    local_start = models.DateTimeField(
        help_text=_("First start, wall-clock time in the zone, stored as if UTC.")
    )
    duration = models.DurationField()
    zone = models.CharField(max_length=60)
    # Original local starts (ISO) of occurrences that are skipped or were moved.
    exceptions = ArrayField(models.CharField(max_length=32), default=list, blank=True)
    components = models.ManyToManyField(Component, related_name="series", blank=True)
    # Of its windows: columns of WindowOptions, and of the notice.
    options = models.JSONField(default=dict, blank=True)
    ended_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "maintenance series"
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class WindowOptions(models.Model):
    """How a maintenance runs by itself."""

    auto_start = models.BooleanField(default=True)
    auto_complete = models.BooleanField(default=True)
    to_maintenance = models.BooleanField(
        default=True, help_text=_("Put components under maintenance when it starts.")
    )
    to_operational = models.BooleanField(default=True, help_text=_("Take them back when it completes."))
    notify_at_start = models.BooleanField(default=True)
    notify_at_end = models.BooleanField(default=True)
    # Minutes before the start.
    reminders = ArrayField(models.PositiveIntegerField(), default=list, blank=True)

    class Meta:
        abstract = True


class MaintenanceWindow(WindowOptions):
    """The schedule of a maintenance."""

    incident = models.OneToOneField(
        Incident, on_delete=models.CASCADE, primary_key=True, related_name="window"
    )
    scheduled_for = models.DateTimeField()
    scheduled_until = models.DateTimeField()
    series = models.ForeignKey(
        MaintenanceSeries, null=True, blank=True, on_delete=models.SET_NULL, related_name="windows"
    )
    # The start that the series gave it, local and ISO, even after it was moved.
    occurrence = models.CharField(max_length=32, blank=True)
    cancelled = models.BooleanField(default=False)
    # Reminders for times up to this one have been sent, or came too late. Empty: none has.
    reminded_until = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(scheduled_until__gt=F("scheduled_for")), name="window_ends_after_it_begins"
            ),
            models.UniqueConstraint(
                fields=["series", "occurrence"],
                condition=Q(series__isnull=False),
                name="window_one_per_occurrence",
            ),
        ]

    def __str__(self) -> str:
        return self.incident.name


class IncidentTemplate(models.Model):
    """A prepared notice. `{{ name }}` in title and body is asked for when it is used."""

    id = PublicIdField()
    page = models.ForeignKey(StatusPage, on_delete=models.CASCADE, related_name="templates")
    name = models.CharField(max_length=120)
    title = models.CharField(max_length=255)
    body = models.TextField(max_length=25_000)
    update_status = models.CharField(
        max_length=16, choices=IncidentStatus, default=IncidentStatus.INVESTIGATING
    )
    components = models.ManyToManyField(Component, related_name="templates", blank=True)
    deliver_notifications = models.BooleanField(default=True)
    # What other tools sort it by.
    group_id = models.CharField(max_length=32, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["name"]
        constraints = [models.UniqueConstraint(fields=["page", "name"], name="template_name_once_per_page")]

    def __str__(self) -> str:
        return self.name


class Draft(models.Model):
    """An incident, or an update of `incident`, that is written and not published. For the team alone."""

    id = PublicIdField()
    page = models.ForeignKey(StatusPage, on_delete=models.CASCADE, related_name="drafts")
    incident = models.ForeignKey(
        Incident, null=True, blank=True, on_delete=models.CASCADE, related_name="drafts"
    )
    name = models.CharField(max_length=255, blank=True)
    # Of incidents/drafts.py.
    content = models.JSONField()
    # Whoever wrote it last, and says it once it is published.
    author_id = PlainIdField()
    publish_at = models.DateTimeField(null=True, blank=True)
    # Why it could not be published at its time.
    problem = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        ordering = ["-updated_at"]

    def __str__(self) -> str:
        return self.incident.name if self.incident else self.name


class Postmortem(models.Model):
    incident = models.OneToOneField(
        Incident, on_delete=models.CASCADE, primary_key=True, related_name="postmortem"
    )
    draft = models.TextField(blank=True, max_length=100_000, help_text=_("Markdown, for the team only."))
    body = models.TextField(blank=True, max_length=100_000)
    published_at = models.DateTimeField(null=True, blank=True)
    # When each of the two texts was last written; null for none.
    draft_at = models.DateTimeField(null=True, editable=False)
    body_at = models.DateTimeField(null=True, editable=False)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(published_at=None, body="") | (Q(published_at__isnull=False) & ~Q(body="")),
                name="postmortem_body_when_published",
            )
        ]

    def __str__(self) -> str:
        return self.incident.name


class AnnouncementQuerySet(models.QuerySet["Announcement"]):
    def present(self) -> AnnouncementQuerySet:
        return self.filter(deleted_at=None)


class Announcement(models.Model):
    """A notice that is neither incident nor maintenance, pinned above the page while it lasts."""

    id = PublicIdField()
    page = models.ForeignKey(StatusPage, on_delete=models.CASCADE, related_name="announcements")
    title = models.CharField(max_length=255)
    body = models.TextField(blank=True, max_length=10_000)
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = AnnouncementQuerySet.as_manager()

    class Meta:
        ordering = ["-begins_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends_at=None) | Q(ends_at__gt=F("begins_at")),
                name="announcement_ends_after_it_begins",
            )
        ]

    def __str__(self) -> str:
        return self.title

"""The append-only log of what changed. Tenant schema."""

from __future__ import annotations

from django.db import models

from common.fields import PlainIdField


class EventQuerySet(models.QuerySet["Event"]):
    def of_page(self, page_id: str) -> EventQuerySet:
        return self.filter(page_id=page_id)

    def about(self, object_type: str, object_id: str) -> EventQuerySet:
        return self.filter(object_type=object_type, object_id=object_id)

    def newest_id(self) -> int:
        """0 where there is none. For one object, whose changes wait for one another, later ids are newer."""
        return self.aggregate(newest=models.Max("id"))["newest"] or 0

    def since(self, version: int) -> EventQuerySet:
        """Events of versions after `version`."""
        return self.filter(version__gt=version)

    def newest_per_object(self, version: int) -> EventQuerySet:
        """The page's state at `version`: for each object the newest event at or below it."""
        return (
            self.filter(version__lte=version)
            .order_by("object_type", "object_id", "-version", "-id")
            .distinct("object_type", "object_id")
        )


class Event(models.Model):
    """One change of one object, with the object's whole new state frozen in `facts`.

    A trigger refuses UPDATE and DELETE, except setting `facts` to null (redaction).
    """

    id = models.BigAutoField(primary_key=True)
    page_id = PlainIdField(null=True)
    # Null for what a visitor cannot see: such events order by id alone.
    version = models.PositiveBigIntegerField(null=True)
    name = models.CharField(max_length=60, help_text="What happened, such as incident.created.")
    object_type = models.CharField(max_length=30)
    object_id = models.CharField(max_length=32)
    facts = models.JSONField(null=True)
    indicator = models.CharField(max_length=12, blank=True)
    notify = models.BooleanField(default=False)
    actor_kind = models.CharField(max_length=12)
    actor_id = models.CharField(max_length=32, blank=True)
    at = models.DateTimeField()
    # Hybrid logical clock: milliseconds << 16 | counter. With node and sequence, several regions' logs merge.
    hlc = models.BigIntegerField()
    origin_node = models.CharField(max_length=30)
    origin_seq = models.BigIntegerField()

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["origin_node", "origin_seq"], name="event_origin_once"),
            models.CheckConstraint(
                condition=models.Q(version__isnull=True) | models.Q(page_id__isnull=False),
                name="event_version_has_a_page",
            ),
        ]
        indexes = [
            # Publishing asks which objects changed since a version; replay asks for the newest per object.
            models.Index(fields=["page_id", "version"], name="event_page_version"),
            models.Index(fields=["object_type", "object_id", "-id"], name="event_object"),
            # The log of one kind of thing, newest first.
            models.Index(fields=["object_type", "-id"], name="event_kind"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.object_id}"


class EventOrigin(models.Model):
    """Where a change came from: personal data, so deletable, unlike the event."""

    event_id = models.BigIntegerField(primary_key=True)
    ip = models.GenericIPAddressField(null=True)
    user_agent = models.CharField(max_length=300, blank=True)


class EventClock(models.Model):
    """One row a node: its last clock reading and sequence, taken and raised in the change's transaction."""

    node = models.CharField(max_length=30, primary_key=True)
    hlc = models.BigIntegerField(default=0)
    seq = models.BigIntegerField(default=0)

"""What is to be told, to whom, and what became of it. Public schema; read only through `.of(tenant_id)`."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Count, Exists, OuterRef, Q

from common.fields import PlainIdField
from notifications.choices import DeliveryLane, DeliveryStatus, SuppressionReason
from subscribers.choices import Channel

_PENDING, _LEASED = DeliveryStatus.PENDING, DeliveryStatus.LEASED
ENDED = (DeliveryStatus.DEAD, DeliveryStatus.FAILED, DeliveryStatus.BOUNCED)


class OfTenantQuerySet(models.QuerySet):
    def of(self, tenant_id: str) -> Self:
        """The tenant's own: the only way in which these tables are read on somebody's behalf."""
        return self.filter(tenant_id=tenant_id)


class NotificationQuerySet(OfTenantQuerySet):
    def expanding(self) -> Self:
        """Those whose recipients are not all known yet."""
        return self.filter(expanded_at=None)


class Notification(models.Model):
    """Something to tell, with the event's facts frozen: all that its messages are made of.

    `checkpoint` is the last subscriber id that expansion has passed.
    """

    id = models.BigAutoField(primary_key=True)
    tenant_id = PlainIdField()
    page_id = PlainIdField()
    event_id = models.BigIntegerField(null=True)
    kind = models.CharField(max_length=60, help_text="The event's name, such as incident.created.")
    # Messages about one incident belong together: threads, superseding.
    incident_id = PlainIdField(blank=True)
    facts = models.JSONField()
    # The page's version that the event is of; null where it concerns one subscriber alone.
    version = models.PositiveBigIntegerField(null=True)
    event_at = models.DateTimeField()
    created_at = models.DateTimeField()
    checkpoint = PlainIdField(blank=True)
    expanded_at = models.DateTimeField(null=True)
    recipients = models.PositiveIntegerField(default=0)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["tenant_id", "event_id"], name="notification_once_per_event")
        ]
        indexes = [
            models.Index(fields=["tenant_id", "page_id", "-id"], name="notification_page_newest"),
            models.Index(fields=["tenant_id", "incident_id"], name="notification_incident"),
            # Leaving waits for expansions that are under way.
            models.Index(fields=["tenant_id"], condition=Q(expanded_at=None), name="notification_expanding"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class DeliveryQuerySet(OfTenantQuerySet):
    def waiting(self) -> Self:
        return self.filter(status=DeliveryStatus.PENDING)

    def due(self, now: datetime) -> Self:
        return self.waiting().filter(next_attempt_at__lte=now)

    def under_way(self) -> Self:
        return self.filter(status=DeliveryStatus.LEASED)

    def dead(self) -> Self:
        return self.filter(status=DeliveryStatus.DEAD)

    def unsuppressed(self) -> Self:
        """Those to addresses that may be written to."""
        barred = Suppression.objects.filter(
            Q(tenant_id=None) | Q(tenant_id=OuterRef("tenant_id")),
            channel=OuterRef("channel"),
            target_hash=OuterRef("target_hash"),
        )
        return self.filter(~Exists(barred))

    def to(self, subscriber_id: str) -> Self:
        return self.filter(subscriber_id=subscriber_id)

    def ended(self) -> Self:
        """Those that were given up or refused: what can be sent again by hand."""
        return self.filter(status__in=ENDED)

    def tally(self) -> dict[str, int]:
        """How many have each status; a status that none has is left out."""
        return dict(self.order_by().values_list("status").annotate(Count("id")))


class Delivery(models.Model):
    """One message to one recipient: at most one for each notification and subscriber.

    Copies all that sending needs, so that neither claiming nor sending enters a tenant's schema.
    """

    id = models.BigAutoField(primary_key=True)
    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, related_name="deliveries")
    tenant_id = PlainIdField()
    page_id = PlainIdField()
    subscriber_id = PlainIdField()
    channel = models.CharField(max_length=12, choices=Channel)
    lane = models.CharField(max_length=8, choices=DeliveryLane)
    target = models.TextField()
    target_hash = models.CharField(max_length=64)
    language = models.CharField(max_length=10)
    time_zone = models.CharField(max_length=60, default="UTC")
    # What the recipient's links are signed for; see subscribers/links.py.
    link_version = models.PositiveIntegerField()
    settings = models.JSONField(default=dict)
    # Ids of notifications whose own messages this one replaces; see summaries.py.
    summarises = models.JSONField(default=list, db_default=[])
    status = models.CharField(max_length=10, choices=DeliveryStatus, default=DeliveryStatus.PENDING)
    # Lower goes first among the due ones of one tenant and lane.
    priority = models.SmallIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    # How many of them were made before it was last sent again by hand.
    attempts_before = models.PositiveSmallIntegerField(default=0)
    next_attempt_at = models.DateTimeField()
    lease_token = models.UUIDField(null=True)
    lease_until = models.DateTimeField(null=True)
    provider = models.CharField(max_length=40, blank=True)
    provider_message_id = models.CharField(max_length=255, blank=True)
    last_error = models.CharField(max_length=500, blank=True)
    created_at = models.DateTimeField()
    accepted_at = models.DateTimeField(null=True)
    # When the provider last said what became of it.
    reported_at = models.DateTimeField(null=True)

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["notification", "subscriber_id"], name="delivery_once_per_subscriber"
            ),
            models.CheckConstraint(
                condition=Q(status__in=DeliveryStatus.values, lane__in=DeliveryLane.values),
                name="delivery_status_and_lane_are_known",
            ),
            models.CheckConstraint(
                condition=Q(
                    status=DeliveryStatus.LEASED, lease_token__isnull=False, lease_until__isnull=False
                )
                | (~Q(status=DeliveryStatus.LEASED) & Q(lease_token=None, lease_until=None)),
                name="delivery_lease_only_while_leased",
            ),
        ]
        indexes = [
            # The claim: hops from tenant to tenant, then takes the oldest due ones of each.
            models.Index(
                fields=["lane", "tenant_id", "next_attempt_at", "priority"],
                condition=Q(status=_PENDING),
                name="delivery_claim",
            ),
            # Leases of dead workers.
            models.Index(fields=["lease_until"], condition=Q(status=_LEASED), name="delivery_leased"),
            # Counts per update, and the list of those that need a person.
            models.Index(fields=["notification", "status"], name="delivery_tally"),
            # Those of a page that need a person.
            models.Index(
                fields=["tenant_id", "page_id", "-id"], condition=Q(status__in=ENDED), name="delivery_ended"
            ),
            # One recipient's messages: leaving, erasing, the list an operator sees.
            models.Index(fields=["tenant_id", "subscriber_id"], name="delivery_subscriber"),
            # A number that opts out, or asks for help.
            models.Index(
                fields=["target_hash"], condition=Q(channel=Channel.SMS), name="delivery_sms_number"
            ),
            # What a provider reports back.
            models.Index(
                fields=["provider", "provider_message_id"],
                condition=~Q(provider_message_id=""),
                name="delivery_provider",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.pk} {self.status}"

    @property
    def is_waiting(self) -> bool:
        """Whether there will be another attempt."""
        return self.status in (_PENDING, _LEASED)


class Tally(models.Model):
    """How many deliveries of a notification are in which state: the sum over backends. Written by triggers.

    Each backend of the database counts in rows of its own, so that no worker waits for another.
    """

    # Waits for an attempt that is not its first; all other states are statuses, with leased as pending.
    RETRYING = "retrying"

    id = models.BigAutoField(primary_key=True)
    notification = models.ForeignKey(Notification, on_delete=models.CASCADE, related_name="tallies")
    backend = models.IntegerField()
    state = models.CharField(max_length=10)
    number = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["notification", "backend", "state"], name="tally_once")
        ]


class Attempt(models.Model):
    """One try at sending one delivery, and what was answered."""

    id = models.BigAutoField(primary_key=True)
    delivery = models.ForeignKey(Delivery, on_delete=models.CASCADE, related_name="tries")
    tenant_id = PlainIdField()
    number = models.PositiveSmallIntegerField()
    provider = models.CharField(max_length=40, blank=True)
    began_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    # What the delivery became: accepted, pending (to be tried again), bounced, failed, dead.
    status = models.CharField(max_length=10, choices=DeliveryStatus)
    code = models.PositiveSmallIntegerField(
        null=True, help_text="The SMTP or HTTP status, where there was one."
    )
    error = models.CharField(max_length=80, blank=True)
    response = models.TextField(blank=True, max_length=4096)

    objects = OfTenantQuerySet.as_manager()

    class Meta:
        ordering = ["delivery", "number"]
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="attempt_once_per_number")]

    def __str__(self) -> str:
        return str(self.number)


class Suppression(models.Model):
    """An address that must not be written to, by one tenant or, without a tenant, by anybody."""

    id = models.BigAutoField(primary_key=True)
    tenant_id = PlainIdField(null=True)
    channel = models.CharField(max_length=12, choices=Channel)
    target_hash = models.CharField(max_length=64)
    reason = models.CharField(max_length=12, choices=SuppressionReason)
    source = models.CharField(max_length=120, blank=True)
    created_at = models.DateTimeField()

    objects = OfTenantQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "target_hash", "tenant_id"],
                nulls_distinct=False,
                name="suppression_once",
            )
        ]


class EndpointHealth(models.Model):
    """How one recipient's address has fared: when it began to fail, and whether we gave up on it."""

    id = models.BigAutoField(primary_key=True)
    tenant_id = PlainIdField()
    subscriber_id = PlainIdField()
    consecutive_failures = models.PositiveIntegerField(default=0)
    first_failure_at = models.DateTimeField(null=True)
    last_failure_at = models.DateTimeField(null=True)
    last_success_at = models.DateTimeField(null=True)
    warned_at = models.DateTimeField(null=True)
    disabled_at = models.DateTimeField(null=True)
    disabled_reason = models.CharField(max_length=300, blank=True)

    objects = OfTenantQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "endpoint health"
        constraints = [models.UniqueConstraint(fields=["tenant_id", "subscriber_id"], name="endpoint_once")]


class MailReportQuerySet(models.QuerySet):
    def waiting(self) -> Self:
        """Those that nobody has seen to."""
        return self.filter(settled_at=None)


class MailReport(models.Model):
    """What a service reported of one mail, as it came. Of which organisation, its delivery knows."""

    id = models.BigAutoField(primary_key=True)
    provider = models.CharField(max_length=40)
    # Of what was reported: the same report again is the same row.
    fingerprint = models.CharField(max_length=64)
    kind = models.CharField(max_length=20, help_text="As anymail calls it: delivered, bounced, complained …")
    delivery_id = models.BigIntegerField(null=True)
    message_id = models.CharField(max_length=255, blank=True)
    target_hash = models.CharField(max_length=64)
    reason = models.CharField(max_length=40, blank=True)
    said = models.CharField(max_length=500, blank=True)
    received_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    objects = MailReportQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["provider", "fingerprint"], name="report_once")]
        indexes = [
            models.Index(fields=["id"], condition=Q(settled_at=None), name="report_waiting"),
            models.Index(fields=["settled_at"], name="report_settled"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"


class MailSender(models.Model):
    """From whom a page's mail is. `address` counts once its domain is proved to be the tenant's."""

    id = models.BigAutoField(primary_key=True)
    tenant_id = PlainIdField()
    page_id = PlainIdField(unique=True)
    name = models.CharField(max_length=120, blank=True)
    address = models.CharField(max_length=254, blank=True)
    reply_to = models.CharField(max_length=254, blank=True)
    verified_at = models.DateTimeField(null=True)
    # What the last look into DNS found, in order; see senders_check.py.
    findings = models.JSONField(default=list)
    checked_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    objects = OfTenantQuerySet.as_manager()

    def __str__(self) -> str:
        return self.address or self.name

"""Who asked to be told. Tenant schema."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Count, Q
from django.utils.translation import gettext_lazy as _

from common.fields import PublicIdField
from components.models import Component, ComponentGroup
from incidents.choices import Impact
from incidents.models import Incident
from pages.choices import Language
from pages.models import StatusPage
from subscribers.addresses import address_hash, normal
from subscribers.choices import Cadence, Channel, ConsentSource, Reason, Scope, SubscriberState
from viewers.models import PageAccessUser


class SubscriberQuerySet(models.QuerySet["Subscriber"]):
    def of_page(self, page_id: str) -> SubscriberQuerySet:
        return self.filter(page_id=page_id)

    def at(self, channel: str, address: str) -> SubscriberQuerySet:
        """Whose address it is, as somebody typed it. Raises Refused for what is none."""
        return self.filter(channel=channel, address_hash=address_hash(channel, normal(channel, address)))

    def unconfirmed(self) -> SubscriberQuerySet:
        return self.filter(state=SubscriberState.UNCONFIRMED)

    def present(self) -> SubscriberQuerySet:
        """Who has not left."""
        return self.exclude(state=SubscriberState.UNSUBSCRIBED)

    def matching(self, text: str) -> SubscriberQuerySet:
        """With this in what is known of them; the addresses of chats are secrets, and not looked at."""
        open_ones = Q(channel__in=[Channel.EMAIL, Channel.SMS, Channel.WEBHOOK], address__icontains=text)
        return self.filter(open_ones | Q(contact__icontains=text)) if text else self

    def about(self, incident_id: str) -> SubscriberQuerySet:
        """Who asked to be told of this incident alone."""
        return self.filter(scope=Scope.INCIDENT, incident_id=incident_id)

    def tallied(self) -> dict[tuple[str, str], int]:
        """How many there are of each channel and state."""
        # Of rows, not of ids: an index alone answers that.
        rows = self.order_by().values_list("channel", "state").annotate(number=Count("*"))
        return {(channel, state): number for channel, state, number in rows}


class Wishes(models.Model):
    """What somebody wants to be told, and when."""

    scope = models.CharField(max_length=12, choices=Scope, default=Scope.PAGE)
    components = models.ManyToManyField(Component, related_name="subscribers", blank=True)
    groups = models.ManyToManyField(ComponentGroup, related_name="subscribers", blank=True)
    incident = models.ForeignKey(
        Incident, null=True, blank=True, on_delete=models.CASCADE, related_name="subscribers"
    )
    wants_incidents = models.BooleanField(default=True)
    wants_maintenance = models.BooleanField(default=True)
    min_impact = models.CharField(
        max_length=12, choices=Impact, default=Impact.NONE, help_text=_("Incidents below it are not told.")
    )
    cadence = models.CharField(max_length=16, choices=Cadence, default=Cadence.ALL)
    quiet_from = models.TimeField(null=True, blank=True, help_text=_("Local time; empty: no quiet hours."))
    quiet_until = models.TimeField(null=True, blank=True)
    critical_breaks_quiet = models.BooleanField(default=True)
    digest_at = models.TimeField(
        null=True, blank=True, help_text=_("Local time of one daily summary; empty: every message at once.")
    )

    class Meta:
        abstract = True


class Subscriber(Wishes):
    """One address on one channel on one page."""

    id = PublicIdField()
    page = models.ForeignKey(StatusPage, on_delete=models.CASCADE, related_name="subscribers")
    channel = models.CharField(max_length=12, choices=Channel, default=Channel.EMAIL)
    address = models.TextField(help_text=_("As the channel needs it: an e-mail address, a number, a URL."))
    address_hash = models.CharField(max_length=64, editable=False)
    label = models.CharField(max_length=120, blank=True, help_text=_("What the team calls it, such as #ops."))
    # Hears of it when messages to a machine's address keep failing.
    contact = models.EmailField(blank=True)
    # Whose it is, of those who may see what is not public.
    page_access_user = models.ForeignKey(
        PageAccessUser, null=True, blank=True, on_delete=models.SET_NULL, related_name="subscribers"
    )
    # What only its channel knows: signing secrets of a webhook, a workspace's name.
    settings = models.JSONField(default=dict, blank=True)
    state = models.CharField(
        max_length=12, choices=SubscriberState, default=SubscriberState.UNCONFIRMED, editable=False
    )
    language = models.CharField(max_length=10, choices=Language, default=Language.EN)
    time_zone = models.CharField(max_length=60, default="UTC")

    consent_source = models.CharField(max_length=10, choices=ConsentSource, default=ConsentSource.FORM)
    consent_note = models.CharField(max_length=300, blank=True)
    # Raised to make every link handed out so far worthless, except for leaving.
    token_version = models.PositiveIntegerField(default=1, editable=False)
    # A channel without links is confirmed by a code; see subscribers/codes.py.
    code_tries = models.PositiveSmallIntegerField(default=0, editable=False)
    code_sent_at = models.DateTimeField(null=True, editable=False)

    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    asked_at = models.DateTimeField(help_text=_("When confirmation was last asked for."))
    reminded_at = models.DateTimeField(null=True, editable=False)
    confirmed_at = models.DateTimeField(null=True, editable=False)
    # The page's version when it was last activated: changes after it are told by messages of their own.
    since_version = models.PositiveBigIntegerField(null=True, editable=False)
    quarantined_at = models.DateTimeField(null=True, editable=False)
    # A Reason; former releases wrote a sentence.
    quarantine_reason = models.CharField(max_length=300, blank=True, editable=False)
    unsubscribed_at = models.DateTimeField(null=True, editable=False)
    purge_at = models.DateTimeField(null=True, editable=False)

    objects = SubscriberQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["page", "channel", "address_hash"], name="subscriber_one_per_address"
            ),
            models.CheckConstraint(
                condition=Q(state__in=SubscriberState.values, channel__in=Channel.values),
                name="subscriber_state_and_channel_are_known",
            ),
            models.CheckConstraint(
                condition=~Q(state=SubscriberState.ACTIVE)
                | Q(confirmed_at__isnull=False, since_version__isnull=False),
                name="subscriber_active_has_confirmed",
            ),
            models.CheckConstraint(
                condition=~Q(state=SubscriberState.UNSUBSCRIBED) | Q(unsubscribed_at__isnull=False),
                name="subscriber_unsubscribed_has_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state=SubscriberState.QUARANTINED) | Q(quarantined_at__isnull=False),
                name="subscriber_quarantined_has_a_time",
            ),
            models.CheckConstraint(
                condition=Q(scope=Scope.INCIDENT, incident__isnull=False)
                | (Q(scope__in=[Scope.PAGE, Scope.COMPONENTS]) & Q(incident=None)),
                name="subscriber_scope_names_its_incident",
            ),
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="subscriber_quiet_hours_have_both_ends",
            ),
        ]
        indexes = [
            # Expansion walks a page's active subscribers by id.
            models.Index(
                fields=["page", "id"],
                condition=Q(state=SubscriberState.ACTIVE),
                name="subscriber_active_by_id",
            ),
            # One person's rows on every page, whichever state; also finds bounced addresses.
            models.Index(fields=["channel", "address_hash"], name="subscriber_address"),
            # How many there are of each channel and state.
            models.Index(fields=["page", "channel", "state"], name="subscriber_tally"),
            # How many there are that a message concerns: in the index alone, but for those who choose.
            models.Index(
                fields=[
                    *("page", "scope", "channel", "wants_incidents", "wants_maintenance"),
                    *("min_impact", "cadence", "since_version"),
                ],
                condition=Q(state=SubscriberState.ACTIVE),
                name="subscriber_wishes",
            ),
            # The list, newest first.
            models.Index(fields=["page", "-created_at", "id"], name="subscriber_newest"),
            # How many of those who were asked lately have confirmed.
            models.Index(fields=["page", "asked_at"], name="subscriber_asked"),
            # Reminders and purging.
            models.Index(
                fields=["purge_at"],
                condition=Q(state=SubscriberState.UNCONFIRMED),
                name="subscriber_to_purge",
            ),
        ]

    def __str__(self) -> str:
        return self.label or f"{self.channel} {self.pk}"

    @property
    def is_active(self) -> bool:
        return self.state == SubscriberState.ACTIVE

    @property
    def quarantined_because(self) -> str:
        """In words."""
        stored = self.quarantine_reason
        return str(Reason(stored).label) if stored in Reason.values else stored

    def is_to_purge(self, now: datetime) -> bool:
        """Whether the time to confirm is over."""
        late = self.purge_at is not None and self.purge_at <= now
        return late and self.state == SubscriberState.UNCONFIRMED

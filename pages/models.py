"""The status page: its identity, look and policy. Tenant schema."""

from __future__ import annotations

import zoneinfo
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from common.fields import PublicIdField
from pages.choices import Language, PageIndicator, PageType, WayOfTelling

_colour = RegexValidator(r"^#[0-9a-f]{6}$", _("A colour is # and six hexadecimal digits, such as #1f6feb."))
_pause: list[Callable[[Any], None]] = [
    RegexValidator(r"^(0|[1-9]\d+|[5-9])$", _("Remind after 5 minutes at the earliest, or never: 0.")),
    MaxValueValidator(1440),
]
_share = [MinValueValidator(0.0), MaxValueValidator(1.0)]


class Asset(models.Model):
    """An image of a page, already cleaned and re-encoded; small enough to live beside the page."""

    id = models.CharField(max_length=64, primary_key=True, help_text=_("SHA-256 of the content."))
    content_type = models.CharField(max_length=40)
    content = models.BinaryField()

    @property
    def path(self) -> str:
        """Where every page that uses it publishes it."""
        extension = {
            "image/png": "png",
            "image/x-icon": "ico",
            "image/webp": "webp",
            "image/svg+xml": "svg",
        }[self.content_type]
        return f"/assets/{self.id[:16]}.{extension}"


class StatusPageQuerySet(models.QuerySet["StatusPage"]):
    def present(self) -> StatusPageQuerySet:
        """Not deleted."""
        return self.filter(deleted_at=None)

    def launched(self) -> StatusPageQuerySet:
        return self.present().filter(published=True)

    def open_to_all(self) -> StatusPageQuerySet:
        """Launched, and for everybody to read."""
        return self.launched().filter(page_type=PageType.PUBLIC)


class UptimePolicy(models.Model):
    """How time counts as down. Null on a component means: as on its page."""

    major_weight = models.FloatField(default=1.0, validators=_share)
    partial_weight = models.FloatField(default=0.3, validators=_share)
    degraded_weight = models.FloatField(default=0.0, validators=_share)
    maintenance_counts = models.BooleanField(default=False)
    minimum_outage = models.DurationField(
        default=timedelta(0), help_text=_("A shorter outage does not count as down time.")
    )

    class Meta:
        abstract = True


class StatusPage(UptimePolicy):
    id = PublicIdField()
    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=40)
    description = models.CharField(max_length=300, blank=True)
    time_zone = models.CharField(max_length=60, default="UTC")
    language = models.CharField(max_length=10, choices=Language, default=Language.EN)
    primary_host = models.CharField(max_length=253, help_text=_("Links in messages and feeds lead here."))
    published = models.BooleanField(default=True, help_text=_("Until launched, the page answers 404."))
    page_type = models.CharField(
        _("who may read it"),
        max_length=10,
        choices=PageType,
        default=PageType.PUBLIC,
        help_text=_("A page that is not for everybody shows nothing but that, and tells nobody."),
    )

    logo_light = models.ForeignKey(Asset, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    logo_dark = models.ForeignKey(Asset, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    favicon = models.ForeignKey(Asset, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    accent = models.CharField(max_length=7, blank=True, validators=[_colour])
    accent_dark = models.CharField(max_length=7, blank=True, validators=[_colour])
    custom_css = models.TextField(_("styles"), blank=True, max_length=20_000)
    header = models.TextField(blank=True, max_length=2000, help_text=_("Markdown above the components."))
    footer = models.TextField(blank=True, max_length=2000, help_text=_("Markdown at the end of every page."))
    note = models.CharField(max_length=300, blank=True, help_text=_("A plain remark in the footer."))
    company_url = models.URLField(blank=True)
    support_url = models.CharField(max_length=300, blank=True, help_text=_("https://… or mailto:…"))
    about = models.TextField(blank=True, max_length=10_000, help_text=_("Markdown for /about."))
    noindex = models.BooleanField(default=False, verbose_name=_("hide from search engines"))

    remind_after = models.PositiveSmallIntegerField(
        _("remind after"),
        default=30,
        validators=_pause,
        help_text=_("Minutes that an open incident may go without an update; 0: nobody is reminded."),
    )
    remind_before = models.PositiveSmallIntegerField(
        _("remind before"),
        default=5,
        validators=[MaxValueValidator(120)],
        help_text=_("Minutes before a promised update is due; 0: nobody is reminded."),
    )

    show_uptime = models.BooleanField(default=True)
    uptime_days = models.PositiveSmallIntegerField(
        default=90, validators=[MinValueValidator(7), MaxValueValidator(365)]
    )
    history_days = models.PositiveSmallIntegerField(
        default=14, validators=[MinValueValidator(1), MaxValueValidator(60)]
    )

    closed_ways = ArrayField(
        models.CharField(max_length=12, choices=WayOfTelling),
        default=list,
        blank=True,
        help_text=_("Ways of being told that the page does not offer."),
    )
    # How the widget looks as a banner on other sites: `position` and colours, of EMBED_FIELDS.
    embed = models.JSONField(default=dict, blank=True)
    # What tools that speak Statuspage's API have said and nothing here uses: they find it as they left it.
    kept = models.JSONField(default=dict, blank=True)

    sms_every_update = models.BooleanField(
        default=False,
        verbose_name=_("every update by SMS"),
        help_text=_("Otherwise only when an incident opens or is resolved, and when maintenance begins."),
    )

    # Of the newest version; `version_at` is the instant that the version's documents are built for.
    version = models.PositiveBigIntegerField(default=0)
    version_at = models.DateTimeField()
    indicator = models.CharField(max_length=12, choices=PageIndicator, default=PageIndicator.NONE)
    # The worst impact of what is open and names no component, empty where nothing is: all that is known of a
    # page without components.
    open_impact = models.CharField(max_length=12, blank=True)

    created_at = models.DateTimeField()
    updated_at = models.DateTimeField()
    deleted_at = models.DateTimeField(null=True, editable=False)

    objects = StatusPageQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            # A deleted page gives its name back.
            models.UniqueConstraint(
                fields=["slug"],
                condition=models.Q(deleted_at=None),
                name="page_slug_once",
                violation_error_message=_("There is already a page with this address name."),
            ),
            models.CheckConstraint(
                condition=models.Q(major_weight__range=(0, 1), partial_weight__range=(0, 1))
                & models.Q(degraded_weight__range=(0, 1)),
                name="page_weights_are_shares",
            ),
            models.CheckConstraint(
                condition=models.Q(uptime_days__range=(7, 365)), name="page_uptime_days_in_range"
            ),
            models.CheckConstraint(
                condition=models.Q(indicator__in=PageIndicator.values), name="page_indicator_is_known"
            ),
            models.CheckConstraint(
                condition=models.Q(page_type__in=PageType.values), name="page_type_is_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def is_public(self) -> bool:
        """Whether everybody may read it, once it is launched."""
        return self.page_type == PageType.PUBLIC

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        return zoneinfo.ZoneInfo(self.time_zone)


class OwnHost(models.Model):
    """A domain of the organisation's own at which it wants a page; the registry of hosts has those that are
    proved."""

    id = PublicIdField()
    page = models.ForeignKey(StatusPage, on_delete=models.CASCADE, related_name="own_hosts")
    host = models.CharField(max_length=253)
    created_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True, editable=False)
    # Served there since; null: not served.
    proved_at = models.DateTimeField(null=True, editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)
    # What the last look into DNS found: code and what it is about.
    findings = models.JSONField(default=list, editable=False)

    class Meta:
        ordering = ["host"]
        constraints = [
            models.UniqueConstraint(fields=["page", "host"], name="own_host_once_per_page"),
        ]

    def __str__(self) -> str:
        return self.host

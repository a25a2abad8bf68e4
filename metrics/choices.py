"""What a provider can be, how values become one, and how long a chart reaches back."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _


class ProviderKind(models.TextChoices):
    """Statuspage's own spellings."""

    SELF = "Self", _("Your own programs")
    DATADOG = "Datadog", "Datadog"
    NEW_RELIC = "NewRelic", "New Relic"
    LIBRATO = "Librato", "Librato"
    PINGDOM = "Pingdom", "Pingdom"


class Transform(models.TextChoices):
    """How the values that a provider has for a stretch of time become one."""

    AVERAGE = "average", _("Average")
    COUNT = "count", _("Count")
    MAX = "max", _("Maximum")
    MIN = "min", _("Minimum")
    SUM = "sum", _("Sum")


class Step(models.IntegerChoices):
    """Lengths of rollups, in seconds."""

    FIVE_MINUTES = 300
    HOUR = 3600
    DAY = 86400

    @property
    def length(self) -> timedelta:
        return timedelta(seconds=self.value)


class Period(StrEnum):
    """What a chart shows: the last 24 hours, 7 days or 30 days."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"

"""How many of those who are asked to confirm do so: a form that is abused mails people who never asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q

from pages.models import StatusPage
from subscribers.choices import ConsentSource, SubscriberState
from subscribers.models import Subscriber
from subscribers.troubles import Trouble, tell_team

LEAST = 0.2
# Fewer say nothing; nor do those who had no time yet, and later the others are forgotten.
_FEWEST = 50
_TIME = timedelta(hours=1)
_SPAN = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Rate:
    asked: int
    confirmed: int

    @property
    def is_low(self) -> bool:
        return self.asked >= _FEWEST and self.confirmed < LEAST * self.asked


def confirm_rate(page: StatusPage, now: datetime) -> Rate:
    """Of those who were asked in the last week, at least an hour ago."""
    rows = Subscriber.objects.of_page(page.pk).filter(
        asked_at__gt=now - _SPAN,
        asked_at__lte=now - _TIME,
        consent_source__in=[ConsentSource.FORM, ConsentSource.API],
    )
    found = rows.order_by().aggregate(
        asked=Count("pk"), confirmed=Count("pk", filter=~Q(state=SubscriberState.UNCONFIRMED))
    )
    return Rate(**found)


def warn_of_few(page: StatusPage, now: datetime) -> bool:
    """Tell the team where few confirm, at most once a day; whether it is told."""
    rate = confirm_rate(page, now)
    said = {"asked": rate.asked, "confirmed": rate.confirmed}
    return rate.is_low and tell_team(page, Trouble.FEW_CONFIRM, said, now)

"""How many of those who are asked to confirm do so: a form that is abused mails people who never asked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Q

from events.actor import SYSTEM
from events.models import Event
from pages.change import record
from pages.models import StatusPage
from subscribers.choices import ConsentSource, SubscriberState
from subscribers.models import Subscriber

LOW = "page.few_confirm"
LEAST = 0.2
# Fewer say nothing; nor do those who had no time yet, and later the others are forgotten.
_FEWEST = 50
_TIME = timedelta(hours=1)
_SPAN = timedelta(days=7)
_AGAIN = timedelta(days=1)


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
    """Note it where few confirm, at most once a day; whether it was noted."""
    rate = confirm_rate(page, now)
    if not rate.is_low or Event.objects.filter(name=LOW, page_id=page.pk, at__gt=now - _AGAIN).exists():
        return False
    said = {"asked": rate.asked, "confirmed": rate.confirmed}
    with transaction.atomic():
        record(SYSTEM, LOW, "page", page.pk, said, page_id=page.pk)
    return True

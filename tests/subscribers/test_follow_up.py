"""What becomes of those who were asked and do not confirm."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from django.utils import timezone

from events.actor import SYSTEM
from events.models import Event
from notifications.models import Delivery
from outbox.models import OutboxItem
from pages.models import StatusPage
from subscribers.actions import FOLLOW_UP, Who, confirm, purge, remind, subscribe, unsubscribe
from subscribers.choices import SubscriberState
from subscribers.models import Subscriber
from tests.mailing import Add, deliver
from tests.sink import Sink

ADA = "ada@example.org"


@pytest.fixture
def asked(page: StatusPage) -> datetime:
    began = timezone.now()
    subscribe(page, Who(ADA), SYSTEM)
    return began


def pass_days(began: datetime, *days: float) -> None:
    """Do what is due on each of these days."""
    for day in days:
        with time_machine.travel(began + timedelta(days=day, minutes=1), tick=True):
            deliver()


def subjects(mail: Sink) -> list[str]:
    return [str(one["Subject"]).partition(":")[0].partition(" your")[0] for one in mail.mail(ADA)]


def test_who_does_not_confirm_is_reminded_once_and_then_forgotten(asked: datetime, mail: Sink) -> None:
    pass_days(asked, 0, 1, 2.9)
    assert subjects(mail) == ["Confirm"]
    pass_days(asked, 3, 4, 5, 6.9)
    assert subjects(mail) == ["Confirm", "Reminder"]
    assert "List-Unsubscribe" not in mail.mail(ADA)[-1]
    assert "/subscriptions/confirm/" in mail.everything()
    pass_days(asked, 7, 8)
    assert len(mail.mail(ADA)) == 2
    assert not Subscriber.objects.exists()
    assert ADA not in str(list(Delivery.objects.values()))
    assert Event.objects.filter(name="subscriber.purged").count() == 1
    assert not OutboxItem.objects.filter(topic=FOLLOW_UP).exists()


def test_after_a_long_standstill_nobody_is_reminded_of_a_link_that_is_over(
    asked: datetime, mail: Sink
) -> None:
    pass_days(asked, 0)
    pass_days(asked, 30)
    assert subjects(mail) == ["Confirm"]
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize("leaves", [False, True])
def test_who_confirms_or_leaves_is_neither_reminded_nor_forgotten(
    leaves: bool, page: StatusPage, asked: datetime, mail: Sink
) -> None:
    one = confirm(page, Subscriber.objects.get(), SYSTEM)
    if leaves:
        unsubscribe(page, one, SYSTEM)
    deliver()
    before = len(mail.raw)
    pass_days(asked, 3, 7, 8)
    assert len(mail.raw) == before
    assert Subscriber.objects.count() == 1


def test_who_asks_again_has_the_whole_time_anew(page: StatusPage, asked: datetime, mail: Sink) -> None:
    pass_days(asked, 0, 3)
    with time_machine.travel(asked + timedelta(days=6), tick=True):
        subscribe(page, Who(ADA), SYSTEM)
    pass_days(asked, 7, 8.9)
    assert subjects(mail) == ["Confirm", "Reminder", "Confirm"]
    pass_days(asked, 9, 12)
    assert subjects(mail) == ["Confirm", "Reminder", "Confirm", "Reminder"]
    pass_days(asked, 13)
    assert not Subscriber.objects.exists()


def test_the_verbs_leave_everybody_else_alone(page: StatusPage, subscribed: Add) -> None:
    ada = subscribed("ada")
    subscribe(page, Who("eve@example.org"), SYSTEM)
    eve = Subscriber.objects.get(state=SubscriberState.UNCONFIRMED)
    before = list(Subscriber.objects.order_by("pk").values())
    remind(page, ada, SYSTEM)
    for one in (ada, eve):
        purge(page, one, SYSTEM)
    assert list(Subscriber.objects.order_by("pk").values()) == before

"""How far an update's messages have come: what is counted is what there is, at one price."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from common.tenancy import in_tenant
from notifications import claims
from notifications.actions import replay_since
from notifications.choices import DeliveryStatus
from notifications.models import Delivery, Notification
from notifications.progress import Progress, progress, progress_of
from outbox.drain import drain
from pages.change import NOTIFY
from pages.models import StatusPage
from tenants.models import Tenant
from tests.mailing import Add, deliver, opened
from tests.notifications.test_sending import crowd, make_due
from tests.sink import Sink


def counted_one_by_one(notification: Notification) -> Progress:
    """The same, from the deliveries themselves."""
    found = dict.fromkeys(["sent", "waiting", "retrying", "dead", "refused", "withheld", "superseded"], 0)
    names = {
        "accepted": "sent",
        "delivered": "sent",
        "dead": "dead",
        "failed": "refused",
        "bounced": "refused",
        "suppressed": "withheld",
        "superseded": "superseded",
    }
    for one in notification.deliveries.all():
        made = one.attempts - one.attempts_before - (one.status == "leased")
        found[names.get(one.status) or ("retrying" if made > 0 else "waiting")] += 1
    return Progress(**found, expanding=notification.expanded_at is None)


def test_it_is_said_in_one_line() -> None:
    said = str(Progress(sent=4812, retrying=11, dead=7))
    assert said == "4,812 of 4,830 sent, 11 retrying, 7 dead"
    assert str(Progress(expanding=True)) == "0 of 0 sent, more recipients to come"


def test_it_follows_every_step(page: StatusPage, subscribed: Add, mail: Sink) -> None:
    for name in ("ada", "bob", "eve"):
        subscribed(name)
    mail.answers["ada@example.org"] = ["451 Later"]
    mail.answers["bob@example.org"] = ["550 5.7.1 Blocked"]
    opened(page)
    drain([NOTIFY])
    notification = Notification.objects.get(kind="incident.created", page_id=page.pk)
    assert progress(notification) == Progress(waiting=3)
    deliver()
    assert progress(notification) == Progress(sent=1, retrying=1, refused=1)
    assert replay_since(timezone.now() - timedelta(hours=1)) == 1
    assert progress(notification) == Progress(sent=1, retrying=1, waiting=1)
    make_due()
    deliver()
    assert progress(notification) == Progress(sent=3)
    assert progress(notification).is_over


@pytest.mark.parametrize("seed", range(5))
def test_whatever_happens_the_counts_are_those_of_the_rows(acme: Any, seed: int) -> None:
    crowd("one", 30)
    crowd("other", 20)
    chance = random.Random(seed)
    for _ in range(20):
        ids = chance.sample(list(Delivery.objects.values_list("pk", flat=True)), 10)
        some = Delivery.objects.filter(pk__in=ids).exclude(status="leased")
        match chance.randrange(4):
            case 0:
                token, letters = claims.claim("email", 10, timezone.now())
                claims.release(token, letters[::2])
            case 1:
                some.update(status=chance.choice(["dead", "accepted", "superseded", "suppressed", "bounced"]))
            case 2:
                some.update(status="pending", attempts=chance.randrange(4))
            case 3:
                claims.sweep('{"email": 2}', timezone.now() + timedelta(minutes=10))
    found = progress_of(Notification.objects.all())
    assert found == {one.pk: counted_one_by_one(one) for one in Notification.objects.all()}


def test_it_costs_the_same_for_ten_and_for_twenty_thousand(acme: Any) -> None:
    def read(tenant: str) -> int:
        notification = Notification.objects.get(tenant_id=tenant)
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE public.notifications_tally")
            cursor.execute(
                "EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) SELECT state, sum(number) "
                "FROM public.notifications_tally WHERE notification_id = %s GROUP BY state",
                [notification.pk],
            )
            ((plan,),) = cursor.fetchall()
        return int(plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"])

    crowd("minnow", 10)
    crowd("whale", 20_000)
    assert read("whale") <= read("minnow") + 2


def test_what_was_given_up_since_is_sent_again_for_this_organisation_alone(
    page: StatusPage, subscribed: Add, mail: Sink, globex: Tenant
) -> None:
    subscribed("ada")
    opened(page)
    opened(page, name="Long ago")
    drain([NOTIFY])
    Delivery.objects.update(status=DeliveryStatus.DEAD, attempts=10)
    now = timezone.now()
    Notification.objects.filter(facts__incident__name="Long ago").update(event_at=now - timedelta(days=3))
    with in_tenant(globex.pk):
        assert replay_since(now - timedelta(days=9)) == 0
    assert replay_since(now - timedelta(days=1)) == 1
    deliver()
    assert [one["Subject"] for one in mail.mail("ada@example.org")] == ["Investigating: API is slow"]
    assert replay_since(now - timedelta(days=9)) == 1

"""Mail that an outage held up for hours: one summary a subscriber, with the last word on each incident."""

from __future__ import annotations

from datetime import timedelta

import time_machine
from django.utils import timezone

from common.tenancy import in_tenant
from events.actor import SYSTEM
from incidents.actions.incident import delete_incident, post_update, resolve
from incidents.steps import Words
from notifications.models import Delivery
from outbox.drain import drain
from pages.change import NOTIFY
from pages.models import StatusPage
from subscribers.actions import Who, add_confirmed
from tenants.models import Tenant
from tests.mailing import ACTOR, Add, deliver, opened
from tests.sink import Sink

ADA = "ada@example.org"


def later(hours: float) -> time_machine.travel:
    return time_machine.travel(timezone.now() + timedelta(hours=hours))


def test_what_waited_for_hours_is_one_mail_with_the_newest_of_each_incident(
    page: StatusPage, subscribed: Add, mail: Sink, globex: Tenant
) -> None:
    subscribed("ada"), subscribed("bob")
    with in_tenant(globex.pk):
        theirs = StatusPage.objects.get()
        add_confirmed(theirs, Who(ADA), SYSTEM, "test")
        opened(theirs)
    slow, search = opened(page), opened(page, name="Search fails")
    post_update(page, slow, ACTOR, Words("identified", "It is the cache."))
    resolve(page, search, ACTOR, "It finds again.")
    drain([NOTIFY])
    with later(3):
        deliver()
    summary, strange = sorted(mail.mail(ADA), key=lambda one: "Globex" in one.as_string())
    assert mail.recipients.count("bob@example.org") == 1
    assert "What happened on Acme meanwhile" in summary["Subject"]
    said = summary.get_body(("plain",)).get_content()
    for words in ("Identified: API is slow", "It is the cache.", "Resolved: Search fails", "It finds again."):
        assert words in said
        assert "Investigating" not in said
    assert "Globex" not in summary.as_string()
    assert "meanwhile" not in strange["Subject"]


def test_what_is_late_and_alone_goes_as_it_is(page: StatusPage, subscribed: Add, mail: Sink) -> None:
    subscribed("ada")
    opened(page)
    drain([NOTIFY])
    with later(5):
        deliver()
    assert "Investigating: API is slow" in mail.mail(ADA)[0]["Subject"]


def test_what_is_not_that_late_goes_one_by_one(page: StatusPage, subscribed: Add, mail: Sink) -> None:
    subscribed("ada")
    resolve(page, opened(page), ACTOR, "It works.")
    drain([NOTIFY])
    with later(1.9):
        deliver()
    assert len(mail.mail(ADA)) == 2


def test_a_summary_that_has_to_be_tried_again_is_still_one(
    page: StatusPage, subscribed: Add, mail: Sink
) -> None:
    subscribed("ada")
    incident = opened(page)
    drain([NOTIFY])
    with later(3):
        resolve(page, incident, ACTOR, "It works.")
        opened(page, name="Search fails")
        mail.answers[ADA] = ["451 Later"]
        deliver()
        assert mail.recipients == []
        assert Delivery.objects.all().tally() == {"pending": 1, "superseded": 2}
    with later(4):
        deliver()
    (summary,) = mail.mail(ADA)
    said = summary.get_body(("plain",)).get_content()
    assert "Resolved: API is slow" in said
    assert "Investigating: Search fails" in said


def test_what_was_deleted_meanwhile_is_not_in_it(page: StatusPage, subscribed: Add, mail: Sink) -> None:
    """Even where the newest message was about it."""
    subscribed("ada")
    slow, search = opened(page), opened(page, name="Search fails")
    drain([NOTIFY])
    delete_incident(page, search, ACTOR)
    with later(3):
        deliver()
    (told,) = mail.mail(ADA)
    assert "API is slow" in told["Subject"]
    assert "Search fails" not in told.as_string()
    assert slow.pk in told.as_string()

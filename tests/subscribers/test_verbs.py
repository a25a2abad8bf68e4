"""What the verbs do, refuse and note."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from common.errors import Refused
from events.actor import SYSTEM, Actor, ActorKind
from events.models import Event, EventOrigin
from outbox.models import OutboxItem
from pages.actions import create_page
from pages.change import NOTIFY
from pages.models import StatusPage
from subscribers.actions import (
    Who,
    add_confirmed,
    confirm,
    erase,
    quarantine,
    reactivate,
    subscribe,
    unsubscribe,
    update_preferences,
)
from subscribers.choices import Reason, Scope, SubscriberState
from subscribers.models import Subscriber
from subscribers.noting import WITHDRAW
from subscribers.wishes import EVERYTHING, Wish
from tests.mailing import ACTOR, Add

ADA = Who("Ada@Example.ORG")
Verb = Callable[[StatusPage, Subscriber], object]
VERBS: dict[str, Verb] = {
    "confirm": lambda page, one: confirm(page, one, ACTOR),
    "unsubscribe": lambda page, one: unsubscribe(page, one, ACTOR),
    "quarantine": lambda page, one: quarantine(page, one, ACTOR, Reason.CAME_BACK),
    "reactivate": lambda page, one: reactivate(page, one, ACTOR),
    "erase": lambda page, one: erase(page, one, ACTOR),
    "subscribe": lambda page, one: subscribe(page, Who(one.address), ACTOR),
    "add": lambda page, one: add_confirmed(page, Who(one.address), ACTOR, "test"),
    "change": lambda page, one: update_preferences(page, one, ACTOR, EVERYTHING),
}
REFUSED = "refused"
GONE = "gone"
# From each state each verb leads to one state, or is refused.
TABLE = {
    "unconfirmed": {
        "confirm": "active",
        "unsubscribe": "unsubscribed",
        "quarantine": REFUSED,
        "reactivate": REFUSED,
        "erase": GONE,
        "subscribe": "unconfirmed",
        "add": "active",
        "change": "unconfirmed",
    },
    "active": {
        "confirm": "active",
        "unsubscribe": "unsubscribed",
        "quarantine": "quarantined",
        "reactivate": REFUSED,
        "erase": GONE,
        "subscribe": "active",
        "add": REFUSED,
        "change": "active",
    },
    "quarantined": {
        "confirm": REFUSED,
        "unsubscribe": "unsubscribed",
        "quarantine": REFUSED,
        "reactivate": "active",
        "erase": GONE,
        "subscribe": "quarantined",
        "add": REFUSED,
        "change": "quarantined",
    },
    "unsubscribed": {
        "confirm": REFUSED,
        "unsubscribe": "unsubscribed",
        "quarantine": REFUSED,
        "reactivate": REFUSED,
        "erase": GONE,
        "subscribe": "unconfirmed",
        "add": REFUSED,
        "change": "unsubscribed",
    },
}
CASES = [(before, verb, after) for before, verbs in TABLE.items() for verb, after in verbs.items()]


def in_state(page: StatusPage, state: str) -> Subscriber:
    subscribe(page, ADA, SYSTEM)
    one = Subscriber.objects.get()
    if state != "unconfirmed":
        confirm(page, one, SYSTEM)
    if state == "quarantined":
        quarantine(page, one, SYSTEM, Reason.CAME_BACK)
    if state == "unsubscribed":
        unsubscribe(page, one, SYSTEM)
    one.refresh_from_db()
    return one


@pytest.mark.parametrize(("before", "verb", "after"), CASES)
def test_every_verb_in_every_state(before: str, verb: str, after: str, page: StatusPage) -> None:
    one = in_state(page, before)
    row = Subscriber.objects.values().get()
    events = Event.objects.count()
    if after == REFUSED:
        with pytest.raises(Refused):
            VERBS[verb](page, one)
        assert Subscriber.objects.values().get() == row
        assert Event.objects.count() == events
        return
    VERBS[verb](page, one)
    found = Subscriber.objects.filter(pk=one.pk).first()
    assert (found.state if found else GONE) == after
    if after != before:
        assert Event.objects.count() == events + 1


def test_the_log_names_subscribers_by_id_and_never_by_address(page: StatusPage) -> None:
    actor = Actor(ActorKind.SUBSCRIBER, "", "192.0.2.7", "Mail program")
    subscribe(page, ADA, actor)
    one = Subscriber.objects.get()
    confirm(page, one, actor)
    update_preferences(page, one, actor, Wish(wants_maintenance=False))
    quarantine(page, one, actor, Reason.CAME_BACK)
    reactivate(page, one, actor)
    unsubscribe(page, one, actor)
    erase(page, one, actor)
    said = json.dumps(list(Event.objects.filter(object_type="subscriber").values()), default=str).lower()
    assert said.count(one.pk) > 7
    assert "ada@" not in said
    assert one.address_hash not in said
    assert "192.0.2.7" not in said
    assert EventOrigin.objects.filter(ip="192.0.2.7").count() == 7


def test_a_version_of_the_page_is_not_taken(page: StatusPage) -> None:
    version = StatusPage.objects.get(pk=page.pk).version
    subscribe(page, ADA, SYSTEM)
    confirm(page, Subscriber.objects.get(), SYSTEM)
    assert StatusPage.objects.get(pk=page.pk).version == version
    assert not Event.objects.filter(object_type="subscriber").exclude(version=None).exists()


def test_who_is_asked_or_confirms_gets_a_message_and_who_leaves_has_theirs_withdrawn(
    page: StatusPage,
) -> None:
    def waiting(topic: str) -> int:
        return OutboxItem.objects.filter(topic=topic).exclude(tenant_id="").count()

    before = waiting(NOTIFY)
    subscribe(page, ADA, SYSTEM)
    one = Subscriber.objects.get()
    confirm(page, one, SYSTEM)
    assert waiting(NOTIFY) == before + 2
    assert waiting(WITHDRAW) == 0
    unsubscribe(page, one, SYSTEM)
    assert (waiting(NOTIFY), waiting(WITHDRAW)) == (before + 2, 1)


def test_letter_case_makes_no_second_subscriber(page: StatusPage) -> None:
    for address in ("ada@example.org", "ADA@example.org", " Ada@EXAMPLE.org "):
        subscribe(page, Who(address), SYSTEM)
    assert Subscriber.objects.count() == 1


def test_the_address_is_kept_as_it_was_given_but_for_its_domain(page: StatusPage) -> None:
    subscribe(page, ADA, SYSTEM)
    assert Subscriber.objects.get().address == "Ada@example.org"


@pytest.mark.parametrize(
    "address",
    [
        *("", "ada", "ada@", "@example.org", "ada@example", "a b@example.org", "<ada@example.org>"),
        *("ada@example.org\r\nBcc: x@y.z", f"{'a' * 250}@example.org", "ada@exämple.org"),
        *("ada@example.org,bob@example.org", "ada@example.org;bob@example.org"),
    ],
)
def test_what_is_no_address_is_refused(address: str, page: StatusPage) -> None:
    with pytest.raises(Refused) as refused:
        subscribe(page, Who(address), SYSTEM)
    assert refused.value.field == "address"


def test_consent_needs_a_note(page: StatusPage) -> None:
    with pytest.raises(Refused) as refused:
        add_confirmed(page, ADA, ACTOR, "  ")
    assert refused.value.field == "consent_note"


def test_whoever_asks_again_before_confirming_can_use_either_mail(page: StatusPage) -> None:
    subscribe(page, ADA, SYSTEM)
    version = Subscriber.objects.get().token_version
    subscribe(page, ADA, SYSTEM)
    assert Subscriber.objects.get().token_version == version


def test_the_first_choice_waits_for_the_owner_and_the_last_one_before_confirming_counts(
    page: StatusPage,
) -> None:
    subscribe(page, ADA, SYSTEM, Wish(wants_maintenance=False))
    subscribe(page, ADA, SYSTEM, Wish(wants_incidents=False))
    one = confirm(page, Subscriber.objects.get(), SYSTEM)
    assert (one.wants_incidents, one.wants_maintenance) == (False, True)
    subscribe(page, ADA, SYSTEM, Wish())
    assert not Subscriber.objects.get().wants_incidents


@pytest.mark.parametrize(
    "columns",
    [
        {"state": SubscriberState.ACTIVE},
        {"state": SubscriberState.UNSUBSCRIBED},
        {"state": SubscriberState.QUARANTINED},
        {"state": "asleep"},
        {"channel": "pigeon"},
        {"scope": Scope.INCIDENT},
        {"quiet_from": "22:00"},
    ],
)
def test_the_database_refuses_rows_that_make_no_sense(columns: dict[str, object], page: StatusPage) -> None:
    subscribe(page, ADA, SYSTEM)
    with pytest.raises(IntegrityError), transaction.atomic():
        Subscriber.objects.update(**columns)


def test_one_address_is_one_row_by_a_rule_of_the_database(page: StatusPage) -> None:
    subscribe(page, ADA, SYSTEM)
    one = Subscriber.objects.get()
    with pytest.raises(IntegrityError), transaction.atomic():
        Subscriber.objects.create(
            page=page,
            channel="email",
            address=one.address,
            address_hash=one.address_hash,
            created_at=timezone.now(),
            updated_at=timezone.now(),
            asked_at=timezone.now(),
        )


def test_verbs_of_one_page_do_not_reach_subscribers_of_another(page: StatusPage, subscribed: Add) -> None:
    ada = subscribed("ada")
    other = create_page(ACTOR, name="Other", slug="other")
    unsubscribe(other, ada, ACTOR)
    erase(other, ada, ACTOR)
    ada.refresh_from_db()
    assert ada.is_active


def test_subscribers_are_in_their_tenants_schema_alone(page: StatusPage, subscribed: Add) -> None:
    subscribed("ada")
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass('public.subscribers_subscriber')")
        assert cursor.fetchone() == (None,)

"""Many at once: whom each verb fits, what it asks for, and that it costs no more for more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from common.errors import Refused
from events.actor import SYSTEM, Actor, ActorKind
from events.models import Event
from outbox.drain import drain
from outbox.models import OutboxItem
from pages.actions import create_page
from pages.change import NOTIFY
from pages.models import StatusPage
from subscribers.actions import FOLLOW_UP, Who, add_confirmed, ask_again, subscribe
from subscribers.addresses import address_hash
from subscribers.choices import Channel, SubscriberState
from subscribers.models import Subscriber
from subscribers.noting import WITHDRAW
from subscribers.together import MOST, TOGETHER, Verb, Which, do_together

KEY = Actor(ActorKind.API_KEY, "key")
# State before -> state after, of each verb.
FITS = {
    Verb.UNSUBSCRIBE: {
        "unconfirmed": "unsubscribed",
        "active": "unsubscribed",
        "quarantined": "unsubscribed",
    },
    Verb.REACTIVATE: {"quarantined": "active"},
    Verb.ASK_AGAIN: {"unconfirmed": "unconfirmed"},
}
NAMES = {
    Verb.UNSUBSCRIBE: "subscriber.left",
    Verb.REACTIVATE: "subscriber.reactivated",
    Verb.ASK_AGAIN: "subscriber.asked",
}


def crowd(page: StatusPage, state: str, number: int, channel: str = Channel.EMAIL) -> list[str]:
    """Ids of as many in this state, since an hour ago."""
    then = timezone.now() - timedelta(hours=1)
    rows = [
        Subscriber(
            page=page,
            channel=channel,
            address=(address := f"{state}-{channel}-{count}@example.org"),
            address_hash=address_hash(channel, address),
            state=state,
            created_at=then,
            updated_at=then,
            asked_at=then,
            confirmed_at=None if state == SubscriberState.UNCONFIRMED else then,
            since_version=1,
            quarantined_at=then if state == SubscriberState.QUARANTINED else None,
            unsubscribed_at=then if state == SubscriberState.UNSUBSCRIBED else None,
        )
        for count in range(number)
    ]
    return [row.pk for row in Subscriber.objects.bulk_create(rows)]


def states(ids: Sequence[str]) -> set[str]:
    return set(Subscriber.objects.filter(pk__in=ids).values_list("state", flat=True))


@pytest.mark.parametrize("everybody", [True, False])
@pytest.mark.parametrize("verb", Verb)
def test_each_verb_changes_those_it_fits_and_no_others(page: StatusPage, verb: Verb, everybody: bool) -> None:
    ids = {state: crowd(page, state, 2) for state in SubscriberState.values}
    listed = None if everybody else [pk for some in ids.values() for pk in some]
    do_together(page, verb, Which(listed), KEY)
    while drain([TOGETHER]):
        pass

    assert {state: states(some) for state, some in ids.items()} == {
        state: {FITS[verb].get(state, state)} for state in SubscriberState.values
    }
    told = Event.objects.filter(name=NAMES[verb], actor_kind="api_key", actor_id="key")
    assert sorted(told.values_list("object_id", flat=True)) == sorted(
        pk for state in FITS[verb] for pk in ids[state]
    )


@pytest.mark.parametrize("verb", Verb)
def test_more_cost_no_more_statements(page: StatusPage, verb: Verb) -> None:
    state = next(iter(FITS[verb]))
    needed = []
    for number in (3, 60):
        ids = crowd(page, state, number)
        with CaptureQueriesContext(connection) as made:
            do_together(page, verb, Which(ids), KEY)
        needed.append(len(made))
        Subscriber.objects.filter(pk__in=ids).delete()
    assert needed[0] == needed[1]


def test_all_of_a_page_are_seen_to_in_steps_and_the_request_only_asks(page: StatusPage) -> None:
    ids = crowd(page, "quarantined", 2_500)
    do_together(page, Verb.REACTIVATE, Which(), KEY)
    assert states(ids) == {"quarantined"}

    while drain([TOGETHER]):
        pass
    assert states(ids) == {"active"}
    assert not OutboxItem.objects.filter(topic=TOGETHER).exists()


def test_who_comes_after_it_was_asked_for_is_not_meant(page: StatusPage) -> None:
    ids = crowd(page, "active", 2)
    do_together(page, Verb.UNSUBSCRIBE, Which(states=frozenset({"active"})), KEY)
    late = add_confirmed(page, Who("late@example.org"), SYSTEM, "test")
    drain([TOGETHER])

    assert states(ids) == {"unsubscribed"}
    assert states([late.pk]) == {"active"}


def test_channels_and_states_narrow_it(page: StatusPage) -> None:
    mail, hooks = crowd(page, "active", 2), crowd(page, "active", 2, Channel.WEBHOOK)
    waiting = crowd(page, "unconfirmed", 2, Channel.WEBHOOK)
    which = Which(None, frozenset({Channel.WEBHOOK}), frozenset({SubscriberState.ACTIVE}))
    do_together(page, Verb.UNSUBSCRIBE, which, KEY)
    drain([TOGETHER])

    assert (states(mail), states(hooks), states(waiting)) == ({"active"}, {"unsubscribed"}, {"unconfirmed"})


def test_what_waits_for_those_who_left_is_withdrawn(page: StatusPage) -> None:
    ids = crowd(page, "active", 3)
    do_together(page, Verb.UNSUBSCRIBE, Which(ids), KEY)
    assert set(OutboxItem.objects.filter(topic=WITHDRAW).values_list("key", flat=True)) == set(ids)


def test_who_is_asked_again_gets_a_message_and_the_whole_time(page: StatusPage) -> None:
    ids = crowd(page, "unconfirmed", 3)
    do_together(page, Verb.ASK_AGAIN, Which(ids), KEY)

    assert set(OutboxItem.objects.filter(topic=FOLLOW_UP).values_list("key", flat=True)) == set(ids)
    asked = Event.objects.filter(name="subscriber.asked").values_list("pk", flat=True)
    waiting = OutboxItem.objects.filter(topic=NOTIFY).values_list("key", flat=True)
    assert set(waiting) >= {str(pk) for pk in asked}
    assert Subscriber.objects.filter(pk__in=ids, purge_at__gt=timezone.now() + timedelta(days=6)).count() == 3


def test_nobody_of_another_page_is_meant(page: StatusPage) -> None:
    other = create_page(KEY, name="Other", slug="other")
    ids = crowd(page, "active", 1)
    do_together(other, Verb.UNSUBSCRIBE, Which(ids), KEY)
    assert states(ids) == {"active"}


def test_a_list_has_an_end(page: StatusPage) -> None:
    with pytest.raises(Refused, match="too many"):
        do_together(page, Verb.REACTIVATE, Which(["x"] * (MOST + 1)), KEY)


def test_one_is_asked_again_only_while_they_have_not_confirmed(page: StatusPage) -> None:
    subscribe(page, Who("ada@example.org"), SYSTEM)
    one = Subscriber.objects.get()
    ask_again(page, one, KEY)
    ask_again(page, add_confirmed(page, Who("bob@example.org"), SYSTEM, "test"), KEY)

    asked = Event.objects.filter(name="subscriber.asked").values_list("object_id", flat=True)
    assert list(asked) == [one.pk, one.pk]

"""The verb that adds many at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain

from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Refused
from events.actor import Actor
from events.log import Fact, append
from pages.models import StatusPage
from subscribers.actions import Who
from subscribers.addresses import address_hash
from subscribers.choices import ConsentSource, SubscriberState
from subscribers.facts import page_facts, stated
from subscribers.models import Subscriber
from subscribers.noting import hold, noted_on
from subscribers.wishes import COLUMNS, Wish

_TOGETHER = 2_000


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody to add: an address as it is stored, and a wish that has been checked."""

    who: Who
    wish: Wish


def import_confirmed(page: StatusPage, entries: Sequence[Entry], actor: Actor, note: str) -> int:
    """Add people whose consent the team has; `note` says where it is from. How many were new.

    Sends nothing. Whoever is known already, in whatever state, keeps everything as it is: also who subscribed
    or left since the file was looked at.
    """
    if not note.strip():
        message = _("Say how these people's consent was given.")
        raise Refused(message, "consent_note")
    now = timezone.now()
    with noted_on(page, actor):
        version = hold(page)
        made = {(row := _row(page, one, note, version, now)).pk: (row, one.wish) for one in entries}
        Subscriber.objects.bulk_create(
            (row for row, _wish in made.values()), batch_size=_TOGETHER, ignore_conflicts=True
        )
        new = set(Subscriber.objects.filter(pk__in=made).values_list("pk", flat=True))
        added = [made[pk] for pk in made if pk in new]
        _choose(added)
        _note(page, added, actor, now)
    return len(added)


def _row(page: StatusPage, entry: Entry, note: str, version: int, now: datetime) -> Subscriber:
    who, wish = entry.who, entry.wish
    wished = {name: getattr(wish, name) for name in COLUMNS}
    return Subscriber(
        page=page,
        channel=who.channel,
        address=who.address,
        address_hash=address_hash(who.channel, who.address),
        contact=who.contact,
        label=who.label[:120],
        state=SubscriberState.ACTIVE,
        consent_source=ConsentSource.IMPORT,
        consent_note=note.strip()[:300],
        created_at=now,
        updated_at=now,
        asked_at=now,
        confirmed_at=now,
        since_version=version,
        **wished
        | {"language": wish.language or page.language, "time_zone": wish.time_zone or page.time_zone},
    )


def _choose(added: Sequence[tuple[Subscriber, Wish]]) -> None:
    """Step: the components and groups of each."""
    components, groups = Subscriber.components.through, Subscriber.groups.through
    components.objects.bulk_create(
        chain.from_iterable(
            (components(subscriber_id=row.pk, component_id=one) for one in wish.component_ids)
            for row, wish in added
        ),
        batch_size=_TOGETHER,
    )
    groups.objects.bulk_create(
        chain.from_iterable(
            (groups(subscriber_id=row.pk, componentgroup_id=one) for one in wish.group_ids)
            for row, wish in added
        ),
        batch_size=_TOGETHER,
    )


def _note(page: StatusPage, added: Sequence[tuple[Subscriber, Wish]], actor: Actor, now: datetime) -> None:
    """Step: an event for each, as for somebody who is added by hand."""
    shown = page_facts(page)
    facts = [
        Fact(
            "subscriber.imported",
            "subscriber",
            row.pk,
            {"page": shown, "subscriber": stated(row, wish.component_ids, wish.group_ids)},
        )
        for row, wish in added
    ]
    if facts:
        append(facts, actor=actor, at=now, page_id=page.pk)

"""Verbs on subscribers. Each notes what it did by ids alone, and asks for the messages that follow from it.

Messages that wait for somebody who left are withdrawn by noting's topic WITHDRAW, which an upper app handles:
asked for in the same transaction, so it cannot get lost.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Refused
from common.tenancy import current_tenant_id
from events.actor import Actor
from outbox.queue import put
from pages.change import check_condition
from pages.choices import WayOfTelling
from pages.models import StatusPage
from subscribers import wishes
from subscribers.addresses import address_hash, normal
from subscribers.choices import Channel, ConsentSource, Reason, Scope, SubscriberState
from subscribers.facts import open_now
from subscribers.links import CONFIRM_WITHIN
from subscribers.models import Subscriber
from subscribers.noting import Noted, hold, noted_on
from subscribers.phones import check_country
from subscribers.secrets import former_signs_until
from subscribers.wishes import EVERYTHING, Wish
from tenants.sms import sms_countries

# Rows of it wait for those who have not confirmed: the key is the subscriber's id.
FOLLOW_UP = "follow_up"
# The key is a page: whether those who were asked confirm is looked at a while after.
RATE = "confirm_rate"
REMIND_AFTER = timedelta(days=3)
RATE_AFTER = timedelta(hours=1, minutes=1)


@dataclass(frozen=True, slots=True)
class Who:
    """An address as somebody gave it, and how messages to it are worded."""

    address: str
    channel: str = Channel.EMAIL
    language: str = ""
    time_zone: str = ""
    contact: str = ""
    """Of a machine's address: the e-mail address of who looks after it."""
    label: str = ""
    """What the team calls it."""
    page_access_user_id: str | None = None


def subscribe(
    page: StatusPage, who: Who, actor: Actor, wish: Wish = EVERYTHING, source: str = ConsentSource.FORM
) -> None:
    """Ask an address whether it wants to be told. What it answers is the same whether it is known or not.

    An active subscriber keeps everything as it is and gets a link to manage it; whoever left or never
    confirmed is asked anew; to an address in quarantine nothing is sent. Raises Refused for a malformed
    address or wish.
    """
    wishes.check(page, wish)
    who, now = known(who), timezone.now()
    _check_offered(page, who, wish)
    with noted_on(page, actor) as noted:
        subscriber, _new = _row(page, who, now)
        is_new = subscriber.state in {SubscriberState.UNCONFIRMED, SubscriberState.UNSUBSCRIBED}
        with _as_if(is_new):
            written = subscriber if is_new else copy(subscriber)
            _begin_anew(written, who, wish, source, now)
            _await_answer(noted, written, now)
        name = "subscriber.asked_again" if subscriber.is_active else "subscriber.asked"
        event = noted.event(name, subscriber)
        with _as_if(subscriber.state != SubscriberState.QUARANTINED):
            noted.tell(event)


@contextmanager
def _as_if(kept: bool) -> Iterator[None]:
    """Do the block's work, and undo it unless it is to be kept: how long somebody waits for an answer must
    not say whether their address is known."""
    with transaction.atomic():
        yield
        if not kept:
            transaction.set_rollback(True)


def _check_offered(page: StatusPage, who: Who, wish: Wish) -> None:
    if who.channel == Channel.SMS:
        check_country(who.address, sms_countries(current_tenant_id()))
    about = {Scope.PAGE: WayOfTelling.PAGE, Scope.INCIDENT: WayOfTelling.INCIDENT}.get(Scope(wish.scope))
    if {who.channel, about} & set(page.closed_ways):
        raise Refused(_("This page does not offer that."))


def ask_again(page: StatusPage, subscriber: Subscriber, actor: Actor) -> None:
    """Send what asks for confirmation once more, with as much time as at first. To anybody but who has not
    confirmed it sends nothing."""
    now = timezone.now()
    with noted_on(page, actor) as noted:
        found = _find(page, subscriber)
        if found is None or found.state != SubscriberState.UNCONFIRMED:
            return
        found.asked_at, found.purge_at, found.reminded_at = now, now + CONFIRM_WITHIN, None
        _save(found, "asked_at", "purge_at", "reminded_at")
        _await_answer(noted, found, now)
        noted.event("subscriber.asked", found, tell=True)


def confirm(page: StatusPage, subscriber: Subscriber, actor: Actor) -> Subscriber:
    """Begin to tell somebody, from this instant. What is open now is told in the message that follows.

    Raises Refused where the link's row is gone, has been left since, or is in quarantine: that somebody can
    open an old link says nothing about whether mail arrives. Raises Busy while the page is being changed.
    """
    with noted_on(page, actor) as noted:
        subscriber = _locked(page, subscriber)
        if subscriber.is_active:
            return subscriber
        if subscriber.state == SubscriberState.UNSUBSCRIBED:
            message = _("This subscription has been ended. Please subscribe again.")
            raise Refused(message)
        if subscriber.state == SubscriberState.QUARANTINED:
            message = _(
                "Mail to your address came back. Please ask the team of this page to take it up again."
            )
            raise Refused(message)
        _activate(page, subscriber)
        noted.event("subscriber.confirmed", subscriber, tell=True, open=open_now(page, subscriber))
    return subscriber


def join(page: StatusPage, who: Who, actor: Actor, wish: Wish = EVERYTHING) -> Subscriber:
    """Begin to tell somebody who has just proved to have the address, as by letting our app into a channel.
    Who is told already keeps everything as it is.

    Raises Refused for a malformed address or wish, Busy while the page is being changed.
    """
    wishes.check(page, wish)
    who, now = known(who), timezone.now()
    _check_offered(page, who, wish)
    with noted_on(page, actor) as noted:
        subscriber, _new = _row(page, who, now)
        if not subscriber.is_active:
            _begin_anew(subscriber, who, wish, ConsentSource.FORM, now)
            _activate(page, subscriber)
            noted.event("subscriber.confirmed", subscriber, tell=True, open=open_now(page, subscriber))
    return subscriber


def add_confirmed(
    page: StatusPage,
    who: Who,
    actor: Actor,
    note: str,
    wish: Wish = EVERYTHING,
    source: str = ConsentSource.OPERATOR,
) -> Subscriber:
    """Add somebody whose consent the team has; `note` says where it is from. Sends nothing.

    Raises Refused for who is told already, has left or is in quarantine: the team overrides no choice.
    """
    wishes.check(page, wish)
    if not note.strip():
        message = _("Say how this person's consent was given.")
        raise Refused(message, "consent_note")
    who, now = known(who), timezone.now()
    with noted_on(page, actor) as noted:
        subscriber, new = _row(page, who, now)
        if not new and subscriber.state != SubscriberState.UNCONFIRMED:
            _refuse_to_override(subscriber)
        subscriber.consent_note = note.strip()[:300]
        _begin_anew(subscriber, who, wish, source, now)
        _activate(page, subscriber)
        noted.event("subscriber.added", subscriber)
    return subscriber


def unsubscribe(page: StatusPage, subscriber: Subscriber, actor: Actor) -> None:
    """Tell somebody no more, and withdraw what still waits. Again, or after erasing, it does nothing."""
    with noted_on(page, actor) as noted:
        found = _find(page, subscriber)
        if found is None or found.state == SubscriberState.UNSUBSCRIBED:
            return
        found.state, found.unsubscribed_at, found.purge_at = (
            SubscriberState.UNSUBSCRIBED,
            timezone.now(),
            None,
        )
        found.token_version += 1
        _save(found, "state", "unsubscribed_at", "purge_at", "token_version")
        noted.event("subscriber.left", found)
        noted.withdraw(found)


def update_preferences(page: StatusPage, subscriber: Subscriber, actor: Actor, wish: Wish) -> Subscriber:
    """Change what somebody is told. Raises Refused for a wish that cannot be, or a row that is gone."""
    wishes.check(page, wish)
    with noted_on(page, actor) as noted:
        subscriber = _locked(page, subscriber)
        wishes.apply(subscriber, wish)
        _save(subscriber, *wishes.COLUMNS)
        noted.event("subscriber.changed", subscriber)
    return subscriber


def quarantine(page: StatusPage, subscriber: Subscriber, actor: Actor, reason: Reason = Reason.TEAM) -> None:
    """Send nothing to an address that does not work, until somebody reactivates it. A machine's owner hears
    of it, unless the team has decided it. Raises Refused for one who is not active."""
    with noted_on(page, actor) as noted:
        found = _locked(page, subscriber)
        if not found.is_active:
            raise Refused(_("Only active subscribers go into quarantine. This one is told nothing as it is."))
        found.state, found.quarantined_at = SubscriberState.QUARANTINED, timezone.now()
        found.quarantine_reason = reason
        _save(found, "state", "quarantined_at", "quarantine_reason")
        noted.event("subscriber.quarantined", found, tell=bool(found.contact) and reason != Reason.TEAM)
        noted.withdraw(found)


def warn(page: StatusPage, subscriber: Subscriber, actor: Actor) -> None:
    """Tell the owner of a machine's address that messages to it keep failing. Without one that is known it is
    noted alone."""
    with noted_on(page, actor) as noted:
        found = _find(page, subscriber)
        if found is not None and found.is_active:
            noted.event("subscriber.failing", found, tell=bool(found.contact))


def reactivate(page: StatusPage, subscriber: Subscriber, actor: Actor) -> Subscriber:
    """Take somebody out of quarantine. Raises Refused for one who is not in it."""
    with noted_on(page, actor) as noted:
        subscriber = _locked(page, subscriber)
        if subscriber.state != SubscriberState.QUARANTINED:
            raise Refused(_("Only somebody in quarantine can be reactivated."))
        _activate(page, subscriber)
        noted.event("subscriber.reactivated", subscriber)
    return subscriber


def rotate_secret(page: StatusPage, subscriber: Subscriber, actor: Actor) -> Subscriber:
    """Sign what a webhook is sent by a new secret, and for a day by the former one as well. Until then
    another is refused."""
    now = timezone.now()
    with noted_on(page, actor) as noted:
        subscriber = _locked(page, subscriber)
        if former_signs_until(subscriber.settings, now):
            raise Refused(_("The secret was replaced less than a day ago, and the former one still signs."))
        number = int(subscriber.settings.get("secret", 1)) + 1
        subscriber.settings |= {"secret": number, "rotated_at": now.isoformat()}
        _save(subscriber, "settings")
        noted.event("subscriber.secret_rotated", subscriber)
    return subscriber


def erase(page: StatusPage, subscriber: Subscriber, actor: Actor) -> None:
    """Delete somebody, with the address wherever it was copied to. The events keep the id."""
    with noted_on(page, actor) as noted:
        found = _find(page, subscriber)
        if found is None:
            return
        noted.event("subscriber.erased", found)
        noted.withdraw(found)
        found.delete()


def remind(page: StatusPage, subscriber: Subscriber, actor: Actor) -> None:
    """Ask once more for confirmation, a while after asking. Once: again, or of others, it does nothing; nor
    by SMS, whose code is long too old by then."""
    with noted_on(page, actor) as noted:
        found = _find(page, subscriber)
        if found is None or found.state != SubscriberState.UNCONFIRMED or found.reminded_at:
            return
        if found.channel == Channel.SMS:
            return
        found.reminded_at = timezone.now()
        _save(found, "reminded_at")
        noted.event("subscriber.reminded", found, tell=True)


def purge(page: StatusPage, subscriber: Subscriber, actor: Actor) -> None:
    """Erase somebody who did not confirm in time. Anybody else it leaves alone."""
    with noted_on(page, actor) as noted:
        found = _find(page, subscriber)
        if found is not None and found.is_to_purge(timezone.now()):
            noted.event("subscriber.purged", found)
            noted.withdraw(found)
            found.delete()


def known(who: Who) -> Who:
    """With addresses as they are stored. Raises Refused, naming the field, for what can be none."""
    contact = normal(Channel.EMAIL, who.contact, "contact") if who.contact.strip() else ""
    return replace(who, address=normal(who.channel, who.address), contact=contact)


def _row(page: StatusPage, who: Who, now: datetime) -> tuple[Subscriber, bool]:
    """The address's row, locked, made where there is none; and whether it was made."""
    made = Subscriber(
        page=page,
        channel=who.channel,
        address=who.address,
        address_hash=address_hash(who.channel, who.address),
        language=who.language or page.language,
        time_zone=who.time_zone or page.time_zone,
        created_at=now,
        updated_at=now,
        asked_at=now,
    )
    Subscriber.objects.bulk_create([made], ignore_conflicts=True)
    whose = Subscriber.objects.select_for_update(of=["self"]).of_page(page.pk)
    found = whose.get(channel=made.channel, address_hash=made.address_hash)
    return found, found.pk == made.pk


def _find(page: StatusPage, subscriber: Subscriber) -> Subscriber | None:
    found = Subscriber.objects.of_page(page.pk).select_for_update().filter(pk=subscriber.pk).first()
    check_condition()
    return found


def _locked(page: StatusPage, subscriber: Subscriber) -> Subscriber:
    found = _find(page, subscriber)
    if found is None:
        message = _("This subscription does not exist any more.")
        raise Refused(message)
    return found


def _begin_anew(subscriber: Subscriber, who: Who, wish: Wish, source: str, now: datetime) -> None:
    subscriber.state, subscriber.consent_source = SubscriberState.UNCONFIRMED, source
    subscriber.asked_at, subscriber.purge_at = now, now + CONFIRM_WITHIN
    subscriber.reminded_at = subscriber.unsubscribed_at = None
    subscriber.contact, subscriber.label = who.contact, who.label or subscriber.label
    subscriber.page_access_user_id = who.page_access_user_id or subscriber.page_access_user_id
    wishes.apply(subscriber, wish)
    columns = [
        "page_access_user_id",
        "state",
        "consent_source",
        "consent_note",
        "asked_at",
        "purge_at",
        "reminded_at",
        "contact",
        "label",
    ]
    _save(subscriber, *columns, "unsubscribed_at", *wishes.COLUMNS)


def _await_answer(noted: Noted, subscriber: Subscriber, now: datetime) -> None:
    """Step: a code where there is no link, and what happens if nobody answers."""
    if subscriber.channel == Channel.SMS:
        _renew_code(subscriber, now)
        noted.withdraw(subscriber)
    put(FOLLOW_UP, noted.tenant_id, [subscriber.pk], due_at=now + REMIND_AFTER)
    put(RATE, noted.tenant_id, [noted.page.pk], due_at=now + RATE_AFTER)


def _renew_code(subscriber: Subscriber, now: datetime) -> None:
    """Another code, whose tries begin anew; the former is worth nothing any more."""
    subscriber.token_version += 1
    subscriber.code_tries, subscriber.code_sent_at = 0, now
    _save(subscriber, "token_version", "code_tries", "code_sent_at")


def _activate(page: StatusPage, subscriber: Subscriber) -> None:
    """From a definite point between the page's versions on: later ones are told by their own messages."""
    version = hold(page)
    subscriber.state = SubscriberState.ACTIVE
    subscriber.confirmed_at, subscriber.since_version = timezone.now(), version
    subscriber.purge_at = subscriber.quarantined_at = None
    subscriber.quarantine_reason = ""
    columns = ["state", "confirmed_at", "since_version", "purge_at", "quarantined_at", "quarantine_reason"]
    _save(subscriber, *columns)


def _refuse_to_override(subscriber: Subscriber) -> None:
    said = {
        SubscriberState.ACTIVE: _("This address is subscribed already."),
        SubscriberState.QUARANTINED: _("This address is in quarantine: reactivate it instead."),
        SubscriberState.UNSUBSCRIBED: _("This address has unsubscribed, and only its owner can come back."),
    }
    raise Refused(said[SubscriberState(subscriber.state)], "address")


def _save(subscriber: Subscriber, *columns: str) -> None:
    subscriber.updated_at = timezone.now()
    subscriber.save(update_fields=[*columns, "updated_at"])

"""Adding somebody through the API: whom, and whether they are asked first."""

from __future__ import annotations

from typing import Any

from api.operations import Call
from common.errors import Refused
from pages.models import StatusPage
from subscribers.actions import Who, add_confirmed, subscribe
from subscribers.choices import MACHINES, Channel, ConsentSource, SubscriberState
from subscribers.models import Subscriber
from subscribers.phones import international
from subscribers.wishes import Wish
from viewers.models import PageAccessUser


def added(call: Call, page: StatusPage, wish: Wish) -> Subscriber:
    """Who is told from now on, or once they confirm.

    A key may skip asking by e-mail, with a note of whose word it is; the team's own machines are not asked.
    Who once left is asked in any case. Raises Refused for who is told already or is in quarantine.
    """
    who = _who(page, call.data)
    rows = Subscriber.objects.of_page(page.pk).at(who.channel, who.address)
    state = rows.values_list("state", flat=True).first()
    if state in {SubscriberState.ACTIVE, SubscriberState.QUARANTINED} or (
        state != SubscriberState.UNSUBSCRIBED and _is_not_asked(call, who)
    ):
        note = f"Added through the API by the key “{call.access.key.name}”, without asking."
        return add_confirmed(page, who, call.actor, note, wish)
    subscribe(page, who, call.actor, wish, ConsentSource.API)
    return rows.get()


def _is_not_asked(call: Call, who: Who) -> bool:
    skipped = bool(call.data.get("skip_confirmation_notification"))
    return who.channel in MACHINES or (skipped and who.channel == Channel.EMAIL)


def _who(page: StatusPage, given: dict[str, Any]) -> Who:
    said = {name: value for name, value in given.items() if value}
    access_user = _access_user(page, said.get("page_access_user"))
    if "endpoint" in said:
        return Who(
            said["endpoint"], Channel.WEBHOOK, contact=said.get("email", ""), page_access_user_id=access_user
        )
    if "phone_number" in said:
        number = international(said["phone_number"], said.get("phone_country", "").upper())
        return Who(number, Channel.SMS, page_access_user_id=access_user)
    if "email" in said:
        return Who(said["email"], page_access_user_id=access_user)
    message = "Say whom to tell: an email, an endpoint, or a phone_number."
    raise Refused(message, "email")


def _access_user(page: StatusPage, said: str | None) -> str | None:
    if said and not PageAccessUser.objects.filter(page=page, pk=said).exists():
        message = f"This page has no page access user {said}."
        raise Refused(message, "page_access_user")
    return said

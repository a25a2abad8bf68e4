"""Confirming by the code that was sent to a telephone number."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Refused
from events.actor import Actor
from pages.models import StatusPage
from subscribers.actions import confirm
from subscribers.choices import Channel, SubscriberState
from subscribers.codes import CODE_TRIES, CODE_WITHIN, is_code
from subscribers.models import Subscriber

_OPEN = (SubscriberState.UNCONFIRMED, SubscriberState.ACTIVE)


def confirm_by_code(page: StatusPage, number: str, given: str, actor: Actor) -> Subscriber:
    """As `confirm`, for whoever types the newest code that was sent to `number`.

    A wrong code, one too old or tried too often, and a number that nobody has entered are refused in the same
    words.
    """
    found = _tried(page, number, given, timezone.now())
    if found is None:
        message = _("This is not the newest code that we have sent, or it is too old. Ask for another one.")
        raise Refused(message, "code")
    return confirm(page, found, actor)


def _tried(page: StatusPage, number: str, given: str, now: datetime) -> Subscriber | None:
    """Whose code it is. The try is counted whatever comes of it."""
    with transaction.atomic(durable=True):
        mine = Subscriber.objects.of_page(page.pk).at(Channel.SMS, number).select_for_update(of=["self"])
        found = mine.filter(state__in=_OPEN, code_tries__lt=CODE_TRIES).first()
        if found is None or found.code_sent_at is None or found.code_sent_at + CODE_WITHIN <= now:
            return None
        found.code_tries += 1
        found.save(update_fields=["code_tries"])
    return found if is_code(given, found.pk, found.token_version) else None

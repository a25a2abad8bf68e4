"""From whom a page's mail is: a name, an address once its domain is proved, and where answers go."""

from __future__ import annotations

import hmac
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Refused
from common.names import proof
from common.tenancy import current_tenant_id
from events.actor import Actor
from notifications.letters import Letter
from notifications.models import MailSender
from pages.change import record
from pages.models import StatusPage
from subscribers.addresses import normal
from subscribers.choices import Channel

_LONGEST_NAME = 120


@dataclass(frozen=True, slots=True)
class Sender:
    """Each is empty where nothing is set."""

    name: str = ""
    address: str = ""
    reply_to: str = ""


def set_sender(page: StatusPage, actor: Actor, sender: Sender) -> MailSender:
    """Have the page's mail be from `sender`. Raises Refused, naming the field.

    Until `check` in senders_check has found that the address's domain is the organisation's, mail is from the
    installation's address, and answers go to the new one.
    """
    values: dict[str, Any] = {
        "name": " ".join(sender.name.split())[:_LONGEST_NAME],
        "address": clean_address(sender.address),
        "reply_to": _normal(sender.reply_to, "reply_to"),
        "updated_at": timezone.now(),
    }
    tenant_id = current_tenant_id()
    with transaction.atomic(durable=True):
        row, _new = MailSender.objects.select_for_update().get_or_create(
            tenant_id=tenant_id, page_id=page.pk, defaults={"updated_at": timezone.now()}
        )
        if domain_of(row.address) != domain_of(values["address"]):
            values |= {"verified_at": None, "checked_at": None, "findings": []}
        for name, value in values.items():
            setattr(row, name, value)
        row.save(update_fields=list(values))
        # Addresses are people's: the event says that, not whose.
        record(actor, "page.sender_changed", "page", page.pk, {"id": page.pk}, page_id=page.pk)
    return row


def senders(letters: Collection[Letter]) -> dict[str, Sender]:
    """By page, of those that have one."""
    pages = {(one.tenant_id, one.page_id) for one in letters}
    rows = MailSender.objects.filter(page_id__in={page_id for _tenant, page_id in pages})
    return {row.page_id: _shown(row) for row in rows if (row.tenant_id, row.page_id) in pages}


def domain_of(address: str) -> str:
    return address.rpartition("@")[2]


def is_proved(tenant_id: str, domain: str, texts: Collection[str]) -> bool:
    wanted = proof(tenant_id, domain)[1]
    return any(hmac.compare_digest(one.encode(), wanted.encode()) for one in texts)


def _shown(row: MailSender) -> Sender:
    if row.verified_at is None:
        return Sender(row.name, "", row.reply_to or row.address)
    return Sender(row.name, row.address, row.reply_to)


def clean_address(given: str, field: str = "address") -> str:
    """What a page's mail may be from; empty: nothing of its own. Raises Refused, naming the field."""
    address = _normal(given, field)
    own = domain_of(settings.DEFAULT_FROM_EMAIL).rstrip(">").lower()
    if domain_of(address) == own:
        message = _("Addresses of %(domain)s are this installation's own.") % {"domain": own}
        raise Refused(message, field)
    return address


def _normal(given: str, field: str) -> str:
    return normal(Channel.EMAIL, given, field) if given.strip() else ""

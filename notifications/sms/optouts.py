"""STOP, START and HELP: what people answer to an SMS, and what follows for everybody who sends to them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from common.tenancy import in_tenant
from notifications.choices import DeliveryStatus, SuppressionReason
from notifications.models import Delivery, DeliveryQuerySet, Suppression
from pages.links import page_url
from pages.models import StatusPage
from subscribers.addresses import address_hash
from subscribers.choices import Channel


class Asked(StrEnum):
    STOP = "stop"
    START = "start"
    HELP = "help"


# As carriers and Twilio read them, with the German and Arabic words beside.
_WORDS = {
    Asked.STOP: "STOP STOPALL STOPP UNSUBSCRIBE CANCEL END QUIT REVOKE OPTOUT ABBESTELLEN ENDE إيقاف توقف",
    Asked.START: "START UNSTOP YES JA ابدأ نعم",
    Asked.HELP: "HELP INFO HILFE مساعدة",
}
_ASKED = {word: asked for asked, words in _WORDS.items() for word in words.split()}


def read(text: str) -> Asked | None:
    """What somebody asks for by one word; None for what is no such word."""
    return _ASKED.get(text.strip().strip(".!\"'").upper())


def opt_out(number: str, source: str, now: datetime) -> None:
    """Nobody writes to the number any more, until `opt_in`; what still waits is held back."""
    Suppression.objects.get_or_create(
        tenant_id=None,
        channel=Channel.SMS,
        target_hash=address_hash(Channel.SMS, number),
        defaults={"reason": SuppressionReason.OPTED_OUT, "source": source[:120], "created_at": now},
    )
    _to(number).waiting().update(status=DeliveryStatus.SUPPRESSED, last_error="The recipient wrote STOP.")


def opt_in(number: str) -> None:
    """Those to whom the number had been subscribed write to it again."""
    mine = Suppression.objects.filter(
        tenant_id=None,
        channel=Channel.SMS,
        target_hash=address_hash(Channel.SMS, number),
        reason=SuppressionReason.OPTED_OUT,
    )
    mine.delete()


def help_for(number: str) -> str:
    """Who writes to the number, by the page it last heard from, and where to turn."""
    newest = _to(number).order_by("-id").first()
    page = _page(newest) if newest else None
    with translation.override(newest.language if newest else None):
        name = page.name if page else _("Status messages")
        contact = (page.support_url or page_url(page)) if page else settings.DEFAULT_FROM_EMAIL
        said = {"name": name, "contact": contact.removeprefix("mailto:").removeprefix("tel:")}
        return (
            _("%(name)s: messages about incidents and maintenance. Help: %(contact)s. STOP ends them.") % said
        )


def _to(number: str) -> DeliveryQuerySet:
    """Of all organisations: they send by the same number."""
    return Delivery.objects.filter(channel=Channel.SMS, target_hash=address_hash(Channel.SMS, number))


def _page(delivery: Delivery) -> StatusPage | None:
    with in_tenant(delivery.tenant_id):
        return StatusPage.objects.present().filter(pk=delivery.page_id).first()

"""Mail about accounts: put down as a row with whatever asks for it, sent by the critical lane."""

from __future__ import annotations

import json
import smtplib
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog
from anymail.exceptions import AnymailError
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.models import AccountMail
from accounts.words import Words
from common.encryption import decrypt, encrypt
from common.tenancy import NO_TENANT
from notifications import circuits
from notifications.providers import SMTP, Provider, providers
from notifications.providers_esp import connection_to
from notifications.smtp_line import BACKEND
from outbox.nudge import nudge
from outbox.queue import put
from outbox.registry import Claimed, Lane, Later
from pages.links import origin

log = structlog.get_logger(__name__)

ACCOUNT_MAIL = "account_mail"
_PURPOSE = "account mail"
_TIMEOUT = 10
_PERMANENT = 500
# Its links are of no use any more by then.
_KEPT = timedelta(days=1)
_SOON, _AGAIN = timedelta(seconds=5), timedelta(seconds=30)


def app_url(path: str) -> str:
    """`path` at the first app host: where links in mail lead, whatever host was asked."""
    return f"{origin(settings.APP_HOSTS[0])}{path}"


def render(words: Words, values: Mapping[str, Any], footer: Any = "") -> dict[str, str]:
    """Subject, text and html of a message, in the active language."""
    host = settings.APP_HOSTS[0]
    said = {
        "subject": " ".join(str(words.subject % {"host": host, **values}).split()),
        "text": words.text % {"host": host, **values},
        "button": words.button,
        "is_notice": words.is_notice,
    }
    shown: dict[str, Any] = {
        **values,
        "said": said | {"preview": said["text"]},
        "url": values.get(words.link, ""),
        "footer": footer or _("You get this because your address was given at %(host)s.") % {"host": host},
        "page": {"url": app_url(""), "name": host},
        "language": translation.get_language(),
        "direction": "rtl" if translation.get_language_bidi() else "ltr",
    }
    return {
        "subject": said["subject"],
        "text": render_to_string("mail/account.txt", shown).strip() + "\n",
        "html": render_to_string("mail/account.html", shown).strip() + "\n",
    }


def queue_mail(to: str, content: Mapping[str, str]) -> None:
    """Have a message sent: kept from the commit on, whatever becomes of this process."""
    with transaction.atomic():
        mail = AccountMail.objects.create(to=to, content=encrypt(json.dumps(dict(content)), _PURPOSE))
        put(ACCOUNT_MAIL, NO_TENANT, [mail.pk])
        transaction.on_commit(lambda: nudge([Lane.CRITICAL]), robust=True)


def send_mail(item: Claimed) -> None:
    """The key is the id of a message. It is tried for a day."""
    mail = AccountMail.objects.filter(pk=item.key).first()
    if mail is None:
        return
    if mail.created_at < timezone.now() - _KEPT:
        log.warning("account_mail.given_up", id=mail.pk)
    elif not _send(mail):
        raise Later(_SOON if mail.created_at > timezone.now() - timedelta(minutes=1) else _AGAIN)
    mail.delete()


def _send(mail: AccountMail) -> bool:
    """By the first provider that takes it; whether one did, or none ever will."""
    known = providers()
    left_alone = circuits.look(known)
    now = timezone.now()
    for provider in known.values():
        if provider.name in left_alone and left_alone[provider.name].until > now:
            continue
        try:
            _hand_in(mail, provider)
        except (smtplib.SMTPException, AnymailError, OSError, ValueError) as error:
            log.warning("account_mail.failed", id=mail.pk, error=type(error).__name__)
            if _is_hopeless(error):
                return True
        else:
            return True
    return False


def _is_hopeless(error: Exception) -> bool:
    """Whether the address or the message will never be taken."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= _PERMANENT for code, _said in error.recipients.values())
    return isinstance(error, ValueError)


def _hand_in(mail: AccountMail, provider: Provider) -> None:
    content = json.loads(decrypt(mail.content, _PURPOSE))
    headers = {
        "Auto-Submitted": "auto-generated",
        "Message-ID": f"<account-{mail.pk}@{settings.APP_HOSTS[0]}>",
    }
    message = EmailMultiAlternatives(
        content["subject"], content["text"], settings.DEFAULT_FROM_EMAIL, [mail.to], headers=headers
    )
    message.attach_alternative(content["html"], "text/html")
    if provider.kind == SMTP:
        message.connection = get_connection(BACKEND, timeout=_TIMEOUT, **provider.options)
    else:
        message.connection = connection_to(provider)
    message.send()

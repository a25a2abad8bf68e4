"""E-mail, by whichever provider each letter is to leave through."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence

import structlog
from django.utils import timezone

from notifications import providers_esp, smtp
from notifications.letters import Letter, Outcome, Verdict
from notifications.mail import Personal, Rendered
from notifications.mime import Form
from notifications.own_links import own_links
from notifications.providers import SMTP, Provider
from notifications.providers import providers as known_providers
from notifications.retries import table
from notifications.smtp import Envelope

log = structlog.get_logger(__name__)

# Ten attempts in about a day and a half.
RETRIES = table(10, 60, 300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 24 * 3600)


def providers() -> Sequence[str]:
    """By which mail leaves, the preferred first."""
    return list(known_providers())


def send(letters: Sequence[Letter], until: float) -> Generator[Outcome]:
    known = known_providers()
    first = next(iter(known))
    rendered = Rendered(letters)
    by_provider: dict[str, list[Personal]] = {name: [] for name in known}
    for letter in letters:
        began = timezone.now()
        if time.monotonic() > until:
            break
        name = letter.through if letter.through in known else first
        try:
            mail = rendered.mail(letter)
            by_provider[name].append(Personal(letter, mail, own_links(letter, mail.links)))
        except Exception as error:
            log.exception("mail.not_made", notification=letter.notification.pk)
            yield Outcome(letter, Verdict.RETRY, began, name, error=type(error).__name__)
    for name, mails in by_provider.items():
        yield from _send_by(known[name], mails, until)


def _send_by(provider: Provider, mails: Sequence[Personal], until: float) -> Generator[Outcome]:
    if provider.kind == SMTP:
        yield from smtp.send(provider.name, provider.options, _envelopes(mails), until)
    else:
        yield from providers_esp.send(provider, mails, until)


def _envelopes(mails: Sequence[Personal]) -> list[Envelope]:
    forms = {id(mail): Form(mail) for mail in {id(one.mail): one.mail for one in mails}.values()}
    return [
        Envelope(
            one.letter,
            one.mail.address,
            forms[id(one.mail)].fill(one.letter.target, one.letter.id, one.links),
        )
        for one in mails
    ]

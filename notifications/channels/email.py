"""E-mail, by whichever provider each letter is to leave through."""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence

import structlog
from django.utils import timezone

from notifications import smtp
from notifications.letters import Letter, Outcome, Verdict
from notifications.mail import Mail, Rendered
from notifications.mime import Form
from notifications.own_links import own_links
from notifications.retries import table
from notifications.smtp import Envelope

log = structlog.get_logger(__name__)

PROVIDER = "smtp"
# Ten attempts in about a day and a half.
RETRIES = table(10, 60, 300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 24 * 3600)


def providers() -> Sequence[str]:
    """By which mail leaves, the preferred first."""
    return (PROVIDER,)


def send(letters: Sequence[Letter], until: float) -> Generator[Outcome]:
    made = _Made()
    envelopes = []
    for letter in letters:
        began = timezone.now()
        if time.monotonic() > until:
            break
        try:
            envelopes.append(made.envelope(letter))
        except Exception as error:
            log.exception("mail.not_made", notification=letter.notification.pk)
            yield Outcome(letter, Verdict.RETRY, began, PROVIDER, error=type(error).__name__)
    yield from smtp.send(PROVIDER, {}, envelopes, until)


class _Made:
    """Messages of one batch."""

    def __init__(self) -> None:
        self._rendered = Rendered()
        self._forms: dict[int, tuple[Mail, Form]] = {}

    def envelope(self, letter: Letter) -> Envelope:
        mail = self._rendered.mail(letter)
        _mail, form = self._forms.get(id(mail)) or self._forms.setdefault(id(mail), (mail, Form(mail)))
        content = form.fill(letter.target, letter.id, own_links(letter, mail.links))
        return Envelope(letter, mail.address, content)

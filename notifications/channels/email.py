"""E-mail by SMTP: one connection for a batch, one rendering for all recipients of a language and zone."""

from __future__ import annotations

import smtplib
import time
from collections.abc import Generator, Sequence
from datetime import datetime
from email.utils import formataddr, parseaddr
from typing import Any

import structlog
from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.utils import timezone

from notifications.letters import Letter, Outcome, Verdict
from notifications.mail import Mail, Rendered
from notifications.retries import table

log = structlog.get_logger(__name__)

PROVIDER = "smtp"
# Ten attempts in about a day and a half.
RETRIES = table(10, 60, 300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 24 * 3600)
_PERMANENT = 500
_CLOSING = 421
# Enhanced status codes of refusals that are about policy or content, not about the address (RFC 3463).
_NOT_THE_ADDRESS = ("5.3", "5.5", "5.6", "5.7")


def providers() -> Sequence[str]:
    """By which mail leaves, the preferred first."""
    return (PROVIDER,)


def send(letters: Sequence[Letter], until: float) -> Generator[Outcome]:
    rendered = Rendered()
    post = _Post()
    try:
        for letter in letters:
            if post.unreachable or time.monotonic() > until:
                return
            yield _send_one(post, rendered, letter)
    finally:
        post.close()


def _send_one(post: _Post, rendered: Rendered, letter: Letter) -> Outcome:
    began = timezone.now()
    try:
        message = _message(rendered.mail(letter), letter)
    except Exception as error:
        log.exception("mail.not_made", notification=letter.notification.pk)
        return Outcome(letter, Verdict.RETRY, began, PROVIDER, error=type(error).__name__)
    return post.hand_in(message, letter, began)


def _message(mail: Mail, letter: Letter) -> EmailMultiAlternatives:
    message = EmailMultiAlternatives(
        subject=mail.subject,
        body=mail.text,
        from_email=formataddr((mail.sender, parseaddr(settings.DEFAULT_FROM_EMAIL)[1])),
        to=[letter.target],
        headers=mail.headers,
    )
    message.attach_alternative(mail.html, "text/html")
    return message


class _Post:
    """One connection, opened at the first letter and again after it broke.

    When a server cannot be reached at all, the rest of the batch is not tried.
    """

    def __init__(self) -> None:
        self.connection: Any = get_connection()
        self.unreachable = False

    def hand_in(self, message: EmailMultiAlternatives, letter: Letter, began: datetime) -> Outcome:
        try:
            self.connection.open()
        except (smtplib.SMTPException, OSError) as error:
            self.unreachable = True
            return _outcome(letter, began, Verdict.RETRY, error, down=True)
        try:
            self.connection.send_messages([message])
        except (smtplib.SMTPException, OSError, ValueError) as error:
            if _breaks(error):
                self._drop()
            return _outcome(letter, began, _verdict(error), error, down=_is_down(error))
        return Outcome(letter, Verdict.ACCEPTED, began, PROVIDER)

    def close(self) -> None:
        try:
            self.connection.close()
        except (smtplib.SMTPException, OSError):
            self._drop()

    def _drop(self) -> None:
        """Without a word to a server that may not be listening any more."""
        if self.connection.connection is not None:
            self.connection.connection.close()
            self.connection.connection = None


def _breaks(error: Exception) -> bool:
    """Whether the connection is of no more use."""
    if isinstance(error, smtplib.SMTPServerDisconnected):
        return True
    if isinstance(error, smtplib.SMTPException):
        return _answer(error)[0] == _CLOSING
    return isinstance(error, OSError)


def _is_down(error: Exception) -> bool:
    """Whether it says of the server, not of the message, that it does not go on."""
    return not isinstance(error, ValueError | smtplib.SMTPNotSupportedError) and _breaks(error)


def _verdict(error: Exception) -> Verdict:
    code, words = _answer(error)
    if isinstance(error, smtplib.SMTPRecipientsRefused) and code is not None and code >= _PERMANENT:
        return Verdict.FAILED if words.startswith(_NOT_THE_ADDRESS) else Verdict.BOUNCED
    # A refused sender is our own setting to mend, not a reason to give the recipient up.
    if isinstance(error, smtplib.SMTPDataError) and code is not None and code >= _PERMANENT:
        return Verdict.FAILED
    if isinstance(error, smtplib.SMTPNotSupportedError | ValueError):
        return Verdict.FAILED
    return Verdict.RETRY


def _outcome(letter: Letter, began: datetime, verdict: Verdict, error: Exception, *, down: bool) -> Outcome:
    code, words = _answer(error)
    name = type(error).__name__
    return Outcome(letter, verdict, began, PROVIDER, code=code, error=name, response=words, down=down)


def _answer(error: Exception) -> tuple[int | None, str]:
    """The server's status and words, without the recipient's address."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, words = next(iter(error.recipients.values()))
        return code, words.decode("utf-8", "replace")
    if isinstance(error, smtplib.SMTPResponseException):
        said = error.smtp_error
        return error.smtp_code, said.decode("utf-8", "replace") if isinstance(said, bytes) else str(said)
    return None, str(error)

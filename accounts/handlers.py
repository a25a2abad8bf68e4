"""What the outbox asks of this app."""

from datetime import timedelta

from accounts.mail import ACCOUNT_MAIL, send_mail
from outbox.registry import Lane, register

register(ACCOUNT_MAIL, Lane.CRITICAL, send_mail, timedelta(minutes=1))

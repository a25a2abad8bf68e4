"""What the outbox asks of this app."""

from datetime import timedelta

from accounts.invitations import send_invitation
from accounts.mail import ACCOUNT_MAIL, send_mail
from accounts.removal import remove_organisation
from outbox.registry import Lane, register
from tenants.members import INVITATION
from tenants.organisations import REMOVE

register(ACCOUNT_MAIL, Lane.CRITICAL, send_mail, timedelta(minutes=1))
register(INVITATION, Lane.CRITICAL, send_invitation)
register(REMOVE, Lane.ARCHIVE, remove_organisation, timedelta(minutes=2))

"""What the outbox asks of this app."""

from datetime import timedelta

from importing.asking import IMPORT_PAGE, carry_out
from outbox.registry import Lane, register

register(IMPORT_PAGE, Lane.POLL, carry_out, lease=timedelta(seconds=60))

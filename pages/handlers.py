"""What the outbox asks of this app."""

from outbox.registry import Claimed, Lane, register
from pages.actions import pass_time
from pages.clock import CLOCK
from pages.models import StatusPage


def let_time_pass(item: Claimed) -> None:
    page = StatusPage.objects.present().filter(pk=item.key).first()
    if page is not None:
        pass_time(page)


register(CLOCK, Lane.PUBLISH, let_time_pass)

"""What the outbox asks of this app."""

from datetime import timedelta

from django.utils import timezone

from outbox.queue import put
from outbox.registry import Claimed, Lane, register
from pages.actions import pass_time
from pages.clock import CLOCK
from pages.models import OwnHost, StatusPage
from pages.own_hosts import OWN_HOST, check, next_check


def let_time_pass(item: Claimed) -> None:
    page = StatusPage.objects.present().filter(pk=item.key).first()
    if page is not None:
        pass_time(page)


def look_at_host(item: Claimed) -> None:
    """Ask DNS again, and later once more."""
    own = OwnHost.objects.filter(pk=item.key, page__deleted_at=None).select_related("page").first()
    if own is None:
        return
    check(own)
    still = OwnHost.objects.filter(pk=own.pk).first()
    if still is not None:
        put(OWN_HOST, item.tenant_id, [still.pk], due_at=next_check(still, timezone.now()))


register(CLOCK, Lane.PUBLISH, let_time_pass)
register(OWN_HOST, Lane.POLL, look_at_host, lease=timedelta(seconds=60))

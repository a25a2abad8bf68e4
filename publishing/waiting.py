"""After a change: an answer only once the change can be seen, if that takes no longer than it should."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from outbox import heartbeat
from outbox.drain import drain
from pages.change import PUBLISH, Committed, committed
from publishing.storage import store
from tenants.actions import HOSTS

_PATIENCE = 0.5
_POLL = 0.01
_OWN_WORK = 2.0

Handler = Callable[[HttpRequest], HttpResponse]


class AwaitPublishing:
    """Middleware: waits up to 500 ms for the versions that the request committed to be in the store.

    Where no worker is there to publish them, it publishes them itself, within 2 s.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        changes: list[Committed] = []
        reset = committed.set(changes)
        try:
            response = self.get_response(request)
        finally:
            committed.reset(reset)
        await_publishing(changes)
        return response


def await_publishing(changes: list[Committed]) -> None:
    newest = {change.page_id: change for change in changes}
    until = time.monotonic() + _PATIENCE
    waiting = list(newest.values())
    while waiting and time.monotonic() < until:
        waiting = [change for change in waiting if not _is_published(change)]
        if waiting:
            time.sleep(_POLL)
    if waiting and not heartbeat.seen(heartbeat.WORKER):
        drain([HOSTS], seconds=_OWN_WORK)
        for change in waiting:
            drain([PUBLISH], seconds=_OWN_WORK, only=(change.tenant_id, change.page_id))


def _is_published(change: Committed) -> bool:
    manifest = store().manifest(change.page_id)
    return manifest is not None and manifest.version >= change.version

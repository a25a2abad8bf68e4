"""The sealed list of those whom `emergency.py` can tell by itself: webhooks and chats.

The list is that of the last version: who came since is told by the service when it is back, who left since
may be told once more.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from pages.models import StatusPage
from publishing.emergency.keys import key_of
from publishing.prepared import Prepared
from store import Document
from store.emergency import TARGETS, seal
from subscribers.choices import MACHINES, Cadence, Channel, Scope, SubscriberState
from subscribers.models import Subscriber
from subscribers.secrets import signing_keys

CONTEXT = "targets"
BINARY = "application/octet-stream"


def document(page: StatusPage) -> Document:
    targets = [_target(one, page.version_at) for one in _concerned(page)]
    listed = json.dumps(targets, separators=(",", ":")).encode()
    return Document(TARGETS, seal(key_of(page.pk), CONTEXT, listed), BINARY)


def _concerned(page: StatusPage) -> list[Subscriber]:
    """An emergency is about the whole page: who follows some components hears of it, too."""
    return _machines(page_id=page.pk)


_machines: Prepared[Subscriber] = Prepared(
    lambda page_id: (
        Subscriber.objects.of_page(page_id)
        .filter(state=SubscriberState.ACTIVE, channel__in=MACHINES, wants_incidents=True)
        .exclude(scope=Scope.INCIDENT)
        .order_by("id")
    )
)


def _target(subscriber: Subscriber, now: datetime) -> dict[str, Any]:
    signs = subscriber.channel == Channel.WEBHOOK
    keys = signing_keys(subscriber.pk, subscriber.settings, now) if signs else []
    return {
        "id": subscriber.pk,
        "channel": subscriber.channel,
        "address": subscriber.address,
        "keys": [key.hex() for key in keys],
        "min_impact": subscriber.min_impact,
        "every": subscriber.cadence == Cadence.ALL,
    }

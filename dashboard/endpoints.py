"""How the webhooks of a page fare: what operators ask of them first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

from notifications.choices import DeliveryStatus
from notifications.health import failing_since
from notifications.models import Delivery, EndpointHealth, Notification
from pages.models import StatusPage
from subscribers.choices import Channel, ConsentSource, SubscriberState
from subscribers.models import Subscriber, SubscriberQuerySet

# Of so many messages of the page, the newest, the last to each webhook is looked for.
_RECENT = 20
# Added by the team: others were subscribed by their owners, on the page.
_BY_TEAM = [ConsentSource.OPERATOR, ConsentSource.IMPORT]


class State(TextChoices):
    """The values are words that have a colour."""

    HEALTHY = "active", _("Healthy")
    QUIET = "waiting", _("Nothing sent lately")
    FAILING = "quarantined", _("Failing")
    GIVEN_UP = "dead", _("Given up")
    UNCONFIRMED = "unconfirmed", _("Not confirmed")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """`since`: of failing, or of being given up. `last`: the newest of the page's latest messages to it."""

    subscriber: Subscriber
    state: State
    since: datetime | None
    last: Delivery | None


def own_webhooks(page: StatusPage) -> SubscriberQuerySet:
    """Those that the team has added and that have not been left."""
    return webhooks(page).filter(consent_source__in=_BY_TEAM)


def webhooks(page: StatusPage) -> SubscriberQuerySet:
    found: SubscriberQuerySet = Subscriber.objects.of_page(page.pk).filter(channel=Channel.WEBHOOK)
    return found.present()


def endpoints(tenant_id: str, page: StatusPage, rows: Sequence[Subscriber]) -> list[Endpoint]:
    """In the order of `rows`. Three queries."""
    ids = [one.pk for one in rows]
    ailing = EndpointHealth.objects.of(tenant_id).filter(subscriber_id__in=ids, consecutive_failures__gt=0)
    health = {one.subscriber_id: one for one in ailing}
    last = _last(tenant_id, page, ids)
    return [_endpoint(one, _failing(one, health.get(one.pk)), last.get(one.pk)) for one in rows]


def _failing(one: Subscriber, health: EndpointHealth | None) -> datetime | None:
    """Since when; what failed before it was taken up again does not count."""
    if health is None or health.last_failure_at is None:
        return None
    if one.confirmed_at is not None and health.last_failure_at < one.confirmed_at:
        return None
    return failing_since(health, one.confirmed_at)


def _last(tenant_id: str, page: StatusPage, ids: Sequence[str]) -> dict[str, Delivery]:
    told = Notification.objects.of(tenant_id).filter(page_id=page.pk, version__isnull=False)
    newest = list(told.order_by("-pk").values_list("pk", flat=True)[:_RECENT])
    rows = Delivery.objects.filter(notification__in=newest, subscriber_id__in=ids, channel=Channel.WEBHOOK)
    return {one.subscriber_id: one for one in rows.order_by("pk")}


def _endpoint(one: Subscriber, failing: datetime | None, last: Delivery | None) -> Endpoint:
    if one.state == SubscriberState.QUARANTINED:
        return Endpoint(one, State.GIVEN_UP, one.quarantined_at, last)
    if one.state == SubscriberState.UNCONFIRMED:
        return Endpoint(one, State.UNCONFIRMED, None, last)
    if failing is not None:
        return Endpoint(one, State.FAILING, failing, last)
    healthy = last is not None and last.status == DeliveryStatus.ACCEPTED
    return Endpoint(one, State.HEALTHY if healthy else State.QUIET, None, last)

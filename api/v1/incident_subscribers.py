"""Who is told of one incident alone."""

from __future__ import annotations

from typing import Any

from api.operations import Call, Takes, operation
from api.paging import PAGED, part
from api.schema.subscribers import IncidentSubscriberInput
from api.schema.subscribers import Subscriber as Given
from api.v1.subscriber_shapes import loaded, shape_of, shapes
from api.v1.subscribers_added import added
from pages.models import StatusPage
from subscribers.actions import ask_again, unsubscribe
from subscribers.choices import Scope as Follows
from subscribers.models import Subscriber, SubscriberQuerySet
from subscribers.wishes import Wish
from tenants.models import Role, Scope

_LIST = "pages/{page_id}/incidents/{incident_id}/subscribers"
_ONE = "pages/{page_id}/incidents/{incident_id}/subscribers/{subscriber_id}"
_READS: dict[str, Any] = {"scope": Scope.SUBSCRIBERS, "role": Role.ADMIN}


@operation("GET", _LIST, gives=Given, many=True, parameters=PAGED, **_READS)
def list_incident_subscribers(call: Call, page: StatusPage, incident_id: str) -> Any:
    """Who asked to be told of this incident alone."""
    return shapes(part(call, loaded(_rows(page, incident_id)).order_by("-created_at", "-pk")))


@operation(
    "POST", _LIST, takes=Takes(IncidentSubscriberInput, "subscriber"), gives=Given, status=201, **_READS
)
def add_incident_subscriber(call: Call, page: StatusPage, incident_id: str) -> Any:
    """Add somebody for one incident that is not over."""
    rows = _rows(page, incident_id)
    wish = Wish(scope=Follows.INCIDENT, incident_id=incident_id)
    return shape_of(rows, added(call, page, wish).pk)


@operation("GET", _ONE, gives=Given, **_READS)
def get_incident_subscriber(call: Call, page: StatusPage, incident_id: str, subscriber_id: str) -> Any:
    """One of them."""
    return shape_of(_rows(page, incident_id), subscriber_id)


@operation("DELETE", _ONE, gives=Given, **_READS)
def remove_incident_subscriber(call: Call, page: StatusPage, incident_id: str, subscriber_id: str) -> Any:
    """Tell somebody no more of it."""
    rows = _rows(page, incident_id)
    shape = shape_of(rows, subscriber_id)
    unsubscribe(page, rows.get(pk=subscriber_id), call.actor)
    return shape


@operation("POST", f"{_ONE}/resend_confirmation", status=201, **_READS)
def resend_incident_confirmation(call: Call, page: StatusPage, incident_id: str, subscriber_id: str) -> None:
    """Ask once more for confirmation; who has confirmed gets nothing."""
    ask_again(page, _rows(page, incident_id).get(pk=subscriber_id), call.actor)


def _rows(page: StatusPage, incident_id: str) -> SubscriberQuerySet:
    """Raises DoesNotExist where there is no such incident."""
    incident = page.incidents.present().get(pk=incident_id)
    return Subscriber.objects.of_page(page.pk).present().about(incident.pk)

"""Who is told of a page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django.db.models import DateTimeField, Value
from django.db.models.functions import Coalesce

from api.errors import ApiError
from api.operations import Call, Parameter, Takes, operation
from api.paging import PAGED, part
from api.schema.subscribers import (
    CHANNELS,
    STATES,
    ChosenBody,
    CountByType,
    CountByTypeAndState,
    SubscriberInput,
)
from api.schema.subscribers import Subscriber as Given
from api.v1.subscriber_shapes import loaded, shape_of, shapes
from api.v1.subscribers_added import added
from pages.models import StatusPage
from subscribers import wishes
from subscribers.actions import ask_again, unsubscribe, update_preferences
from subscribers.choices import Scope as Follows
from subscribers.choices import SubscriberState
from subscribers.models import Subscriber, SubscriberQuerySet
from subscribers.wishes import Wish
from tenants.models import Role, Scope

_LIST = "pages/{page_id}/subscribers"
_ONE = "pages/{page_id}/subscribers/{subscriber_id}"
_TYPE = Parameter("type", f"Only these: {', '.join(CHANNELS)}.")
_STATE = Parameter("state", f"One of {', '.join(STATES)}; active unless said.")
_FOUND = (
    Parameter("q", "Search in addresses and numbers."),
    _TYPE,
    _STATE,
    Parameter("sort_field", "primary (the address), created_at, quarantined_at or relevance."),
    Parameter("sort_direction", "asc or desc."),
    *PAGED,
)
# There are addresses behind it: they are not for everybody who reads.
_READS: dict[str, Any] = {"scope": Scope.SUBSCRIBERS, "role": Role.ADMIN}
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
_ALSO = {"pending": "unconfirmed"}
_SORTS = {"primary": "address", "relevance": "address", "created_at": "created_at", "quarantined_at": "since"}


@operation("GET", _LIST, gives=Given, many=True, parameters=_FOUND, **_READS)
def list_subscribers(call: Call, page: StatusPage) -> Any:
    """Subscribers by address, or as they are sorted."""
    rows = _chosen(call, page).matching(call.query.get("q", "").strip()[:200])
    sort = _one_of(call, "sort_field", _SORTS, "primary")
    back = _one_of(call, "sort_direction", {"asc": "", "desc": "-"}, "asc")
    if sort == "since":
        rows = rows.annotate(since=Coalesce("quarantined_at", Value(_LONG_AGO), output_field=DateTimeField()))
    found = part(call, loaded(rows).order_by(f"{back}{sort}", f"{back}pk"))
    if sort == "address":
        # A cursor would carry somebody's address into the logs of every proxy on the way.
        call.headers.pop("Link", None)
    return shapes(found)


@operation("POST", _LIST, takes=Takes(SubscriberInput, "subscriber"), gives=Given, status=201, **_READS)
def add_subscriber(call: Call, page: StatusPage) -> Any:
    """Add somebody. E-mail and SMS are asked for confirmation first; a webhook of the team's is not."""
    ids = call.data.get("component_ids")
    wish = Wish() if ids is None else Wish(scope=Follows.COMPONENTS, component_ids=frozenset(ids))
    return shape_of(_rows(page), added(call, page, wish).pk)


@operation("GET", f"{_LIST}/count", gives=CountByType, parameters=(_TYPE, _STATE), **_READS)
def count_subscribers(call: Call, page: StatusPage) -> Any:
    """How many there are of each type."""
    tally = _chosen(call, page).tallied()
    return {mode: _sum(tally, channels, STATES["all"]) for mode, channels in CHANNELS.items()}


@operation("GET", f"{_LIST}/histogram_by_state", gives=CountByTypeAndState, **_READS)
def count_subscribers_by_state(call: Call, page: StatusPage) -> Any:
    """How many there are of each type in each state."""
    tally = _rows(page).tallied()
    names = [*(name for name in STATES if name != "all"), "total"]
    states = STATES | {"total": STATES["all"]}
    return {
        mode: {name: _sum(tally, channels, states[name]) for name in names}
        for mode, channels in CHANNELS.items()
    }


@operation("GET", f"{_LIST}/unsubscribed", gives=Given, many=True, parameters=PAGED, **_READS)
def list_unsubscribed(call: Call, page: StatusPage) -> Any:
    """Who has left, whoever left last first."""
    rows = Subscriber.objects.of_page(page.pk).filter(state=SubscriberState.UNSUBSCRIBED)
    return shapes(part(call, loaded(rows).order_by("-unsubscribed_at", "-pk")))


@operation("GET", _ONE, gives=Given, **_READS)
def get_subscriber(call: Call, page: StatusPage, subscriber_id: str) -> Any:
    """One subscriber; who has left is gone."""
    return shape_of(_rows(page), subscriber_id)


@operation("PATCH", _ONE, takes=Takes(ChosenBody), gives=Given, **_READS)
def change_subscriber(call: Call, page: StatusPage, subscriber_id: str) -> Any:
    """Change what somebody is told of: chosen components, or without any the whole page."""
    subscriber = _rows(page).get(pk=subscriber_id)
    ids = (call.data.get("subscriber") or call.data).get("component_ids")
    scope = Follows.PAGE if ids is None else Follows.COMPONENTS
    wish = replace(
        wishes.of(subscriber),
        scope=scope,
        component_ids=frozenset(ids or ()),
        group_ids=frozenset(),
        incident_id=None,
    )
    update_preferences(page, subscriber, call.actor, wish)
    return shape_of(_rows(page), subscriber_id)


@operation("DELETE", _ONE, gives=Given, **_READS)
def remove_subscriber(call: Call, page: StatusPage, subscriber_id: str) -> Any:
    """Tell somebody no more. They get no message of it."""
    shape = shape_of(_rows(page), subscriber_id)
    unsubscribe(page, _rows(page).get(pk=subscriber_id), call.actor)
    return shape


@operation("POST", f"{_ONE}/resend_confirmation", status=201, **_READS)
def resend_confirmation(call: Call, page: StatusPage, subscriber_id: str) -> None:
    """Ask once more for confirmation; who has confirmed gets nothing."""
    ask_again(page, _rows(page).get(pk=subscriber_id), call.actor)


def _rows(page: StatusPage) -> SubscriberQuerySet:
    return Subscriber.objects.of_page(page.pk).present()


def _chosen(call: Call, page: StatusPage) -> SubscriberQuerySet:
    """Of the type and in the state that the query says."""
    rows = _rows(page).filter(state__in=_one_of(call, "state", STATES, "active"))
    return rows.filter(channel__in=_one_of(call, "type", CHANNELS, "")) if call.query.get("type") else rows


def _one_of(call: Call, name: str, known: Mapping[str, Any], usual: str) -> Any:
    """What the query says. One client sends the names of its own constants, as `SortOrder.ASC`."""
    said = (call.query.get(name) or usual).rpartition(".")[2].lower()
    said = _ALSO.get(said, said)
    if said not in known:
        raise ApiError(400, f"{name}: one of {', '.join(known)}.")
    return known[said]


def _sum(tally: dict[tuple[str, str], int], channels: frozenset[str], states: frozenset[str]) -> int:
    return sum(number for (one, state), number in tally.items() if one in channels and state in states)

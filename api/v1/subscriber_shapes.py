"""Subscribers as this API tells them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from api.schema.subscribers import CHANNELS
from common.instants import optional, utc_seconds
from subscribers.choices import MACHINES, Channel, ConsentSource, Scope
from subscribers.models import Subscriber, SubscriberQuerySet
from subscribers.phones import country_of, displayed

MODES = {channel: mode for mode, channels in CHANNELS.items() for channel in channels}
# What subscribers chose of the page, for a fixed number of queries.
_CHOSEN = ("components", "groups__components")
_NOT_ASKED = {ConsentSource.OPERATOR, ConsentSource.IMPORT}


def shape_of(rows: SubscriberQuerySet, subscriber_id: str) -> dict[str, Any]:
    """One of these rows. Raises DoesNotExist where it is none of them."""
    return shapes([rows.prefetch_related(*_CHOSEN).get(pk=subscriber_id)])[0]


def loaded(rows: SubscriberQuerySet) -> SubscriberQuerySet:
    """With what `shapes` needs."""
    return rows.prefetch_related(*_CHOSEN)


def shapes(subscribers: Iterable[Subscriber]) -> list[dict[str, Any]]:
    return [_shape(one) for one in subscribers]


def _shape(one: Subscriber) -> dict[str, Any]:
    return {
        "id": one.pk,
        "state": one.state,
        "mode": MODES[one.channel],
        **_address(one),
        "skip_confirmation_notification": one.consent_source in _NOT_ASKED,
        "components": _components(one),
        "page_access_user_id": one.page_access_user_id,
        "quarantined_at": optional(utc_seconds, one.quarantined_at),
        "purge_at": optional(utc_seconds, one.purge_at),
        "created_at": utc_seconds(one.created_at),
    }


def _address(one: Subscriber) -> dict[str, Any]:
    """The address of a chat is a secret: whoever has it can write there."""
    is_number = one.channel == Channel.SMS
    country = country_of(one.address) if is_number else ""
    is_chat = one.channel in MACHINES - {Channel.WEBHOOK}
    return {
        "email": one.address if one.channel == Channel.EMAIL else one.contact or None,
        "endpoint": one.address if one.channel == Channel.WEBHOOK else None,
        "phone_number": displayed(one.address, country) if is_number else None,
        "phone_country": country or None,
        "display_phone_number": displayed(one.address) if is_number else None,
        "obfuscated_channel_name": f"#*****{one.label[-2:]}" if is_chat and one.label else None,
        "workspace_name": None,
    }


def _components(one: Subscriber) -> list[str] | None:
    if one.scope != Scope.COMPONENTS:
        return None
    chosen = {component.pk for component in one.components.all()}
    members = {component.pk for group in one.groups.all() for component in group.components.all()}
    return sorted(chosen | members)

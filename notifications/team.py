"""Mail to a page's own team: members of its organisation, who are no subscribers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from incidents.cadence import writers
from notifications.choices import DeliveryLane
from notifications.models import Delivery, Notification
from pages.models import StatusPage
from subscribers.addresses import address_hash
from subscribers.choices import Channel
from tenants.access import members_who_may
from tenants.models import Role, User


def tell_team(notification: Notification, now: datetime) -> int:
    """Make the deliveries of what waits for the team; how many. Runs in the tenant's schema, and may be
    repeated."""
    page = StatusPage.objects.get(pk=notification.page_id)
    wanting = _wanting(notification.tenant_id, page.pk)
    people = asked(wanting, notification.incident_id) if notification.incident_id else wanting[Role.ADMIN]
    Delivery.objects.bulk_create(
        (_delivery(notification, page, one, now) for one in people), ignore_conflicts=True
    )
    return len(people)


def asked(wanting: Mapping[Role, list[User]], incident_id: str) -> list[User]:
    """Whoever wrote last of an incident, of those who may still edit the page and want mail; where nobody
    has, all who may administer it and want mail."""
    editors = {one.pk: one for one in wanting[Role.EDITOR]}
    wrote = [editors[one] for one in writers(incident_id) if one in editors]
    return wrote[:1] or wanting[Role.ADMIN]


def _wanting(tenant_id: str, page_id: str) -> dict[Role, list[User]]:
    """Who wants mail, of those who may do what each role may on a page."""
    found = {needs: members_who_may(tenant_id, needs, page_id) for needs in (Role.EDITOR, Role.ADMIN)}
    return {needs: [one.user for one in members if one.wants_reminders] for needs, members in found.items()}


def _delivery(notification: Notification, page: StatusPage, user: User, now: datetime) -> Delivery:
    return Delivery(
        notification=notification,
        tenant_id=notification.tenant_id,
        page_id=page.pk,
        # Unique beside the notification, as a subscriber's is.
        subscriber_id=user.pk,
        channel=Channel.EMAIL,
        lane=DeliveryLane.CRITICAL,
        target=user.email,
        target_hash=address_hash(Channel.EMAIL, user.email),
        language=user.language or page.language,
        time_zone=page.time_zone,
        link_version=0,
        next_attempt_at=now,
        created_at=now,
    )

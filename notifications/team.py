"""Mail to a page's own team: members of its organisation, who are no subscribers."""

from __future__ import annotations

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
    """Make the deliveries of what asks for an update; how many. Runs in the tenant's schema, and may be
    repeated."""
    page = StatusPage.objects.get(pk=notification.page_id)
    people = asked(notification.tenant_id, page.pk, notification.incident_id)
    Delivery.objects.bulk_create(
        (_delivery(notification, page, one, now) for one in people), ignore_conflicts=True
    )
    return len(people)


def asked(tenant_id: str, page_id: str, incident_id: str) -> list[User]:
    """Whoever wrote last of an incident, of those who may still edit the page and want mail; where nobody
    has, all who may administer it and want mail."""
    wanting = [one for one in members_who_may(tenant_id, Role.EDITOR, page_id) if one.wants_reminders]
    editors = {one.user_id: one.user for one in wanting}
    wrote = [editors[one] for one in writers(incident_id) if one in editors]
    if wrote:
        return wrote[:1]
    admins = {one.user_id for one in members_who_may(tenant_id, Role.ADMIN, page_id)}
    return [user for pk, user in editors.items() if pk in admins]


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
        language=page.language,
        time_zone=page.time_zone,
        link_version=0,
        next_attempt_at=now,
        created_at=now,
    )

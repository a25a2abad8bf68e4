"""What the outbox asks of this app."""

from incidents.actions.announcement import ANNOUNCEMENT, let_announcement_pass
from incidents.actions.maintenance import do_what_is_due
from incidents.models import Announcement, Incident
from incidents.windows import MAINTENANCE
from outbox.registry import Claimed, Lane, register


def run_maintenance(item: Claimed) -> None:
    """Begin, end or remind of, if it is time; a window that was moved or called off waits or does nothing."""
    incident = Incident.objects.present().filter(pk=item.key, page__deleted_at=None).first()
    if incident is not None:
        do_what_is_due(incident.page, incident)


def run_announcement(item: Claimed) -> None:
    announcement = Announcement.objects.present().filter(pk=item.key, page__deleted_at=None).first()
    if announcement is not None:
        let_announcement_pass(announcement.page, announcement)


register(MAINTENANCE, Lane.PUBLISH, run_maintenance)
register(ANNOUNCEMENT, Lane.PUBLISH, run_announcement)

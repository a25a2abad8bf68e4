"""What the outbox asks of this app."""

from datetime import timedelta

from common.errors import Busy
from incidents.actions.announcement import ANNOUNCEMENT, let_announcement_pass
from incidents.actions.cadence import ask_for_updates
from incidents.actions.draft import DRAFT, publish_if_due
from incidents.actions.maintenance import do_what_is_due
from incidents.models import Announcement, Draft, Incident
from incidents.windows import MAINTENANCE
from outbox.registry import Claimed, Lane, Later, register
from pages.actions import CADENCE
from pages.models import StatusPage

_WHILE_BUSY = timedelta(seconds=2)


def run_maintenance(item: Claimed) -> None:
    """Begin, end or remind of, if it is time; a window that was moved or called off waits or does nothing."""
    incident = Incident.objects.present().filter(pk=item.key, page__deleted_at=None).first()
    if incident is not None:
        do_what_is_due(incident.page, incident)


def run_announcement(item: Claimed) -> None:
    announcement = Announcement.objects.present().filter(pk=item.key, page__deleted_at=None).first()
    if announcement is not None:
        let_announcement_pass(announcement.page, announcement)


def run_cadence(item: Claimed) -> None:
    page = StatusPage.objects.present().filter(pk=item.key).first()
    if page is not None:
        ask_for_updates(page)


def run_draft(item: Claimed) -> None:
    """Publish what was written for this time; what was discarded, or put off, is left alone."""
    draft = Draft.objects.filter(pk=item.key, page__deleted_at=None).first()
    if draft is None:
        return
    try:
        publish_if_due(draft.page, draft)
    except Busy as busy:
        raise Later(_WHILE_BUSY) from busy


register(MAINTENANCE, Lane.PUBLISH, run_maintenance)
register(ANNOUNCEMENT, Lane.PUBLISH, run_announcement)
register(DRAFT, Lane.PUBLISH, run_draft)
register(CADENCE, Lane.PUBLISH, run_cadence)

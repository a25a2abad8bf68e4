"""What the outbox asks of this app."""

from incidents.actions.maintenance import do_what_is_due
from incidents.models import Incident
from incidents.windows import MAINTENANCE
from outbox.registry import Claimed, Lane, register


def run_maintenance(item: Claimed) -> None:
    """Begin, end or remind of, if it is time; a window that was moved or called off waits or does nothing."""
    incident = Incident.objects.present().filter(pk=item.key, page__deleted_at=None).first()
    if incident is not None:
        do_what_is_due(incident.page, incident)


register(MAINTENANCE, Lane.PUBLISH, run_maintenance)

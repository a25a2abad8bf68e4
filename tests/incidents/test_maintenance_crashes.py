"""A process that dies while a maintenance begins: it begins all the same, and once."""

from __future__ import annotations

import pytest

from tests.live import Live

_SCHEDULE = """
from datetime import timedelta
from django.utils import timezone
from components.actions import create_component
from events.actor import SYSTEM
from incidents.actions.maintenance import schedule_maintenance
from pages.actions import create_page
with in_tenant(acme.id):
    page = create_page(SYSTEM, name="Acme", slug="acme")
    component = create_component(page, SYSTEM, name="API")
    now = timezone.now()
    times = {"scheduled_for": now + timedelta(seconds=1), "scheduled_until": now + timedelta(hours=1)}
    schedule_maintenance(page, SYSTEM, name="Disks", components=[component.pk], **times)
time.sleep(1)
"""
# The worker stops for ever where it is to be killed.
_DIE_BEFORE_COMMIT = """
from incidents import steps
from incidents.actions import maintenance
def stop(*given, **named):
    steps.record(*given, **named)
    say("here")
    time.sleep(60)
maintenance.record = stop
from outbox.drain import drain
drain(["maintenance"])
"""
_DIE_BEFORE_ACK = """
from outbox import queue
from outbox.drain import drain
def stop(item, token, rest):
    say("here")
    time.sleep(60)
queue.acknowledge = stop
drain(["maintenance"])
"""
_RECOVER_TWICE = """
from django.utils import timezone
from outbox.drain import drain
from outbox.models import OutboxItem
for _again in range(2):
    OutboxItem.objects.update(lease_until=timezone.now())
    drain(["maintenance"])
"""
_LOOK = """
from components.models import StatusChange
from events.models import Event
from incidents.models import IncidentUpdate
from outbox.models import OutboxItem
from pages.models import StatusPage
def look():
    return {
        "updates": sorted(IncidentUpdate.objects.values_list("status", flat=True)),
        "started": Event.objects.filter(name="maintenance.started").count(),
        "statuses": list(StatusChange.objects.values_list("status", flat=True)),
        "version": StatusPage.objects.get().version,
    }
with in_tenant(acme.id):
    mine = look()
with in_tenant(globex.id):
    theirs = look()
waiting = OutboxItem.objects.alive().filter(tenant_id=acme.id)
answer([mine, theirs, sorted(waiting.exclude(topic="hosts").values_list("topic", flat=True))])
"""


@pytest.mark.process
@pytest.mark.parametrize(
    ("deadly", "survived"), [(_DIE_BEFORE_COMMIT, 0), (_DIE_BEFORE_ACK, 1)], ids=["commit", "ack"]
)
def test_a_start_survives_a_killed_process_and_happens_once(live: Live, deadly: str, survived: int) -> None:
    live.run(_SCHEDULE)
    worker = live.start_python(deadly)
    live.wait_for(worker, "here")
    live.kill(worker)
    before, theirs, _waiting = live.run(_LOOK)
    assert before["started"] == survived

    now, still_theirs, waiting = live.run(_RECOVER_TWICE + _LOOK)
    assert now["started"] == 1
    assert now["updates"] == ["in_progress", "scheduled"]
    assert now["statuses"] == ["under_maintenance"]
    # Told that it is planned, and that it has begun; its end still waits.
    assert waiting == ["clock", "maintenance", "notify", "notify", "publish"]
    assert still_theirs == theirs

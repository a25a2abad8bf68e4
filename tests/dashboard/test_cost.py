"""What a screen asks of the database does not grow with what it shows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from components.actions import create_component, create_group
from events.models import Event
from incidents.actions.draft import keep_draft
from incidents.actions.incident import open_incident, post_update
from incidents.actions.maintenance import schedule_maintenance
from incidents.actions.template import create_template
from incidents.drafts import Written
from incidents.steps import Words
from notifications.expansion import drafted
from subscribers.actions import Who, add_confirmed
from subscribers.choices import Channel
from subscribers.models import Subscriber
from tests.conftest import ACTOR
from tests.dashboard.conftest import Place, Visitor

MOST = 20
SCREENS = [
    "",
    "incidents/",
    "incidents/?state=drafts",
    "incidents/?q=incident&sort=name",
    "incidents/new",
    "incidents/past",
    "incidents/templates/",
    "incidents/templates/new",
    "incidents/new?template={template}",
    "maintenance/new",
    "settings/data/",
    "settings/delete",
    "settings/webhooks/",
    "settings/webhooks/{webhook}/",
    "incidents/{one}/",
    "incidents/{one}/progress",
    "incidents/{one}/edit",
    "incidents/{one}/postmortem",
    "find?q=incident",
]
# What is posted for a look at it: about every component, told to everybody.
_SAID = {"body": "It is **bad**.", "notify": "on"}
PREVIEWS = {
    "incidents/preview": _SAID | {"name": "Slow", "status": "investigating"},
    "incidents/{one}/preview": _SAID | {"status": "identified"},
    "maintenance/preview": _SAID
    | {"name": "Disks", "scheduled_for": "2099-12-24T10:00", "scheduled_until": "2099-12-24T12:00"},
    "appearance/preview": {"custom_css": ".page { color: red }"},
}


def _queries(admin: Visitor, address: str, typed: dict[str, Any] | None = None) -> list[str]:
    with CaptureQueriesContext(connection) as asked:
        answer = admin.post(address, typed) if typed else admin.get(address)
        assert answer.status_code == 200
    found = [one["sql"] for one in asked.captured_queries]
    return [sql for sql in found if not sql.startswith(("SET search_path", "SAVEPOINT", "RELEASE"))]


def _fill(place: Place, number: int) -> None:
    """As much again of everything that a screen has rows of."""
    page, begins = place.page, timezone.now() + timedelta(days=1)
    group = create_group(page, ACTOR, name=f"Group {number}")
    made = [create_component(page, ACTOR, name=f"{number}-{one}", group=group) for one in range(3)]
    said = {one.pk: "partial_outage" for one in made}
    open_incident(page, ACTOR, Words("identified", components=said), name=f"Incident {number}")
    post_update(page, place.incident, ACTOR, Words("identified", f"Update {number}", components=said))
    create_template(page, ACTOR, name=f"Template {number}", title="Slow", body="Hm.", components=list(said))
    times = {"scheduled_for": begins, "scheduled_until": begins + timedelta(hours=1)}
    schedule_maintenance(page, ACTOR, name=f"Work {number}", **times)
    for incident in (None, place.incident):
        keep_draft(page, ACTOR, Written(Words("identified"), name=f"Draft {number}"), incident=incident)
    _webhook(place, number)
    drafted(Event.objects.filter(name="incident.updated").latest("id")).save()


def _typed(place: Place, said: dict[str, str]) -> dict[str, Any]:
    ids = place.page.components.present().values_list("pk", flat=True)
    return said | {"components": list(ids)} | {f"statuses-{pk}": "major_outage" for pk in ids}


def _webhook(place: Place, number: int) -> Subscriber:
    who = Who(f"https://hooks.example.org/{number}", Channel.WEBHOOK)
    return add_confirmed(place.page, who, ACTOR, "Ours.")


def test_screens_take_a_few_queries_however_many_rows_they_have(
    visitors: dict[str, Visitor], place: Place
) -> None:
    template = create_template(place.page, ACTOR, name="Usual", title="Slow", body="Hm.")
    # Signing in is counted for no screen.
    visitors["admin"].arrive()
    known = {"one": place.incident.pk, "template": template.pk, "webhook": _webhook(place, 0).pk}

    def asked() -> dict[str, list[str]]:
        addresses = {screen: place.home + screen.format(**known) for screen in (*SCREENS, *PREVIEWS)}
        typed = {screen: _typed(place, said) for screen, said in PREVIEWS.items()}
        return {
            screen: _queries(visitors["admin"], address, typed.get(screen))
            for screen, address in addresses.items()
        }

    _fill(place, 1)
    few = asked()
    for number in (2, 3, 4):
        _fill(place, number)
    many = asked()

    for screen in few:
        assert len(many[screen]) <= MOST, (screen, many[screen])
        assert len(many[screen]) == len(few[screen]), (screen, set(many[screen]) - set(few[screen]))

"""Telling of incidents without JavaScript: what is typed is said, kept, and corrected."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from events.models import Event
from incidents.actions.incident import open_incident, post_update
from incidents.actions.template import create_template
from incidents.models import Incident, IncidentUpdate, Postmortem
from incidents.steps import Words
from notifications.choices import DeliveryStatus
from notifications.expansion import drafted
from notifications.holding import held
from notifications.models import Tally
from outbox.models import OutboxItem
from pages.change import NOTIFY
from subscribers.actions import Who, add_confirmed
from tests.conftest import ACTOR
from tests.dashboard.conftest import Forms, Place, Visitor

NEW = "incidents/new"


def _newest() -> Incident:
    return Incident.objects.latest("created_at")


def _status_of(place: Place, component: Any) -> str:
    return place.page.components.with_status().get(pk=component.pk).status  # type: ignore[no-any-return]


# Opening -------------------------------------------------------------------------------------------


def test_an_incident_is_open_after_one_form(editor: Visitor, place: Place) -> None:
    typed = {"name": "All is slow", "body": "**Hm.**", f"statuses-{place.website.pk}": "degraded_performance"}
    answer = editor.send(place.home + NEW, "name", **typed)

    made = _newest()
    assert answer["Location"] == f"{place.incidents}{made.pk}/"  # type: ignore[index]
    assert (made.name, made.status, made.impact) == ("All is slow", "investigating", "minor")
    assert made.updates.get().body == "**Hm.**"
    assert _status_of(place, place.website) == "degraded_performance"
    assert Event.objects.filter(name="incident.created", object_id=made.pk, notify=True).exists()


def test_a_component_that_is_named_as_it_is_stays_so(editor: Visitor, place: Place) -> None:
    editor.send(place.home + NEW, "name", name="Hm", **{f"statuses-{place.website.pk}": "operational"})

    assert list(_newest().links.values_list("component_id", "status")) == [(place.website.pk, None)]


@pytest.mark.parametrize(
    ("promise", "minutes"), [("", None), ("15", 15), ("120", 120)], ids=["none", "quarter", "hours"]
)
def test_the_next_update_is_promised_from_now(
    editor: Visitor, place: Place, promise: str, minutes: int | None
) -> None:
    editor.send(place.home + NEW, "name", name="Hm", promise=promise)

    by, now = _newest().next_update_by, timezone.now()
    assert (by is None) == (minutes is None)
    if by and minutes:
        assert abs(by - now - timedelta(minutes=minutes)) < timedelta(minutes=1)


def test_a_promise_at_a_time_wants_the_time(editor: Visitor, place: Place) -> None:
    answer = editor.send(place.home + NEW, "name", name="Hm", promise="at")

    assert "Please say when." in answer.content.decode()
    assert _newest() == place.incident


def test_what_is_held_can_be_taken_back(editor: Visitor, place: Place) -> None:
    editor.send(place.home + NEW, "name", name="Oops", hold="300")
    waiting = next(one for one in held(place.page, timezone.now()) if one.event.object_id == _newest().pk)

    screen = editor.see(f"{place.incidents}{_newest().pk}/")
    assert "Undo: tell nobody" in screen
    editor.post(f"{place.home}held/{waiting.event.pk}", {"then": "undo", "next": place.home})

    assert held(place.page, timezone.now()) == []
    assert not OutboxItem.objects.filter(topic=NOTIFY, key=str(waiting.event.pk)).exists()
    assert _newest().name == "Oops"


def test_who_tells_nobody_tells_nobody(editor: Visitor, place: Place) -> None:
    editor.send(place.home + NEW, "name", name="Quiet", notify=None)

    assert not Event.objects.filter(object_id=_newest().pk, notify=True).exists()


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"name": ""}, "This field is required."),
        ({"name": "x" * 300}, "at most 255 characters"),
        ({"name": "Hm", "promise": "at", "next_update_by": "2020-01-01T00:00"}, "lies ahead"),
        ({"name": "Hm", "status": "gone"}, "Select a valid choice"),
    ],
    ids=["no name", "long name", "past promise", "no such status"],
)
def test_what_is_wrong_stands_beside_what_was_typed(
    editor: Visitor, place: Place, typed: dict[str, str], said: str
) -> None:
    chosen = {f"statuses-{place.website.pk}": "major_outage"}
    answer = editor.send(place.home + NEW, "name", body="A long story", **typed, **chosen)

    html = answer.content.decode()
    assert said in html
    assert "Nothing was saved yet." in html
    kept = next(values for _action, values in Forms(html).found if "body" in values)
    assert kept["body"] == "A long story"
    assert kept[f"statuses-{place.website.pk}"] == "major_outage"
    assert _newest() == place.incident


def test_a_template_asks_for_what_it_lacks_and_fills_the_rest(editor: Visitor, place: Place) -> None:
    template = create_template(
        place.page,
        ACTOR,
        name="Slow",
        title="Slow {{ what }}",
        body="{{ what }} is slow.",
        components=[place.website.pk],
    )
    new = place.home + NEW

    asked = editor.fill(f"{new}?template={template.pk}", "value-what")
    assert asked["template"] == template.pk
    filled = editor.fill(f"{new}?template={template.pk}&value-what=Search", "name")

    assert (filled["name"], filled["body"]) == ("Slow Search", "Search is slow.")
    assert filled[f"statuses-{place.website.pk}"] == "operational"


def test_the_preview_says_who_would_be_told_what_and_tells_nobody(editor: Visitor, place: Place) -> None:
    add_confirmed(place.page, Who("reader@example.org"), ACTOR, "said so")
    before = Event.objects.count()
    typed = {"name": "Down", "body": "It is **bad**.", f"statuses-{place.website.pk}": "major_outage"}
    answer = editor.send(place.home + NEW, "name", preview="1", **typed)

    html = answer.content.decode()
    assert "subscriber is told" in html
    assert "It is <strong>bad</strong>." in html
    assert "Impact: Critical" in html
    assert Event.objects.count() == before


# Going on ------------------------------------------------------------------------------------------


def test_an_update_is_written_in_place(editor: Visitor, place: Place) -> None:
    editor.send(place.shown, "body", status="identified", body="Found.", technical_details="`disk`")

    update = place.incident.updates.latest("created_at")
    assert (update.status, update.body, update.technical_details) == ("identified", "Found.", "`disk`")
    # Nothing was said of the component, which stays as it was.
    assert not update.affected.exists()
    assert _status_of(place, place.api) == "partial_outage"


@pytest.mark.parametrize(("back", "after"), [("on", "operational"), (None, "partial_outage")])
def test_resolving_takes_components_back_where_that_is_wanted(
    editor: Visitor, place: Place, back: str | None, after: str
) -> None:
    editor.send(place.shown, "body", status="resolved", to_operational=back)

    place.incident.refresh_from_db()
    assert place.incident.status == "resolved"
    assert _status_of(place, place.api) == after


def test_a_viewer_sees_the_timeline_and_no_form(visitors: dict[str, Visitor], place: Place) -> None:
    html = visitors["viewer"].see(place.shown)

    assert "We are looking." in html
    assert 'name="body"' not in html
    assert visitors["viewer"].post(place.shown, {"body": "X", "status": "resolved"}).status_code == 403


def test_who_writes_at_once_with_another_loses_nothing(editor: Visitor, place: Place) -> None:
    mine = editor.fill(place.shown, "body") | {"status": "monitoring", "body": "Mine, long."}
    post_update(place.page, place.incident, ACTOR, Words("identified", "Theirs."))

    answer = editor.post(place.shown, mine)
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "Somebody else was quicker" in html
    assert "Theirs." in html
    again = next(values for _action, values in Forms(html).found if "body" in values)
    assert again["body"] == "Mine, long."

    assert editor.post(place.shown, again).status_code == 302
    assert list(place.incident.updates.values_list("body", flat=True))[:2] == ["Mine, long.", "Theirs."]


# Correcting ----------------------------------------------------------------------------------------


def test_text_and_time_of_an_update_are_corrected(editor: Visitor, place: Place) -> None:
    update = place.incident.updates.get()
    editor.send(f"{place.shown}updates/{update.pk}", "display_at", body="We look.")

    was = update.display_at
    update.refresh_from_db()
    assert (update.body, update.display_at) == ("We look.", was)


def test_who_corrects_at_once_with_another_sees_both(editor: Visitor, place: Place) -> None:
    update: IncidentUpdate = place.incident.updates.get()
    address = f"{place.shown}updates/{update.pk}"
    mine = editor.fill(address, "display_at") | {"body": "My words"}
    editor.send(address, "display_at", body="Their words")

    answer = editor.post(address, mine)
    html = answer.content.decode()
    assert answer.status_code == 409
    assert "Their words" in html
    again = next(values for _action, values in Forms(html).found if "display_at" in values)
    assert again["body"] == "My words"
    editor.post(address, again)
    update.refresh_from_db()
    assert update.body == "My words"


def test_name_impact_and_times_are_corrected(editor: Visitor, place: Place) -> None:
    address = f"{place.shown}edit"
    answer = editor.send(address, "started_at", name="Slower", impact_override="critical")
    place.incident.refresh_from_db()

    assert answer.status_code == 302
    assert (place.incident.name, place.incident.impact_override) == ("Slower", "critical")
    refused = editor.send(address, "started_at", started_at="2100-01-01T00:00")
    assert "This lies in the future." in refused.content.decode()


def test_deleting_asks_first_and_takes_it_off(editor: Visitor, place: Place) -> None:
    assert "Delete this incident?" in editor.see(f"{place.shown}delete")
    editor.post(f"{place.shown}delete")

    place.incident.refresh_from_db()
    assert place.incident.deleted_at is not None
    assert editor.get(place.shown).status_code == 404


def test_a_past_incident_joins_the_history(editor: Visitor, place: Place) -> None:
    typed = {
        "started_at": "2026-01-05T10:00",
        "resolved_at": "2026-01-05T11:30",
        "body": "It was the disk.",
        f"statuses-{place.website.pk}": "major_outage",
    }
    editor.send(f"{place.home}incidents/past", "started_at", name="Old one", **typed)

    made = Incident.objects.get(name="Old one")
    assert made.backfilled
    # Typed in the page's zone.
    assert made.started_at.isoformat() == "2026-01-05T09:00:00+00:00"
    assert _status_of(place, place.website) == "operational"
    assert not Event.objects.filter(object_id=made.pk, notify=True).exists()


def test_a_postmortem_is_drafted_published_and_taken_off(editor: Visitor, place: Place) -> None:
    address = f"{place.shown}postmortem"
    post_update(place.page, place.incident, ACTOR, Words("resolved"))

    def send(then: str, draft: str) -> Postmortem:
        editor.send(address, "draft", then=then, draft=draft)
        return Postmortem.objects.get(incident=place.incident)

    assert send("", "Because.").published_at is None
    assert send("publish", "Because of a disk.").body == "Because of a disk."
    assert send("", "Because of two.").body == "Because of a disk."
    assert send("revert", "Because of two.").published_at is None
    endless = editor.post(f"{address}/preview", {"draft": "x" * 100_000 + " late"}).content.decode()
    assert "late" not in endless


# The list ------------------------------------------------------------------------------------------


def test_the_list_is_filtered_sorted_and_paged_by_its_address(editor: Visitor, place: Place) -> None:
    for number in range(30):
        open_incident(place.page, ACTOR, Words("resolved", "Over."), name=f"Older {number:02}")

    def names(query: str) -> list[str]:
        answer = editor.get(f"{place.incidents}?{query}")
        return [one.name for one in answer.context["rows"]]

    assert names("state=open") == ["Slow answers"]
    assert len(names("")) == 25
    assert len(names("page=2")) == 6
    assert names("sort=name")[0] == "Older 00"
    assert names("sort=-name")[0] == "Slow answers"
    assert names("q=looking") == ["Slow answers"]
    assert names("q=nothing+of+it") == []
    assert names("state=over&q=slow") == []
    # What nobody offers does no harm.
    assert len(names("sort=;drop&state=x&page=x")) == 25


# What was told ---------------------------------------------------------------------------------------


def test_how_far_the_messages_are_is_asked_again_until_they_are_over(editor: Visitor, place: Place) -> None:
    add_confirmed(place.page, Who("reader@example.org"), ACTOR, "said so")
    editor.send(place.shown, "body", status="identified", body="Found.")
    address = f"{place.shown}progress"
    # News that has not become messages yet, and messages that nobody has sent.
    assert "hx-trigger" in editor.see(address)
    told = drafted(Event.objects.filter(name="incident.updated").latest("id"))
    told.save()
    Tally.objects.create(notification=told, state=DeliveryStatus.PENDING, number=1, backend=1)
    waiting = editor.see(address)
    assert "0 of 1 sent, 1 waiting" in waiting
    assert "hx-trigger" in waiting

    Tally.objects.update(state=DeliveryStatus.DEAD)
    told.expanded_at = timezone.now()
    told.save(update_fields=["expanded_at"])
    over = editor.see(address)
    assert "1 dead" in over
    assert "Look at the dead ones" in over
    assert "hx-trigger" not in over

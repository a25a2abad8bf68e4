"""Drafts behind the forms: kept, gone on with, published, scheduled, discarded."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from incidents.actions.draft import keep_draft
from incidents.drafts import Written
from incidents.models import Draft, Incident
from incidents.steps import Words
from tests.conftest import ACTOR
from tests.dashboard.conftest import Forms, Place, Visitor

NEW = "incidents/new"


def test_a_draft_is_kept_gone_on_with_and_published(editor: Visitor, place: Place) -> None:
    chosen = {f"statuses-{place.website.pk}": "major_outage"}
    editor.send(place.home + NEW, "name", then="draft", body="Not yet.", promise="30", hold="60", **chosen)
    draft = Draft.objects.get()
    assert Incident.objects.count() == 1
    assert "Without a name" in editor.see(f"{place.incidents}?state=drafts")

    address = f"{place.home}{NEW}?draft={draft.pk}"
    shown = editor.fill(address, "name")
    assert {name: shown[name] for name in ("body", "promise", "hold", *chosen)} == {
        "body": "Not yet.",
        "promise": "30",
        "hold": "60",
        **chosen,
    }
    editor.send(address, "name", name="Now", body="Now.")

    made = Incident.objects.latest("created_at")
    assert (made.name, made.updates.get().body) == ("Now", "Now.")
    assert not Draft.objects.exists()


def test_an_update_is_drafted_beside_its_timeline(editor: Visitor, place: Place) -> None:
    editor.send(place.shown, "body", then="draft", status="identified", body="Soon.")
    draft = Draft.objects.get()
    assert draft.incident == place.incident
    assert place.incident.updates.count() == 1

    editor.send(f"{place.shown}?draft={draft.pk}", "body")
    assert place.incident.updates.latest("created_at").body == "Soon."
    assert not Draft.objects.exists()


def test_a_draft_is_scheduled_in_the_zone_of_the_page(editor: Visitor, place: Place) -> None:
    editor.send(place.home + NEW, "name", then="draft", name="Later", publish_at="2099-07-01T12:00")

    at = Draft.objects.get().publish_at
    assert at is not None
    assert at.isoformat() == "2099-07-01T10:00:00+00:00"


def test_a_time_to_publish_is_not_overlooked_when_it_is_published_now(editor: Visitor, place: Place) -> None:
    answer = editor.send(place.home + NEW, "name", name="Now", publish_at="2099-07-01T12:00")

    assert "leave this empty to publish it now" in answer.content.decode()
    assert Incident.objects.count() == 1


def test_two_who_keep_one_draft_are_told(editor: Visitor, place: Place) -> None:
    draft = keep_draft(place.page, ACTOR, Written(Words("identified", "First."), name="X"))
    address = f"{place.home}{NEW}?draft={draft.pk}"
    mine = editor.fill(address, "name") | {"body": "Mine.", "then": "draft"}
    editor.send(address, "name", then="draft", body="Theirs.")

    html = editor.post(address, mine).content.decode()
    assert "Somebody else has changed this meanwhile." in html
    assert "Theirs." in html
    again = next(values for _action, values in Forms(html).found if "name" in values)
    assert again["body"] == "Mine."
    editor.post(address, again | {"then": "draft"})
    assert Draft.objects.get().content["words"]["body"] == "Mine."


def test_nobody_publishes_over_what_another_made_of_the_draft(editor: Visitor, place: Place) -> None:
    draft = keep_draft(place.page, ACTOR, Written(Words("identified", "First."), name="X"))
    address = f"{place.home}{NEW}?draft={draft.pk}"
    mine = editor.fill(address, "name") | {"body": "Mine."}
    editor.send(address, "name", then="draft", body="Theirs.")

    html = editor.post(address, mine).content.decode()
    assert "Theirs." in html
    assert Incident.objects.count() == 1
    again = next(values for _action, values in Forms(html).found if "name" in values)
    editor.post(address, again)
    assert Incident.objects.latest("created_at").updates.get().body == "Mine."


def test_a_drafted_update_is_not_published_over_what_was_said_meanwhile(
    editor: Visitor, place: Place
) -> None:
    draft = keep_draft(place.page, ACTOR, Written(Words("identified", "Mine.")), incident=place.incident)
    address = f"{place.shown}?draft={draft.pk}"
    mine = editor.fill(address, "body")
    editor.send(place.shown, "body", body="Theirs.")

    answer = editor.post(address, mine)
    assert (answer.status_code, place.incident.updates.count()) == (409, 2)
    again = next(values for _action, values in Forms(answer.content.decode()).found if "body" in values)
    editor.post(address, again)
    assert place.incident.updates.latest("created_at").body == "Mine."


def test_a_draft_is_discarded(editor: Visitor, place: Place) -> None:
    draft = keep_draft(place.page, ACTOR, Written(Words("identified"), name="X"))
    editor.post(f"{place.home}drafts/{draft.pk}/discard")

    assert not Draft.objects.exists()


def test_a_draft_that_could_not_be_published_says_why(editor: Visitor, place: Place) -> None:
    at = timezone.now() + timedelta(hours=1)
    draft = keep_draft(place.page, ACTOR, Written(Words("identified"), name="X"), publish_at=at)
    Draft.objects.filter(pk=draft.pk).update(problem="The component is gone.", publish_at=None)

    assert "The component is gone." in editor.see(f"{place.incidents}?state=drafts")


def test_viewers_see_no_drafts(visitors: dict[str, Visitor], place: Place) -> None:
    keep_draft(place.page, ACTOR, Written(Words("identified"), name="Secret plan"))

    for query in ("", "?state=drafts"):
        assert "Secret plan" not in visitors["viewer"].see(f"{place.incidents}{query}")

"""What other sites embed: the component's file, the state that it asks for, and the document for a frame."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace

import pytest

from components.actions import create_component, set_status
from edge.emergency import in_json
from incidents.actions.incident import open_incident
from incidents.steps import Words
from pages.actions import update_page
from pages.models import StatusPage
from publishing.emergency import ready
from publishing.rendering import badges, embed, words
from publishing.storage import store
from store.emergency import Notice, Said, ready_path
from tests.conftest import ACTOR, CANARY
from tests.publishing import notices, samples
from tests.publishing.published import assert_published, drain_publishing, stored


def test_the_widget_is_small() -> None:
    assert len(gzip.compress(embed.script().body, 6)) < 4000


def test_its_file_is_the_same_for_every_page() -> None:
    files = {embed.documents(one)[0].body for one in (samples.stormy(), samples.german(), samples.arabic())}

    assert len(files) == 1


def test_its_file_has_no_placeholder_and_no_comment_left() -> None:
    source = embed.script().body.decode()

    assert "{css}" not in source
    assert not re.search(r"(?m)^\s*//|^\s+|/\*", source)
    assert source.count("`") % 2 == 0


@pytest.mark.parametrize("indicator", words.IMPACT_STATUS)
def test_each_state_has_a_sign_of_its_own_in_the_file(indicator: str) -> None:
    mark = badges.SIGNS[words.IMPACT_STATUS[indicator]][1]  # type: ignore[index]

    assert re.search(rf'{indicator}:\s*\["[^"]+", "{re.escape(mark)}"\]', embed.script().body.decode())


def test_the_state_is_what_is_wrong_now_in_the_words_of_the_page() -> None:
    snapshot = replace(samples.stormy(), maintenance=(notices.upcoming_maintenance(),))
    page = replace(snapshot.page, language="de")
    state = json.loads(embed.documents(replace(snapshot, page=page))[1].body)

    assert (state["lang"], state["dir"], state["indicator"]) == ("de", "ltr", "major")
    assert state["sentence"] == "Teilausfall des Systems"
    assert [one["id"] for one in state["notices"]] == [one.id for one in snapshot.incidents]
    assert state["words"]["close"] != "Dismiss this notice"


def test_what_is_embedded_follows_the_page_and_shows_nothing_restricted(page: StatusPage) -> None:
    seen = create_component(page, ACTOR, name="API")
    hidden = create_component(page, ACTOR, name="Secret thing", restricted=True)
    secret = Words("investigating", "Hush.", components={hidden.pk: "major_outage"})
    open_incident(page, ACTOR, secret, name="Secret trouble")
    drain_publishing()
    calm = json.loads(stored(page)[embed.STATE])
    assert (calm["indicator"], calm["notices"]) == ("none", [])

    told = open_incident(page, ACTOR, Words("investigating", "Looking."), name="<b>Slow</b>")
    set_status(page, {seen.pk: "major_outage"}, ACTOR)
    drain_publishing()
    documents = stored(page)
    state = json.loads(documents[embed.STATE])
    assert (state["indicator"], [one["id"] for one in state["notices"]]) == ("critical", [told.pk])
    assert state["version"] == StatusPage.objects.get(pk=page.pk).version
    assert b"&lt;b&gt;Slow&lt;/b&gt;" in documents[embed.FRAME]
    for path in (embed.STATE, embed.FRAME):
        assert not any(word in documents[path] for word in (b"Secret", CANARY.encode()))
    assert_published(page)


def test_a_frame_says_what_language_it_is_in(page: StatusPage) -> None:
    update_page(page, ACTOR, language="ar")
    drain_publishing()

    assert b'<html lang="ar" dir="rtl">' in stored(page)[embed.FRAME]
    manifest = store().manifest(page.pk)
    assert manifest is not None
    assert manifest.entries[embed.WIDGET].type.startswith("text/javascript")


def test_a_notice_written_by_hand_reaches_widget_and_frame() -> None:
    page = replace(samples.PAGE, language="de")
    made = {one.path: one for one in ready.documents(page)}
    said = Said("upd000000001", "investigating", notices.NOW, "We look.")
    notice = Notice("k3v9x2m1q8za", "Logins fail", "critical", notices.NOW, (said,))
    state = json.loads(made[ready_path("critical", embed.STATE)].body)
    in_json(notice, state, listed=False)

    assert (state["indicator"], state["lang"]) == ("critical", "de")
    assert state["notices"] == [{"id": notice.id, "name": "Logins fail", "state": "Wird untersucht"}]
    assert state["sentence"].encode() in made[ready_path("critical", embed.FRAME)].body

    over = replace(notice, updates=(said, replace(said, status="resolved")))
    calm = json.loads(embed.documents(samples.calm())[1].body)
    in_json(over, calm, listed=False)
    assert calm == json.loads(embed.documents(samples.calm())[1].body)

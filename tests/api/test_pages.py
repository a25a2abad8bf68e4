"""Pages, and how their widget looks, by the API."""

from __future__ import annotations

import json

import pytest

from common.errors import Refused
from components.actions import create_component, set_status
from events.models import Event
from notifications.models import MailSender
from pages.actions import update_page
from pages.models import StatusPage
from public.ways import offered
from subscribers.actions import Who, subscribe
from subscribers.choices import Scope
from subscribers.wishes import Wish
from tests.api.conftest import Machine
from tests.conftest import ACTOR
from tests.publishing.published import drain_publishing, stored

CHANGED = {
    "name": "Other",
    "page_description": "Ours",
    "subdomain": "other",
    "url": "https://example.com/",
    "support_url": "mailto:help@example.com",
    "time_zone": "Asia/Tokyo",
    "hidden_from_search": True,
    "css_greens": "#00aa00",
    "css_link_color": "1F6FEB",
    "branding": "premium",
    "notifications_email_footer": "Bye",
    "allow_rss_atom_feeds": False,
    "allow_sms_subscribers": False,
    "viewers_must_be_team_members": True,
}


def test_what_is_set_of_a_page_is_read_again(api: Machine, page: StatusPage) -> None:
    before = api.get("").json
    changed = api.patch("", {"page": CHANGED | {"unknown": 1}})
    assert changed.status == 200
    assert changed.json == before | CHANGED | {"updated_at": changed.json["updated_at"]}
    assert api.get("").json == changed.json

    assert api.put("", {"page": {"viewers_must_be_team_members": False}}).json == {
        **changed.json,
        "viewers_must_be_team_members": False,
        "updated_at": api.get("").json["updated_at"],
    }
    page.refresh_from_db()
    assert (page.is_public, page.slug, page.company_url) == (True, "other", "https://example.com/")


def test_the_colour_of_links_is_the_pages_own(api: Machine, page: StatusPage) -> None:
    for said, own in (("#1f6feb", "#1f6feb"), ("#AbC", "#aabbcc"), ("aabbcc", "#aabbcc"), ("", "")):
        assert api.patch("", {"page": {"css_link_color": said}}).json["css_link_color"] == said
        page.refresh_from_db()
        assert page.accent == own
    update_page(page, ACTOR, accent="#112233")
    assert api.get("").json["css_link_color"] == "#112233"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", ""),
        ("subdomain", "api"),
        ("domain", "status.example.com"),
        ("time_zone", "Mars"),
        ("url", "javascript:alert(1)"),
        ("notifications_from_email", "nobody"),
        ("notifications_from_email", "somebody@localhost"),
        ("branding", "gold"),
        ("css_link_color", "blue"),
        ("allow_sms_subscribers", "perhaps"),
    ],
)
def test_what_a_page_cannot_be_is_refused(api: Machine, field: str, value: object) -> None:
    before = api.get("").json
    assert api.patch("", {"page": {"page_description": "Half of it"} | {field: value}}).status == 422
    assert api.get("").json == before


def test_mail_comes_from_another_address_once_it_is_proved(api: Machine) -> None:
    given = {"page": {"notifications_from_email": "status@example.com"}}
    assert api.patch("", given).json["notifications_from_email"] == "status@example.com"
    assert MailSender.objects.get().verified_at is None


def test_a_way_that_is_closed_is_neither_offered_nor_taken(api: Machine, page: StatusPage) -> None:
    api.patch("", {"page": {"allow_email_subscribers": False, "allow_incident_subscribers": False}})
    page.refresh_from_db()
    assert "email" not in offered(page.closed_ways)
    assert "webhook" in offered(page.closed_ways)
    with pytest.raises(Refused):
        subscribe(page, Who("ada@example.com"), ACTOR)
    api.patch("", {"page": {"allow_email_subscribers": True, "allow_page_subscribers": False}})
    page.refresh_from_db()
    with pytest.raises(Refused):
        subscribe(page, Who("ada@example.com"), ACTOR, Wish(scope=Scope.PAGE))


def test_the_widget_looks_as_it_was_set(api: Machine, page: StatusPage) -> None:
    empty = api.get("/status_embed_config").json
    assert (empty["page_id"], empty["position"]) == (page.pk, "bottom-right")
    given = {"position": "top-left", "incident_background_color": "#F00", "incident_text_color": ""}
    assert api.patch("/status_embed_config", {"status_embed_config": given}).json == empty | given

    component = create_component(page, ACTOR, name="API", status="major_outage")
    drain_publishing()
    own = {"inset": "1em auto auto 1em", "background": "#F00", "color": ""}
    assert json.loads(stored(page)["/embed/widget.json"])["own"] == own
    set_status(page, {component.pk: "operational"}, ACTOR)
    drain_publishing()
    assert json.loads(stored(page)["/embed/widget.json"])["own"] == own | {"background": ""}
    for wrong in ({"position": "middle"}, {"incident_text_color": "red;}"}, {"incident_text_color": 1}):
        assert api.put("/status_embed_config", {"status_embed_config": wrong}).status == 422


def test_what_the_api_changes_is_in_the_log_under_its_key(api: Machine, page: StatusPage) -> None:
    api.patch("", {"page": {"name": "Other"}})
    event = Event.objects.filter(name="page.updated").get()
    assert (event.actor_kind, event.actor_id) == ("api_key", api.token.split("_")[2])

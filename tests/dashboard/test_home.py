"""Home of a page, the way there, and what is kept when a session ends."""

from __future__ import annotations

import re
from typing import Any

import pytest

from components.choices import ComponentStatus
from incidents.models import Incident
from pages.actions import create_page
from tenants.models import User
from tests.conftest import ACTOR
from tests.dashboard.conftest import Forms, Place, Visitor


def test_home_says_what_visitors_see(editor: Visitor, place: Place) -> None:
    html = editor.see("/o/acme/")

    assert "Minor Service Outage" in html
    assert "Slow answers" in html


def test_with_several_pages_one_is_chosen(editor: Visitor, place: Place) -> None:
    create_page(ACTOR, name="Second", slug="second")
    html = editor.see("/o/acme/")

    assert "Second" in html
    assert f'href="{place.home}"' in html


@pytest.mark.parametrize("status", list(ComponentStatus))
def test_a_status_is_switched_here(editor: Visitor, place: Place, status: str) -> None:
    editor.post(f"{place.home}switch", {"set": f"{place.website.pk}:{status}"})

    assert place.page.components.with_status().get(pk=place.website.pk).status == status  # type: ignore[attr-defined]


def test_a_switch_of_something_else_is_refused_in_words(editor: Visitor, place: Place) -> None:
    for wrong in ("", "nothing", f"{place.website.pk}:gone", "0" * 12 + ":operational"):
        html = editor.post(f"{place.home}switch", {"set": wrong}, follow=True).content.decode()
        assert 'class="toast is-error"' in html, wrong


def test_what_was_sent_after_the_session_had_ended_is_kept(
    visitors: dict[str, Visitor], people: dict[str, User | None], place: Place
) -> None:
    editor, address = visitors["editor"], f"{place.home}incidents/new"
    typed = editor.fill(address, "name") | {"name": "Typed at length", "body": "A story"}
    del editor.cookies["session"]

    answer = editor.post(address, typed, HTTP_REFERER=f"http://localhost{address}")
    assert answer.status_code == 302
    assert answer["Location"].endswith(f"next={address}")
    assert Incident.objects.count() == 1

    user = people["editor"]
    assert user is not None
    _sign_in_here(editor, user)
    html = editor.see(address)
    kept = next(values for _action, values in Forms(html).found if "name" in values)
    assert (kept["name"], kept["body"]) == ("Typed at length", "A story")
    assert "Your session had ended." in html
    # Once only.
    assert editor.fill(address, "name")["name"] == ""


def _sign_in_here(visitor: Visitor, user: User) -> None:
    """As the sign-in does it: what an anonymous session holds goes along."""
    session = visitor.session
    held = dict(session.items())
    visitor.force_login(user)
    session = visitor.session
    session.update({key: value for key, value in held.items() if not key.startswith("_auth")})
    session.save()


def test_what_was_sent_with_the_token_of_another_session_is_kept(
    people: dict[str, User | None], place: Place
) -> None:
    editor = Visitor(people["editor"], enforce_csrf_checks=True)
    address = f"{place.home}incidents/new"
    typed = editor.fill(address, "name") | {"name": "Typed", "csrfmiddlewaretoken": "x" * 64}

    answer = editor.post(address, typed, HTTP_REFERER=f"http://localhost{address}")
    assert answer["Location"] == address
    assert editor.fill(address, "name")["name"] == "Typed"
    assert editor.post(address, typed, HTTP_REFERER="https://evil.example/").status_code == 403
    assert Incident.objects.count() == 1


@pytest.mark.parametrize(
    "headers",
    [
        {"HTTP_REFERER": "https://evil.example/"},
        {},
        {"HTTP_REFERER": "http://localhost/x", "HTTP_SEC_FETCH_SITE": "cross-site"},
    ],
    ids=["elsewhere", "unknown", "cross-site"],
)
def test_what_another_site_sends_is_not_kept(
    visitors: dict[str, Visitor], place: Place, headers: dict[str, str]
) -> None:
    nobody = visitors["anonymous"]
    nobody.post(f"{place.home}incidents/new", {"name": "Bait"}, **headers)

    assert "typed" not in nobody.session


@pytest.mark.parametrize(
    ("cookie", "asked", "lang"),
    [
        ("", "", "en"),
        ("", "de-AT,de;q=0.9", "de"),
        ("en", "de", "en"),
        ("de", "en", "de"),
        ("xx", "fr", "en"),
    ],
)
def test_the_language_is_the_chosen_one_or_the_browsers(
    editor: Visitor, place: Place, cookie: str, asked: str, lang: str
) -> None:
    editor.cookies["language"] = cookie
    html = editor.get(place.home, HTTP_ACCEPT_LANGUAGE=asked).content.decode()

    assert f'<html lang="{lang}">' in html


def test_a_language_is_chosen_and_leads_back_to_our_own_screens_alone(editor: Visitor, place: Place) -> None:
    back = editor.post("/language", {"language": "de", "next": place.home})
    away = editor.post("/language", {"language": "de", "next": "https://evil.example/"})

    assert (back["Location"], away["Location"]) == (place.home, "/")
    assert editor.cookies["language"].value == "de"
    assert list(User.objects.exclude(language="").values_list("language", flat=True)) == ["de"]


def test_no_screen_has_a_script_or_style_of_its_own(editor: Visitor, place: Place, settings: Any) -> None:
    settings.DEBUG = True
    screens = [place.home, place.incidents, f"{place.home}incidents/new", place.shown, "/dev/components"]
    for address in screens:
        html = editor.see(address)
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", html), address

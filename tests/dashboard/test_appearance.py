"""How a page looks: chosen, seen before it is saved, and cleaned."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from common.tenancy import in_tenant
from components.actions import create_component
from dashboard.forms.appearance import hard_to_read
from incidents.actions.incident import open_incident, post_update
from incidents.steps import Words
from pages.models import StatusPage
from tenants.models import Tenant
from tests.conftest import ACTOR
from tests.dashboard.conftest import Place, Visitor


@pytest.fixture
def admin(visitors: dict[str, Visitor]) -> Visitor:
    return visitors["admin"]


@pytest.fixture
def at(place: Place) -> str:
    return f"{place.home}appearance/"


def now(acme: Tenant, place: Place) -> StatusPage:
    with in_tenant(acme.id):
        return StatusPage.objects.select_related("logo_light").get(pk=place.page.pk)


def logo() -> SimpleUploadedFile:
    out = io.BytesIO()
    Image.new("RGB", (40, 20), "#aa2266").save(out, "PNG")
    return SimpleUploadedFile("logo.png", out.getvalue(), content_type="image/png")


def test_the_look_is_chosen_and_taken_back(admin: Visitor, acme: Tenant, place: Place, at: str) -> None:
    answer = admin.send(at, "accent", accent="#AA2266", header="**Hello**", logo_light=logo())
    assert answer.status_code == 302
    page = now(acme, place)
    assert (page.accent, page.header) == ("#aa2266", "**Hello**")
    assert page.logo_light is not None
    assert "data:image/png" in admin.see(at)

    admin.send(at, "accent", accent="", **{"logo_light-clear": "on"})
    page = now(acme, place)
    assert (page.accent, page.logo_light, page.header) == ("", None, "**Hello**")


def test_what_is_wrong_stands_beside_its_field(admin: Visitor, acme: Tenant, place: Place, at: str) -> None:
    wrong: dict[str, Any] = {"accent": "red", "header": "Kept", "support_url": "javascript:alert(1)"}
    text = admin.send(at, "accent", **wrong).content.decode()
    assert "Nothing was saved yet" in text
    assert "Kept" in text
    broken = SimpleUploadedFile("logo.png", b"nonsense", content_type="image/png")
    assert "can be read" in admin.send(at, "accent", logo_light=broken).content.decode()
    assert now(acme, place).header == ""


def test_a_preview_shows_what_is_chosen_and_keeps_nothing(
    admin: Visitor, acme: Tenant, place: Place, at: str
) -> None:
    before = now(acme, place).version
    data = admin.fill(at, "accent") | {"accent": "#aa2266", "header": "**Hello** <script>x()</script>"}
    for theme in ("light", "dark", "nonsense"):
        answer = admin.post(f"{at}preview?theme={theme}", data | {"logo_light": logo()})
        text = answer.content.decode()
        assert "<strong>Hello</strong>" in text
        assert "data:image/png" in text
        assert "<script" not in text
        assert answer.headers["X-Frame-Options"] == "SAMEORIGIN"
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
    refused = admin.post(f"{at}preview", {"accent": "red"})
    assert (refused.status_code, "hexadecimal" in refused.content.decode()) == (422, True)
    assert now(acme, place).version == before
    assert now(acme, place).header == ""


def test_of_a_crowded_page_a_preview_shows_a_few_of_everything(
    admin: Visitor, acme: Tenant, place: Place, at: str
) -> None:
    page = place.page
    with in_tenant(acme.id):
        secret = create_component(page, ACTOR, name="Secret", restricted=True)
        made = [create_component(page, ACTOR, name=f"Part {number:02}") for number in range(14)]
        words = Words("identified", components={one.pk: "partial_outage" for one in (*made, secret)})
        incident = open_incident(page, ACTOR, words, name="Many")
        for number in range(6):
            post_update(page, incident, ACTOR, Words("identified", f"News {number}."))
    text = admin.post(f"{at}preview", admin.fill(at, "accent") | {"footer": "**The end**"}).content.decode()
    assert [f"News {number}." for number in range(6) if f"News {number}." in text] == [
        "News 2.",
        "News 3.",
        "News 4.",
        "News 5.",
    ]
    assert ("Part 05" in text, "Part 13" in text, "Secret" in text) == (True, False, False)
    assert "<strong>The end</strong>" in text
    assert text.index("News 5.") < text.index("News 4.")


def test_colours_that_are_hard_to_read_are_told() -> None:
    assert hard_to_read("", "") == []
    assert [theme for theme, *_rest in hard_to_read("#0b5cad", "#9fc5ff")] == []
    assert [theme for theme, *_rest in hard_to_read("#ffff00", "")] == ["Light"]
    assert [theme for theme, *_rest in hard_to_read("#000044", "")] == ["Dark"]
    assert hard_to_read("nonsense", "#12") == []

"""The pictures that sites and chats show where somebody links to a page."""

from __future__ import annotations

import io
import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from components.actions import create_component, set_status
from pages.actions import update_page
from pages.models import StatusPage
from publishing.rendering import previews, words
from tests.conftest import ACTOR
from tests.examples import examples
from tests.pages.test_drawings import PANICS
from tests.publishing.published import assert_published, drain_publishing, stored
from tests.publishing.samples import PAGE

SIZE = (previews.WIDTH, previews.HEIGHT)


def picture(body: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(body))
    assert (image.format, image.size) == ("PNG", SIZE)
    return image.convert("RGB")


def drawn(wanted: str = "major-system-outage", logo: bytes = b"", **changes: Any) -> bytes:
    return previews.document(replace(PAGE, **changes), wanted, logo).body


def test_there_is_one_for_every_sentence() -> None:
    for sentence in words.SENTENCES:
        path = previews.address(PAGE, sentence).partition("?")[0].removeprefix(PAGE.base_url)
        assert path in {f"/preview/{name}.png" for name in previews.names()}


def test_no_two_states_look_alike_even_without_colours() -> None:
    greys = [picture(drawn(name)).convert("L").tobytes() for name in previews.names()]

    assert len(set(greys)) == len(previews.names()) == 8


def test_a_picture_is_in_the_language_of_its_page_and_on_its_side() -> None:
    english, arabic = picture(drawn()), picture(drawn(language="ar"))
    left, right = (88, 247, 264, 423), (936, 247, 1112, 423)

    assert english.crop(left).tobytes() == arabic.crop(right).tobytes()
    assert english.crop(left).tobytes() != english.crop(right).tobytes()


NAMES = {
    "latin": "Österreich",
    "arabic": "شركة الخدمات",
    "hebrew": "שירות",
    "greek": "Υπηρεσία",
    "cyrillic": "Служба",
}


@pytest.mark.parametrize("script", NAMES)
def test_a_name_is_shown_in_its_own_letters(script: str) -> None:
    name = NAMES[script]
    host = "status.acme.example"

    assert len({drawn(name=one) for one in (name, name[:-1], host)}) == 3


@pytest.mark.parametrize("name", ["日本", "ไทย", "🦊", "Ա", "שלום שركة"])
def test_the_address_stands_for_a_name_that_cannot_be_shown(name: str) -> None:
    assert drawn(name=name) == drawn(name="status.acme.example")


def test_a_name_in_letters_of_two_directions_begins_with_its_first() -> None:
    """Read from the right, the one is what the other is from the left."""
    one, other = picture(drawn(name="شركة Acme")), picture(drawn(name="Acme شركة"))
    head = (0, 60, 1200, 180)

    assert one.crop(head).tobytes() == other.crop(head).tobytes()


@examples(25)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=120))
def test_any_name_makes_a_picture(name: str) -> None:
    found = picture(drawn(name=name))
    edge = found.crop((1160, 60, 1200, 600))

    assert len(edge.getcolors() or []) == 1


def test_a_page_has_its_colour_and_its_logo_on_it() -> None:
    logo = Image.new("RGB", (400, 100), "#7c3aed")
    out = io.BytesIO()
    logo.save(out, "PNG")
    found = picture(drawn(logo=out.getvalue(), accent="#7c3aed"))

    assert found.getpixel((600, 4)) == found.getpixel((100, 120)) == (0x7C, 0x3A, 0xED)


def test_a_logo_that_cannot_be_drawn_gives_way_to_the_name() -> None:
    assert drawn(logo=PANICS) == drawn()


def head(page: StatusPage, path: str) -> dict[str, str]:
    text = stored(page)[path].decode()
    return dict(re.findall(r'<meta (?:property|name)="((?:og:|twitter:)[^"]+)" content="([^"]*)"', text))


def test_a_link_to_the_page_shows_its_state_and_other_links_do_not(page: StatusPage) -> None:
    component = create_component(page, ACTOR, name="API")
    drain_publishing()
    calm = head(page, "/")
    set_status(page, {component.pk: "major_outage"}, ACTOR)
    drain_publishing()
    found = head(page, "/")

    assert calm["og:image"].startswith(
        f"http://{page.primary_host}:8000/preview/all-systems-operational.png?"
    )
    assert found["og:image"].partition("?")[0].endswith("/preview/major-system-outage.png")
    assert found["og:image:alt"] == "Acme: Major system outage"
    assert (found["og:image:width"], found["og:image:height"]) == ("1200", "630")
    assert found["twitter:card"] == "summary_large_image"
    assert "/preview/page.png?" in head(page, f"/components/{component.pk}")["og:image"]
    for name in previews.names():
        picture(stored(page)[f"/preview/{name}.png"])
    assert_published(page)


def test_a_new_look_is_a_new_address(page: StatusPage) -> None:
    drain_publishing()
    before, bodies = head(page, "/")["og:image"], stored(page)
    update_page(page, ACTOR, name="Globe")
    drain_publishing()

    assert head(page, "/")["og:image"] != before
    assert stored(page)["/preview/page.png"] != bodies["/preview/page.png"]
    assert_published(page)

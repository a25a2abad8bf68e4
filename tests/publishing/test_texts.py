"""Badges, plain text, markdown, and what tells programs where everything is."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import pytest
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from components.actions import create_component, set_status
from components.choices import ComponentStatus
from incidents.actions.incident import open_incident
from incidents.steps import Words
from metrics.actions import create_metric, create_provider
from pages.actions import update_page
from pages.models import StatusPage
from publishing.forms import CalendarView, ComponentForms, FeedView, SiteView
from publishing.rendering import badges, texts
from publishing.rendering.brand import contrast
from publishing.snapshot import Snapshot
from publishing.storage import store
from store.emergency import RESERVED
from tests.conftest import ACTOR
from tests.golden import Golden
from tests.publishing import samples
from tests.publishing.notices import NOW
from tests.publishing.published import assert_published, drain_publishing

SVG = "{http://www.w3.org/2000/svg}"
SITE = SiteView((("/", None), ("/about", None), ("/incidents/k3v9x2m1q8za", NOW)))


def of_component(status: str, name: str = "API") -> list[ET.Element]:
    forms = ComponentForms(
        "cmp000000010", name, status, FeedView(NOW, ()), CalendarView("/history", (), name)
    )
    return [ET.fromstring(one.body) for one in badges.of_component(samples.PAGE, forms)]  # noqa: S314 our own


def published(page: StatusPage, path: str) -> str:
    drain_publishing()
    manifest = store().manifest(page.pk)
    assert manifest is not None
    return (store().body(manifest.entries[path].hash) or b"").decode()


@pytest.mark.parametrize("name", ["status.txt", "index.md", "llms.txt", "robots.txt", "sitemap.xml"])
def test_texts_look_as_they_did(golden: Golden, name: str) -> None:
    found = {one.path: one for one in texts.documents(samples.stormy(), SITE)}

    golden.check(f"texts/{name}", found[f"/{name}"].body.decode())


def test_badges_look_as_they_did(golden: Golden) -> None:
    for one in badges.of_page(samples.stormy()):
        golden.check(f"texts{one.path}", one.body.decode())


@pytest.mark.parametrize("status", ComponentStatus.values)
def test_a_badge_says_it_in_words_in_a_sign_and_in_a_colour(status: str) -> None:
    said = f"API: {ComponentStatus(status).label}"
    for badge in of_component(status):
        assert badge.get("role") == "img"
        assert badge.get("aria-label") == badge.findtext(f"{SVG}title") == said
        assert "".join(one.text or "" for one in badge.iter(f"{SVG}text")) in {said, said.replace(": ", "")}
    assert contrast("#ffffff", badges.COLOURS[status]) >= 4.5


def test_no_two_states_have_the_same_sign() -> None:
    for one, other in combinations(ComponentStatus.values, 2):
        assert badges.SIGNS[one][0] != badges.SIGNS[other][0]
        assert badges.SIGNS[one][1] != badges.SIGNS[other][1]


def test_a_plain_badge_can_be_read_on_light_and_dark() -> None:
    for badge in of_component("operational")[1:]:
        ink = badge.findall(f"{SVG}text")[0].get("fill", "")
        assert min(contrast(ink, ground) for ground in ("#ffffff", "#000000")) >= 4.5


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=300))
def test_any_name_makes_a_badge(name: str) -> None:
    for badge in of_component("major_outage", name):
        boxes = [float(one.get("textLength", 0)) + float(one.get("x", 0)) for one in badge.iter(f"{SVG}text")]
        assert max(boxes) <= float(badge.get("width", 0))


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=200))
def test_a_name_is_no_markup_in_markdown(name: str) -> None:
    snapshot = samples.calm()
    page = replace(snapshot.page, name=f"x{name}")
    found = texts.documents(replace(snapshot, page=page), SITE)
    markdown = next(one for one in found if one.path == "/index.md").body.decode()
    tokens = MarkdownIt().parse(markdown)

    assert [one.type for one in tokens[:3]] == ["heading_open", "inline", "heading_close"]
    assert {one.type for one in tokens[1].children or ()} <= {"text", "text_special"}


def test_an_update_stays_in_its_quotation() -> None:
    """Whatever a writer puts into an update: the headings of the document are our own."""
    snapshot: Snapshot = samples.stormy()
    notice = snapshot.incidents[0]
    wild = replace(notice, updates=(replace(notice.updates[0], body="# Mine\n\n- a\n\n```\nopen"),))
    found = texts.documents(replace(snapshot, incidents=(wild,)), SITE)
    tokens = MarkdownIt().parse(next(one for one in found if one.path == "/index.md").body.decode())
    own = [after.content for one, after in pairwise(tokens) if one.type == "heading_open" and not one.level]

    assert "Mine" not in own
    assert "Components" in own


def test_a_page_that_hides_says_so_to_robots(page: StatusPage) -> None:
    assert "Sitemap: " in published(page, "/robots.txt")
    update_page(page, ACTOR, noindex=True)
    drain_publishing()
    manifest = store().manifest(page.pk)

    assert published(page, "/robots.txt") == "User-agent: *\nDisallow: /\n"
    assert manifest is not None
    assert "/sitemap.xml" not in manifest.entries


def test_every_address_of_the_sitemap_is_published(page: StatusPage) -> None:
    component = create_component(page, ACTOR, name="API")
    words = Words("investigating", "Looking.", components={component.pk: "major_outage"})
    long_ago = timezone.now() - timedelta(days=80)
    incident = open_incident(page, ACTOR, words, name="Slow", started_at=long_ago)
    metric = create_metric(page, create_provider(page, ACTOR, kind="Self"), ACTOR, name="Latency")
    create_metric(page, metric.provider, ACTOR, name="Hidden", display=False)
    sitemap = ET.fromstring(published(page, "/sitemap.xml"))  # noqa: S314 our own
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    paths = [one.text.removeprefix(f"http://{page.primary_host}:8000") for one in sitemap.iter(f"{space}loc")]
    manifest = store().manifest(page.pk)

    assert manifest is not None
    assert set(paths) <= set(manifest.entries)
    assert len(paths) == len(set(paths))
    html = {path for path, entry in manifest.entries.items() if entry.type.startswith("text/html")}
    html = {path for path in html if not path.startswith(RESERVED)}
    current = max(path for path in html if path.startswith("/history/"))
    assert html - set(paths) <= {
        "/404",
        "/503",
        "/202",
        "/embed/frame",
        current,
        current.replace("history", "uptime"),
    }
    linked = re.findall(r"/metrics/[a-z0-9.]+", published(page, "/index.md") + published(page, "/llms.txt"))
    assert linked == [f"/metrics/{metric.pk}", f"/metrics/{metric.pk}.json"]
    assert set(linked) <= set(manifest.entries)
    times = [one.text or "" for one in sitemap.iter(f"{space}lastmod")]
    assert [datetime.fromisoformat(one) for one in times] == [incident.updated_at.replace(microsecond=0)]


def test_a_badge_follows_its_component(page: StatusPage) -> None:
    component = create_component(page, ACTOR, name="API")
    path = f"/components/{component.pk}/badge.svg"
    assert "API: Operational" in published(page, path)
    set_status(page, {component.pk: "major_outage"}, ACTOR)

    assert "API: Major outage" in published(page, path)
    assert "Acme: Major system outage" in published(page, "/badge.svg")
    assert published(page, "/status.txt") == "Acme: Major system outage\nAPI: Major outage\n"
    assert_published(page)

"""Documents from snapshots: nothing asked, nothing leaked, nothing that ages, within the budgets."""

from __future__ import annotations

import gzip
import re
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import brotli
import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from publishing import render
from publishing.rendering import brand, engine
from publishing.snapshot import AffectedTimeView, PageView, Snapshot, YearMonth
from tests.clocks import work
from tests.publishing import notices, pages, samples

SAMPLES = ("calm", "stormy", "empty", "german", "arabic")
TEMPLATES = sorted((Path(__file__).resolve().parent.parent.parent / "templates" / "page").glob("*.html"))
HOSTILE = "\"'><script>alert(1)</script><img src=x onerror=alert(1)>{{ page.id }}"
WORDS_OF_THE_MODEL = {
    "id",
    "status",
    "old",
    "new",
    "worst",
    "impact",
    "kind",
    "source",
    "indicator",
    "weight",
}
FIELDS_OF_THE_MODEL = {"language", "time_zone", "base_url", "percent", "weights", "seconds"}


class Outline(HTMLParser):
    """What matters of a document: its elements, headings, ids, links and resources."""

    def __init__(self, body: bytes) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.feed(body.decode())
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def all(self, attribute: str) -> list[str]:
        return [attributes[attribute] for _tag, attributes in self.elements if attribute in attributes]

    @property
    def headings(self) -> list[int]:
        return [int(tag[1]) for tag, _attributes in self.elements if re.fullmatch("h[1-6]", tag)]


def html_of(snapshot: Snapshot) -> dict[str, bytes]:
    """The pages; what is made for frames is none."""
    made = pages.documents_of(snapshot).values()
    html = {one.path: one.body for one in made if one.content_type.startswith("text/html")}
    return {path: body for path, body in html.items() if not path.startswith("/embed/")}


def status_page(snapshot: Snapshot) -> str:
    return render.render_status(snapshot).body.decode()


def hostile(value: Any) -> Any:
    """The same value with every free text replaced by markup."""
    if is_dataclass(value) and not isinstance(value, type):
        free = {field.name: getattr(value, field.name) for field in fields(value)}
        changed = {
            name: hostile(old)
            for name, old in free.items()
            if name not in WORDS_OF_THE_MODEL | FIELDS_OF_THE_MODEL
        }
        return replace(value, **changed)
    if isinstance(value, tuple):
        return tuple(hostile(item) for item in value)
    return HOSTILE if isinstance(value, str) else value


@pytest.mark.parametrize("sample", SAMPLES)
def test_rendering_uses_no_value_that_is_missing(sample: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine._engine(), "string_if_invalid", "MISSING(%s)")
    for path, body in html_of(getattr(samples, sample)()).items():
        assert b"MISSING(" not in body, path


def test_the_same_version_is_never_rendered_differently() -> None:
    with time_machine.travel(datetime(2026, 11, 19, 15, tzinfo=UTC), tick=False):
        today = pages.documents_of(samples.stormy())
    with time_machine.travel(datetime(2031, 2, 1, tzinfo=UTC), tick=False):
        later = pages.documents_of(samples.stormy())
    assert {path: document.hash for path, document in today.items()} == {
        path: document.hash for path, document in later.items()
    }


def test_cold_documents_do_not_change_with_the_page() -> None:
    storm = replace(samples.stormy(), page=samples.PAGE)
    before, after = pages.cold_documents(samples.calm()), pages.cold_documents(storm)
    assert [document.hash for document in before] == [document.hash for document in after]
    assert all(document.cold for document in before)
    assert not any(document.cold for document in render.render_hot(samples.calm()))


def test_the_current_month_is_the_same_document_at_both_of_its_addresses() -> None:
    documents = {document.path: document for document in render.render_hot(samples.calm())}
    assert documents.keys() == {"/", "/history", "/history/2026-11", "/uptime", "/uptime/2026-11"}
    assert documents["/history"].hash == documents["/history/2026-11"].hash
    assert documents["/uptime"].hash == documents["/uptime/2026-11"].hash


@pytest.mark.parametrize("sample", SAMPLES)
def test_documents_are_well_formed_for_every_reader(sample: str) -> None:
    for path, body in html_of(getattr(samples, sample)()).items():
        outline = Outline(body)
        assert outline.headings[0] == 1, path
        assert outline.headings.count(1) == 1, path
        assert all(
            after <= before + 1 for before, after in zip(outline.headings, outline.headings[1:], strict=False)
        )
        ids = outline.all("id")
        assert len(ids) == len(set(ids)), path
        assert {"header", "main", "footer", "nav"} <= {tag for tag, _attributes in outline.elements}
        assert {name for names in (outline.all("aria-labelledby"),) for name in names} <= set(ids), path


@pytest.mark.parametrize("sample", SAMPLES)
def test_nothing_is_inline_and_everything_loaded_is_published(sample: str) -> None:
    snapshot = getattr(samples, sample)()
    published = {document.path for document in render.assets(snapshot.page)}
    for path, body in html_of(snapshot).items():
        outline = Outline(body)
        assert not outline.all("style"), path
        assert not [
            name for _tag, attributes in outline.elements for name in attributes if name.startswith("on")
        ]
        assert b"<style" not in body
        scripts = [attributes for tag, attributes in outline.elements if tag == "script"]
        assert [attributes["src"] for attributes in scripts] == [render.parts.script().path]
        linked = [
            a["href"] for tag, a in outline.elements if tag == "link" and a["rel"] in {"stylesheet", "icon"}
        ]
        assert set(linked) <= published, path


def test_no_text_of_a_page_becomes_markup() -> None:
    page, snapshot = hostile(samples.stormy().page), hostile(samples.stormy())
    made = [
        *render.render_hot(replace(snapshot, page=page)),
        render.render_incident(page, hostile(notices.ended_incident())),
        render.render_component(page, hostile(samples.component_page())),
        render.render_about(page, hostile(samples.about())),
        render.render_not_found(page),
    ]
    for document in made:
        outline = Outline(document.body)
        assert [tag for tag, _attributes in outline.elements].count("script") == 1, document.path
        assert not [tag for tag, a in outline.elements if "onerror" in a or a.get("src") == "x"], (
            document.path
        )
        assert b"{{" in document.body


@pytest.mark.parametrize(
    "target", ["javascript:alert(1)", " javascript:alert(1)", "data:text/html,x", "//evil"]
)
def test_links_of_the_page_lead_to_the_web_or_mail_only(target: str) -> None:
    page = replace(samples.PAGE, support_url=target, company_url=target)
    body = render.render_not_found(page).body.decode()
    assert target not in body
    assert samples.PAGE.support_url in render.render_not_found(samples.PAGE).body.decode()


def test_scrapers_find_what_they_key_on() -> None:
    calm, storm = (
        Outline(status_page(samples.calm()).encode()),
        Outline(status_page(samples.stormy()).encode()),
    )
    assert "banner page-status status-none" in calm.all("class")
    assert "banner page-status status-major" in storm.all("class")
    assert "card incident unresolved-incident impact-critical" in storm.all("class")
    components = {a["data-component-id"]: a for _tag, a in storm.elements if "data-component-id" in a}
    assert len(components) == 30
    assert all(attributes["class"] == "component-inner-container" for attributes in components.values())
    assert components["cmp000000010"]["data-component-status"] == "major_outage"


def test_a_component_shown_only_when_degraded_hides_while_it_works() -> None:
    group = samples.groups()[1]
    shy = replace(group.components[0], name="Shy", only_show_if_degraded=True)
    for status, shown in (("operational", False), ("degraded_performance", True)):
        rows = (replace(group, components=(replace(shy, status=status),)),)
        assert ("Shy" in status_page(replace(samples.calm(), groups=rows))) is shown
        assert ("g-grp" in status_page(replace(samples.calm(), groups=rows))) is shown


@pytest.mark.parametrize(
    ("change", "needle"),
    [
        ({"noindex": True}, '<meta name="robots" content="noindex">'),
        ({"note": "Moved forward by 12 weeks."}, "Moved forward by 12 weeks."),
        ({"footer": "Call **us**"}, "Call <strong>us</strong>"),
        ({"header": "Hello **you**"}, "Hello <strong>you</strong>"),
        ({"logo_light": "/media/l.svg"}, 'src="/media/l.svg" alt="Acme Cloud"'),
        ({"logo_light": "/media/l.svg", "logo_dark": "/media/d.svg"}, 'srcset="/media/d.svg"'),
        ({"favicon": "/media/f.svg"}, '<link rel="icon" href="/media/f.svg">'),
        ({"accent": "#5b3df5"}, "/assets/brand-"),
        ({"language": "de"}, '<html lang="de" dir="ltr">'),
        ({"language": "de"}, "99,94\N{NO-BREAK SPACE}%"),
        ({"language": "ar"}, '<html lang="ar" dir="rtl">'),
        ({"time_zone": "America/New_York"}, ">17 Nov, 05:40 EST</time>"),
        ({"time_zone": "Mars/Olympus"}, ">17 Nov, 10:40 UTC</time>"),
    ],
)
def test_a_page_decides_what_its_documents_show(change: dict[str, Any], needle: str) -> None:
    assert needle in status_page(replace(samples.calm(), page=replace(samples.PAGE, **change)))
    assert needle not in status_page(samples.calm())


def test_a_page_without_uptime_shows_and_publishes_none() -> None:
    without = replace(samples.calm(), page=replace(samples.PAGE, show_uptime=False))
    assert not [document.path for document in render.render_hot(without) if "uptime" in document.path]
    for path, body in html_of(without).items():
        if not path.startswith("/uptime"):
            assert b'href="/uptime' not in body, path
            assert b'class="days"' not in body, path


def test_days_without_incidents_say_so() -> None:
    body = status_page(samples.calm())
    silent = [day for day in samples.calm().recent if not day.incidents]
    assert body.count("No incidents reported") == sum(day.is_known for day in silent)
    assert body.count('<p class="none">No data</p>') == sum(not day.is_known for day in silent) == 1


def test_a_day_of_an_open_incident_leads_to_it() -> None:
    storm = samples.stormy()
    today = replace(storm.recent[0], ongoing=(notices.INCIDENTS[0],))
    outline = Outline(status_page(replace(storm, recent=(today,))).encode())
    place = f"i-{notices.INCIDENTS[0].id}"
    assert f"#{place}" in outline.all("href")
    assert place in outline.all("id")
    assert "No incidents reported" not in status_page(replace(storm, recent=(today,)))


def test_the_banner_says_what_its_time_means() -> None:
    calm = samples.calm()
    body = status_page(calm)
    assert f'Last change <time datetime="{calm.changed_at:%Y-%m-%dT%H:%M:%SZ}"' in body
    assert "As of" not in body


def test_what_was_cancelled_neither_completed_nor_lasted() -> None:
    page = render.render_incident(samples.PAGE, notices.cancelled_maintenance()).body.decode()
    assert re.findall(r"<strong>(\w+)</strong>", page) == ["Cancelled", "Scheduled"]
    assert "<dt>Cancelled</dt>" in page
    assert "Completed" not in page
    assert "Duration" not in page
    line = re.search(r'(?s)<article class="line[^"]* cancelled">.*?</article>', status_page(samples.calm()))
    assert line is not None
    assert "Maintenance · Cancelled · " in line[0]


def test_what_is_over_speaks_of_its_components_in_the_past() -> None:
    body = render.render_incident(samples.PAGE, notices.ended_incident()).body.decode()
    header = body[body.index("<header>") : body.index("</header>", body.index("<h1"))]
    listed = header[header.index('<ul class="affected"') :]
    assert "at worst Major outage" in listed
    assert "<svg" not in listed


def test_only_what_counts_is_called_downtime() -> None:
    times = (
        AffectedTimeView("Databases", 3360, "major_outage", 3360),
        AffectedTimeView("Sign-in", 900, "degraded_performance"),
        AffectedTimeView("Exports", 0, "operational", 0, ("The probe was at fault.",)),
    )
    incident = replace(notices.ended_incident(), affected=times)
    body = render.render_incident(samples.PAGE, incident).body.decode()
    facts = re.sub(r"<[^>]*>", " ", body[body.index(">Affected</h3>") :])
    told = " ".join(facts.split())
    assert "Databases 56 min, at worst Major outage; counts as 56 min of downtime" in told
    assert "Sign-in 15 min, at worst Degraded performance Exports" in told
    assert "Exports Operational Corrected: The probe was at fault." in told
    assert not re.search("<h[1-6][^>]*>Downtime", body)


@pytest.mark.parametrize(("zone", "word"), [("Etc/UTC", "UTC"), ("America/New_York", "America/New York")])
def test_times_are_those_of_a_zone_as_people_call_it(zone: str, word: str) -> None:
    body = render.render_about(replace(samples.PAGE, time_zone=zone), samples.about()).body.decode()
    assert f"are those of {word}." in body


def test_without_data_no_percentage_is_read_out() -> None:
    month = samples.uptime_month()
    row = month.groups[0].rows[0]
    silent = replace(row, uptime=replace(row.uptime, percent=None))
    bare = replace(month, groups=(replace(month.groups[0], rows=(silent,)),))
    for shown, words in ((bare, "no data yet"), (replace(bare, next=YearMonth(2026, 12)), "no data")):
        body = render.render_uptime_month(samples.PAGE, shown).body.decode()
        assert f'<span class="percent"><span class="sr">Uptime: </span>{words}</span>' in body


def test_a_component_leads_to_its_uptime_of_this_month_from_its_first_day_on() -> None:
    young = replace(samples.component_page(), months=())
    body = render.render_component(samples.PAGE, young).body.decode()
    assert f'<a href="/uptime#c-{young.id}">This month so far</a>' in body


def test_an_incident_page_tells_its_facts() -> None:
    body = render.render_incident(samples.PAGE, notices.ended_incident()).body.decode()
    for fact in (
        "Postmortem",
        "56 min",
        "Component history derived on import",
        "Technical details",
        "Mitigated",
    ):
        assert fact in body
    assert "from Operational to Partial outage" in body
    running = render.render_incident(samples.PAGE, notices.open_incident()).body.decode()
    assert "Next update by" in running
    assert "Duration" not in running


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "and is overdue"), ("de", "und ist überfällig"), ("ar", "وقد تأخّر")],
)
def test_a_promise_that_was_broken_is_called_so(language: str, words: str) -> None:
    page, incident = replace(samples.PAGE, language=language), notices.open_incident()
    for overdue in (False, True):
        shown = replace(incident, is_overdue=overdue)
        assert (words in render.render_incident(page, shown).body.decode()) is overdue


def test_an_update_names_its_status_only_where_that_is_news() -> None:
    body = render.render_incident(samples.PAGE, notices.open_incident()).body.decode()
    assert re.findall(r"<strong>(\w+)</strong> <span", body) == [
        "Identified",
        "Update",
        "Update",
        "Investigating",
    ]


def test_an_incident_without_updates_says_so() -> None:
    silent = replace(notices.open_incident(), updates=())
    assert "No update has been written yet." in render.render_incident(samples.PAGE, silent).body.decode()
    assert silent.name in status_page(replace(samples.calm(), incidents=(silent,)))


def test_an_uptime_page_explains_its_figures() -> None:
    body = render.render_uptime_month(samples.PAGE, samples.uptime_month()).body.decode()
    day = samples.uptime_month().groups[0].rows[0].uptime.days[0]
    assert f'<time class="name" datetime="{day.date}">' in body
    assert f"× {day.intervals[0].weight}" in body


def test_html_says_no_relative_time() -> None:
    for path, body in html_of(samples.stormy()).items():
        assert not re.search(r"\b(ago|yesterday|today|tomorrow)\b", body.decode(), re.IGNORECASE), path


def test_thirty_components_and_ninety_days_stay_within_the_budget() -> None:
    snapshot = replace(samples.stormy(), groups=samples.groups(exceptions=14))
    assert sum(len(group.components) for group in snapshot.groups) == 30
    page = render.render_status(snapshot)
    sizes = {path: len(gzip.compress(d.body, 6)) for path, d in pages.documents_of(snapshot).items()}
    loaded = [path for path in sizes if path.startswith("/assets/") and path.encode() in page.body]
    assert sizes["/"] < 25_000
    assert len(loaded) == 4
    assert sizes["/"] + sum(sizes[path] for path in loaded) < 45_000
    assert sizes[render.parts.script().path] < 5_000
    assert len(brotli.compress(page.body, quality=5)) < 25_000


def test_a_hundred_components_are_rendered_in_thirty_milliseconds_and_an_incident_in_four() -> None:
    large, ended = samples.large(), notices.ended_incident()
    assert sum(len(group.components) for group in large.groups) >= 100
    assert work(lambda: render.render_status(large), times=9) < 0.030
    assert work(lambda: render.render_incident(large.page, ended), times=9) < 0.004


def test_assets_are_named_by_their_content() -> None:
    branded = render.assets(replace(samples.PAGE, accent="#5b3df5"))
    other = render.assets(replace(samples.PAGE, accent="#5b3df6"))
    assert len({document.path for document in branded} ^ {document.path for document in other}) == 2
    for document in branded:
        assert re.search(r"-[0-9a-f]{12}\.", document.path)
        assert document.hash[:12] in document.path


colours = st.integers(0, 0xFFFFFF).map(lambda value: f"#{value:06x}")


@given(colours, colours)
def test_any_brand_colour_becomes_readable(accent: str, accent_dark: str) -> None:
    css = brand.css(accent, accent_dark)
    shades = re.findall(r"--accent:(#\w{6});--on-accent:(#\w{6})", css)
    grounds = (("#ffffff", "#f7f7f8"), ("#0e0f12", "#16181c"))
    for (shade, ink), pair in zip(shades, grounds, strict=True):
        assert all(brand.contrast(shade, ground) >= 4.5 for ground in pair)
        assert brand.contrast(ink, shade) >= 4.5


@pytest.mark.parametrize("accent", ["", "red", "#fff", "#5b3df5;}body{display:none", "url(//evil)"])
def test_what_is_no_colour_is_no_brand(accent: str) -> None:
    assert brand.css(accent, "") == ""
    assert brand.css("#5b3df5", accent) == brand.css("#5b3df5", "")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_every_word_of_a_template_can_be_translated(template: Path) -> None:
    source = template.read_text()
    source = re.sub(r"(?s){% blocktranslate.*?{% endblocktranslate %}|{%.*?%}|{{.*?}}|<!--.*?-->", "", source)
    texts = re.sub(r"(?s)<[^>]*>", "\n", source)
    assert set(re.findall(r"[^\W\d_]{2,}", texts)) <= {"Atom", "RSS", "JSON", "Markdown"}


def test_a_page_needs_only_its_identity() -> None:
    bare = PageView(id="acme00000001", name="Acme", base_url="https://status.acme.example")
    assert status_page(replace(samples.empty(), page=bare)).count("Acme") >= 3

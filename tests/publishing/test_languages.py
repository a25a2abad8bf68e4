"""What pages say in German and Arabic: nothing in English; numbers, days and plurals as people write them."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime

import polib
import pytest
from django.utils import translation

from components.actions import create_component, set_status
from incidents.rules import describe, parse
from pages.actions import update_page
from pages.models import StatusPage
from publishing.rendering import words
from publishing.storage import store
from tests.conftest import ACTOR
from tests.publishing import samples
from tests.publishing.pages import documents_of
from tests.publishing.published import drain_publishing
from tests.repository.test_translations import marked
from tests.repository.tree import ROOT

SAMPLES = {"de": samples.german, "ar": samples.arabic}


@pytest.mark.parametrize("language", SAMPLES)
def test_nothing_that_we_say_stays_english(language: str) -> None:
    catalogue = polib.pofile(str(ROOT / "locale" / language / "LC_MESSAGES" / "django.po"))
    ours = {text for _context, text, _plural in marked()}
    known = {entry.msgid: entry.msgstr for entry in catalogue if entry.msgid in ours}
    # A word such as “state” may be the name of an element, too.
    english = [text for text, said in known.items() if text != said and not re.fullmatch("[a-z]+", text)]
    shown = b"".join(
        document.body
        for document in documents_of(SAMPLES[language]()).values()
        if document.content_type.startswith("text/html")
    ).decode()

    assert [text for text in english if f">{text}<" in shown or f'"{text}"' in shown] == []


@pytest.mark.parametrize(
    ("language", "count", "said"),
    [
        ("de", 1, "1 Tag mit Problemen"),
        ("de", 2, "2 Tage mit Problemen"),
        ("ar", 1, "يوم واحد به مشكلات"),
        ("ar", 2, "يومان بهما مشكلات"),
        ("ar", 3, "3 أيام بها مشكلات"),
        ("ar", 10, "10 أيام بها مشكلات"),
        ("ar", 11, "11 يومًا بها مشكلات"),
        ("ar", 90, "90 يومًا بها مشكلات"),
        ("ar", 100, "100 يوم بها مشكلات"),
        ("ar", 103, "103 أيام بها مشكلات"),
    ],
)
def test_days_are_counted_as_the_language_counts(language: str, count: int, said: str) -> None:
    with translation.override(language):
        assert words.problem_days(count) == said


@pytest.mark.parametrize(
    ("language", "percent", "day", "month"),
    [
        ("en", "99.94%", "Thu, 19 November", "November 2026"),
        ("de", "99,94\N{NO-BREAK SPACE}%", "Do, 19. November", "November 2026"),
        ("ar", "99.94%", "الخميس، 19 نوفمبر", "نوفمبر 2026"),
    ],
)
def test_numbers_and_days_are_written_as_people_write_them(
    language: str, percent: str, day: str, month: str
) -> None:
    with translation.override(language):
        assert words.percent("99.94") == percent
        assert words.day_name(date(2026, 11, 19)) == day
        assert words.month_name(2026, 11) == month


@pytest.mark.parametrize(
    ("rule", "german", "arabic"),
    [
        ("FREQ=DAILY;COUNT=1", "Jeden Tag, einmal", "كل يوم، مرة واحدة"),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,TH", "Alle 2 Wochen am Montag und Donnerstag", "كل أسبوعين في"),
        ("FREQ=MONTHLY;BYDAY=3SU", "Jeden Monat am dritten Sonntag", "كل شهر في الأحد الثالث"),
        ("FREQ=MONTHLY;BYMONTHDAY=1,15", "Jeden Monat am 1. und 15.", "كل شهر في اليوم 1 من الشهر"),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", "Jeden Monat am letzten Tag", "كل شهر في اليوم الأخير"),
        ("FREQ=YEARLY;INTERVAL=3;BYMONTH=3", "Alle 3 Jahre im März", "كل 3 سنوات خلال مارس"),
    ],
)
def test_a_recurrence_is_said_in_the_language(rule: str, german: str, arabic: str) -> None:
    with translation.override("de"):
        assert describe(parse(rule)) == german
    with translation.override("ar"):
        assert describe(parse(rule)).startswith(arabic)


def test_durations_and_spans_are_said_in_the_language() -> None:
    began, ended = datetime(2026, 11, 19, 14, 2, tzinfo=UTC), datetime(2026, 11, 19, 14, 36, tzinfo=UTC)
    with translation.override("de"):
        assert words.duration(7800) == "2 Std. 10 Min."
        assert ">19. Nov. 2026</time>, <time" in words.span(began, ended)
    with translation.override("ar"):
        assert words.duration(7800) == "2 س 10 د"
        assert ">19 نوفمبر 2026</time>، <time" in words.span(began, ended)


def test_programs_read_english_whatever_language_the_page_has(page: StatusPage) -> None:
    component = create_component(page, ACTOR, name="API")
    set_status(page, {component.pk: "major_outage"}, ACTOR)
    update_page(page, ACTOR, language="de")
    drain_publishing()
    manifest = store().manifest(page.pk)
    assert manifest is not None
    bodies = {path: store().body(entry.hash) or b"" for path, entry in manifest.entries.items()}

    assert json.loads(bodies["/api/v2/status.json"])["status"]["description"] == "Major System Outage"
    assert ">Größerer Systemausfall<" in bodies["/"].decode()

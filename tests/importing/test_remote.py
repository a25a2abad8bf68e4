from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import pytest

from importing.fetch import Patience
from importing.fields import ImportFailed
from importing.folder import read_folder
from importing.remote import read_url, site
from tests.importing.server import RECORDED, Handler, Page, serving

HURRIED = Patience(attempts=4, silence=2, document=5, first_pause=0.01)


def small_page(**changes: object) -> Page:
    """The newest two years at a tenth of their incidents: 50 in v2 and some 30 behind it."""
    whole = Page()
    return replace(whole, incidents=whole.incidents[::10], maintenances=whole.maintenances[:3], **changes)


@pytest.fixture(scope="module")
def small_source(tmp_path_factory: pytest.TempPathFactory):
    with serving(small_page()) as url:
        return read_url(url, tmp_path_factory.mktemp("kept"), patience=HURRIED)


def test_a_page_read_from_its_url_equals_its_folder_in_all_records(tmp_path: Path) -> None:
    with serving(page := Page()) as url:
        read = read_url(url, tmp_path, patience=HURRIED)
    expected = read_folder(RECORDED)
    assert (read.page, read.components, read.notices) == (
        expected.page,
        expected.components,
        expected.notices,
    )
    assert (len(read.notices), read.notes) == (819, ())
    assert max(page.asked.values()) == 1
    assert page.most_at_once == 2


def test_the_walk_ends_a_year_before_the_first_component(tmp_path: Path) -> None:
    with serving(page := small_page()) as url:
        read_url(url, tmp_path, patience=HURRIED)
    last = max(int(path.rpartition("=")[2]) for path in page.asked if path.startswith("/history"))
    # Two years and a half of incidents are behind three quiet ones, and the components are of 2017.
    assert last == 30


def test_an_incident_after_two_quiet_years_is_found(tmp_path: Path) -> None:
    page = small_page()
    page.incidents[-1]["created_at"] = "2020-01-01T00:00:00.000Z"
    with serving(page) as url:
        read = read_url(url, tmp_path, patience=HURRIED)
    assert page.incidents[-1]["id"] in {notice.id for notice in read.notices}


def limited(status: int):
    def trouble(handler: Handler, path: str, asked: int) -> bool:
        return asked == 1 and crc32(path.encode()) % 3 == 0 and not handler.answer(status, Retry_After="0")

    return trouble


def dropping(handler: Handler, path: str, asked: int) -> bool:
    return asked == 1 and path.startswith("/incidents") and not handler.drop()


def cut_short(handler: Handler, path: str, asked: int) -> bool:
    cut = asked == 1 and path.startswith("/incidents")
    return cut and not handler.answer(200, b'{"id": "4k', promised=5000)


@pytest.mark.parametrize(
    "trouble", [limited(420), limited(429), limited(503), limited(502), dropping, cut_short]
)
def test_a_page_in_trouble_is_read_whole_all_the_same(tmp_path: Path, small_source, trouble) -> None:
    with serving(small_page(trouble=trouble)) as url:
        read = read_url(url, tmp_path, patience=HURRIED)
    assert read.notices == small_source.notices


def test_a_pause_that_the_host_asks_for_is_kept_by_every_thread(tmp_path: Path) -> None:
    times: list[float] = []
    asked_for: list[float] = []

    def trouble(handler: Handler, path: str, asked: int) -> bool:
        if not path.startswith("/incidents"):
            return False
        times.append(time.monotonic())
        if len(times) != 10:
            return False
        asked_for.append(times[-1])
        handler.answer(429, Retry_After="1")
        return True

    said: list[str] = []
    with serving(small_page(trouble=trouble)) as url:
        read_url(url, tmp_path, patience=HURRIED, waiting=said.append)
    during = [moment for moment in times if asked_for[0] + 0.1 < moment < asked_for[0] + 0.95]
    assert during == []
    assert said == ["the host asks to wait 1 s"]


def test_a_reading_that_was_interrupted_fetches_only_what_is_missing(tmp_path: Path, small_source) -> None:
    arrived: list[str] = []

    def trouble(handler: Handler, path: str, asked: int) -> bool:
        if path.startswith("/incidents"):
            arrived.append(path)
        return len(arrived) > 12 and not handler.answer(500)

    with serving(small_page(trouble=trouble)) as url, pytest.raises(ImportFailed, match="gave up after 4"):
        read_url(url, tmp_path, patience=HURRIED)
    kept = {path.stem for path in tmp_path.glob("*.json")}
    assert kept

    with serving(page := small_page()) as url:
        read = read_url(url, tmp_path, patience=HURRIED)
    assert not {path for path in page.asked if Path(path).stem in kept}
    assert read.notices == small_source.notices


def test_a_kept_incident_that_was_cut_short_is_fetched_again(tmp_path: Path, small_source) -> None:
    oldest = small_source.notices[0].id
    (tmp_path / f"{oldest}.json").write_text('{"id": ')
    with serving(small_page()) as url:
        assert read_url(url, tmp_path, patience=HURRIED).notices == small_source.notices


def test_an_incident_that_is_not_over_is_not_kept(tmp_path: Path) -> None:
    page = small_page()
    page.incidents[-1] |= {"status": "investigating", "resolved_at": None}
    with serving(page) as url:
        read_url(url, tmp_path, patience=HURRIED)
    assert not (tmp_path / f"{page.incidents[-1]['id']}.json").exists()
    assert (tmp_path / f"{page.incidents[-2]['id']}.json").exists()


def test_an_incident_that_is_listed_and_gone_is_noted(tmp_path: Path) -> None:
    page = small_page()
    gone = page.incidents[-1]["id"]
    with serving(page) as url:
        page.trouble = lambda handler, path, _asked: gone in path and not handler.answer(404)
        read = read_url(url, tmp_path, patience=HURRIED)
    assert gone not in {notice.id for notice in read.notices}
    assert read.notes == (f"Incident {gone} is in the history, but the page has no such incident.",)


def test_a_page_without_history_brings_its_newest_and_says_so(tmp_path: Path) -> None:
    def trouble(handler: Handler, path: str, _asked: int) -> bool:
        return path.startswith("/history") and not handler.answer(404)

    with serving(small_page(trouble=trouble)) as url:
        read = read_url(url, tmp_path, patience=HURRIED)
    assert len(read.notices) == 53
    assert read.notes == (
        "The page hides its history: only its newest incidents and maintenances came over.",
    )


MANY = json.dumps({"months": [{"incidents": [{"code": f"i{n}"} for n in range(50_001)]}]}).encode()


def answering(status: int, body: bytes = b"", only: str = "", **headers: str):
    def trouble(handler: Handler, path: str, _asked: int) -> bool:
        return only in path and not handler.answer(status, body, **headers)

    return trouble


@pytest.mark.parametrize(
    ("trouble", "sentence"),
    [
        (answering(404), "is not a Statuspage page, because it has no /api/v2/summary.json"),
        (answering(200, b"<html>"), "summary.json: is not JSON"),
        (answering(200, b"{}"), "json: is no Statuspage document"),
        (answering(401), "refuses (401)"),
        (answering(403), "refuses (403): it is private or turns programs away"),
        (answering(418), "answered 418"),
        (answering(500), "gave up after 3 attempts; the last one answered 500"),
        (answering(429, Retry_After="7200"), "the host asks to wait 7,200 s; start again after that"),
        (answering(302, Location="https://elsewhere.example/"), "redirects to https://elsewhere.example/"),
        (answering(302, Location="file:///etc/passwd"), "redirects to where it cannot be followed"),
        (answering(302, Location="/api/v2/summary.json"), "redirects to where it cannot be followed"),
        (answering(200, b'{"id": "other"}', only="/incidents/"), '"created_at" is missing'),
        (answering(200, MANY, only="/history"), "lists more than 50,000 incidents"),
        (answering(200, b'{"months": 5}', only="/history"), 'history.json?page=1: "months" is not a list'),
        (
            answering(200, b'{"months": [{"incidents": [{"code": "../../etc"}]}]}', only="/history"),
            "\"code\" is not an id of 1 to 32 characters a-z and 0-9: '../../etc'",
        ),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(tmp_path: Path, trouble, sentence: str) -> None:
    with serving(small_page(trouble=trouble)) as url, pytest.raises(ImportFailed) as failure:
        read_url(url, tmp_path, patience=HURRIED)
    assert sentence in str(failure.value)
    assert "\n" not in str(failure.value)


def test_a_redirect_within_the_host_is_followed(tmp_path: Path, small_source) -> None:
    def trouble(handler: Handler, path: str, _asked: int) -> bool:
        if path.startswith("/api/v2/") and "?moved" not in path:
            handler.answer(302, Location=path + "?moved")
            return True
        return False

    with serving(small_page(trouble=trouble)) as url:
        assert read_url(url, tmp_path, patience=HURRIED).notices == small_source.notices


def test_an_answer_without_end_is_given_up(tmp_path: Path) -> None:
    def trouble(handler: Handler, _path: str, _asked: int) -> bool:
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(b" " * 65536)
        except OSError:
            return True

    little = replace(HURRIED, largest=1024 * 1024)
    with (
        serving(small_page(trouble=trouble)) as url,
        pytest.raises(ImportFailed, match="is larger than 1 MB"),
    ):
        read_url(url, tmp_path, patience=little)


def test_an_answer_that_drips_is_given_up(tmp_path: Path) -> None:
    over = threading.Event()

    def trouble(handler: Handler, _path: str, _asked: int) -> bool:
        handler.send_response(200)
        handler.end_headers()
        try:
            while not over.wait(0.05):
                handler.wfile.write(b" ")
        except OSError:
            pass
        return True

    impatient = replace(HURRIED, document=0.3)
    try:
        with (
            serving(small_page(trouble=trouble)) as url,
            pytest.raises(ImportFailed, match="took longer than"),
        ):
            read_url(url, tmp_path, patience=impatient)
    finally:
        over.set()


def test_a_host_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match=r"http://127\.0\.0\.1:1/.* gave up .*[Rr]efused"):
        read_url("http://127.0.0.1:1", tmp_path, patience=HURRIED)


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("https://www.githubstatus.com", "https://www.githubstatus.com"),
        (" https://www.githubstatus.com/ ", "https://www.githubstatus.com"),
        ("https://status.example/history?page=2", "https://status.example"),
        ("http://127.0.0.1:8000/api/v2/summary.json", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_any_address_on_a_page_names_the_page(typed: str, read: str) -> None:
    assert site(typed) == read


@pytest.mark.parametrize(
    "typed",
    ["", "file:///etc/passwd", "ftp://status.example", "https://", "http://[", "http://a:b@status.example"],
)
def test_what_is_not_a_page_address_is_refused(typed: str) -> None:
    with pytest.raises(ImportFailed):
        site(typed)

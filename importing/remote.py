"""A source at a URL: any public Statuspage page, read to its first month.

The v2 documents list only the 50 newest incidents and maintenances, so the rest comes from
`/history.json?page=N` (three months a page, back without end) and `/incidents/<code>.json`, two at a time.
Ended incidents are kept in a folder as they arrive: a run after an interruption goes on where that one was.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from importing.documents import Source, SourceComponent, SourceNotice, assemble, read_single
from importing.fetch import Fetcher, Missing, Patience
from importing.fields import ImportFailed, Record, parse_document

AT_A_TIME = 2
# Pages of three months in which nothing happened: a quiet year may lie after older incidents.
QUIET_PAGES = 12
QUIET_PAGES_BEFORE_FIRST_COMPONENT = 4
MOST_PAGES = 200
MOST_INCIDENTS = 50_000

Progress = Callable[[str, int, int], None]


@dataclass(slots=True)
class Reading:
    """One reading of a page: where from, where ended incidents are kept, and what could not be read."""

    fetcher: Fetcher
    kept: Path
    progress: Progress
    notes: list[str] = field(default_factory=list)


def read_url(
    url: str,
    kept: Path,
    *,
    progress: Progress = lambda _what, _done, _total: None,
    waiting: Callable[[str], None] = lambda _sentence: None,
    check: Callable[[Source], None] = lambda _newest: None,
    patience: Patience | None = None,
    guarded: bool = False,
) -> Source:
    """The whole source at `url`; ImportFailed says in a sentence why it cannot be read.

    `kept` is a folder for this page's ended incidents; whoever has stored the source removes it. `progress`
    is told (what, done, total; 0 when unknown) and `waiting` a sentence whenever the host asks for a pause.
    `check` gets what the newest documents say, and may raise, before the long walk through the rest begins.
    `guarded`: only from the open internet.
    """
    now = datetime.now(UTC)
    reading = Reading(Fetcher(site(url), patience or Patience(), waiting, guarded), kept, progress)
    documents = list(_newest(reading))
    recent = assemble(documents)
    check(recent)
    known = {notice.id for notice in recent.notices}
    codes = [code for code in _walk_history(reading, recent.components) if code not in known]
    return assemble(documents, _singles(reading, codes), known_until=now, notes=reading.notes)


def site(url: str) -> str:
    """Scheme and host of what a person typed or pasted: the page itself or any address on it."""
    try:
        parts = urlsplit(url.strip())
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        raise ImportFailed(_("%(url)s: is not a URL"), url=url) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ImportFailed(_("%(url)s: is not an http or https URL"), url=url)
    if parts.username is not None:
        raise ImportFailed(_("%(host)s: a page is read without name and password"), host=parts.hostname)
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return f"{parts.scheme}://{host}{port}"


def _newest(reading: Reading) -> Iterator[Record]:
    names = ("summary.json", "components.json", "incidents.json", "scheduled-maintenances.json")
    fetched = {}
    for done, name in enumerate(names):
        reading.progress("documents", done, len(names))
        fetched[name] = _v2(reading, name)
    reading.progress("documents", len(names), len(names))
    # The full lists first: of what several documents list, the first listing holds.
    yield from (fetched[name] for name in (*names[1:], names[0]))


def _v2(reading: Reading, name: str) -> Record:
    path = f"/api/v2/{name}"
    try:
        return parse_document(name, reading.fetcher.get(path, attempts=3 if name == "summary.json" else None))
    except Missing:
        text = _("%(url)s: is not a Statuspage page, because it has no %(path)s")
        raise ImportFailed(text, url=reading.fetcher.base, path=path) from None


def _walk_history(reading: Reading, components: Sequence[SourceComponent]) -> list[str]:
    """The codes that the history lists, newest first, each once."""
    begun = min((c.created_at.year for c in components if c.created_at), default=0)
    codes: dict[str, None] = {}
    quiet = 0
    for page in range(1, MOST_PAGES + 1):
        months = _history_page(reading, page)
        found = [code for month in months for code in _codes(month)]
        codes.update(dict.fromkeys(found))
        if len(codes) > MOST_INCIDENTS:
            text = _("%(url)s: lists more than %(most)s incidents")
            raise ImportFailed(text, url=reading.fetcher.base, most=f"{MOST_INCIDENTS:,}")
        reading.progress("history pages", page, 0)
        quiet = 0 if found else quiet + 1
        before = all(month.number("year") < begun for month in months)
        if not months or quiet >= (QUIET_PAGES_BEFORE_FIRST_COMPONENT if before else QUIET_PAGES):
            return list(codes)
    reading.notes.append(
        f"The history goes on after {MOST_PAGES} pages of three months; what is older stayed behind."
    )
    return list(codes)


def _history_page(reading: Reading, page: int) -> list[Record]:
    path = f"/history.json?page={page}"
    try:
        body = reading.fetcher.get(path)
    except Missing:
        if page == 1:
            reading.notes.append(
                "The page hides its history: only its newest incidents and maintenances came over."
            )
        return []
    return list(parse_document(path.lstrip("/"), body).records("months", "month"))


def _codes(month: Record) -> Iterator[str]:
    for incident in month.records("incidents", "incident"):
        yield incident.id("code")


def _singles(reading: Reading, codes: Sequence[str]) -> list[SourceNotice]:
    """The notices of these codes, two at a time; the first failure, or Ctrl-C, ends the others."""
    executor = ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="import")
    try:
        futures = [executor.submit(_single, reading, code) for code in codes]
        _until_done(reading, futures)
        return [notice for future in futures if (notice := future.result()) is not None]
    finally:
        reading.fetcher.stop()
        executor.shutdown(cancel_futures=True)


def _until_done(reading: Reading, futures: Sequence[Future[SourceNotice | None]]) -> None:
    open_ones = set(futures)
    while open_ones:
        done, open_ones = wait(open_ones, timeout=0.5, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
        reading.progress("incidents", len(futures) - len(open_ones), len(futures))


def _single(reading: Reading, code: str) -> SourceNotice | None:
    kept = _kept(reading, code)
    if kept is not None:
        return kept
    try:
        body = reading.fetcher.get(f"/incidents/{code}.json")
    except Missing:
        reading.notes.append(f"Incident {code} is in the history, but the page has no such incident.")
        return None
    notice = _parsed(code, body)
    if notice.ended:
        _keep(reading.kept / f"{code}.json", body)
    return notice


def _parsed(code: str, body: bytes) -> SourceNotice:
    record = parse_document(f"incidents/{code}.json", body)
    notice = read_single(record)
    if notice.id != code:
        text = _("incidents/%(code)s.json: is about another incident, %(other)s")
        raise ImportFailed(text, code=code, other=notice.id)
    return notice


def _kept(reading: Reading, code: str) -> SourceNotice | None:
    try:
        return _parsed(code, (reading.kept / f"{code}.json").read_bytes())
    except (OSError, ImportFailed):  # not there, or cut short when the machine went down
        return None


def _keep(place: Path, body: bytes) -> None:
    half = place.with_suffix(".part")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        half.write_bytes(body)
        half.replace(place)
    except OSError as error:
        text = _("%(place)s: cannot be written (%(error)s)")
        raise ImportFailed(text, place=place, error=error.strerror) from None

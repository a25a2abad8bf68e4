"""What a table of people to add says, line by line: who is new, who is known, and what is wrong."""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import time
from typing import Any

from django.utils.translation import gettext as _

from common.errors import Refused
from common.limits import UNPRINTABLE
from pages.models import StatusPage
from subscribers.actions import Who, known
from subscribers.addresses import address_hash
from subscribers.bulk import Entry
from subscribers.choices import Cadence, Channel, Scope, SubscriberState
from subscribers.models import Subscriber
from subscribers.table import COLUMNS, plain
from subscribers.wishes import EVERYTHING, Wish, check_plain

LARGEST = 2_000_000
MOST = 20_000
_NO = frozenset({"no", "false", "0", "n", "nein", "لا"})
_TIMES = ("quiet_from", "quiet_until", "digest_at")
# How other services call the columns.
_ALSO = {"email": "address", "e-mail": "address", "endpoint": "address", "mode": "channel", "name": "label"}

Cells = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one line, in words; the first line of the file is 1."""

    line: int
    cell: str
    message: str


@dataclass(slots=True)
class Read:
    """What importing would do."""

    new: list[Entry] = field(default_factory=list)
    known: list[str] = field(default_factory=list)
    """Addresses that the page has already, in whatever state: left as they are."""
    problems: list[Problem] = field(default_factory=list)


def text_of(content: bytes) -> str:
    """A file's text. Raises Refused for one that is too large or no text."""
    if len(content) > LARGEST:
        raise Refused(_("This file is too large: 2 MB at most."), "table")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused(_("This is not a text in UTF-8. Save the table as “CSV UTF-8”."), "table") from error


def read(page: StatusPage, text: str) -> Read:
    """Looks, and changes nothing. Raises Refused for what is no such table."""
    found, names = Read(), _Names(page)
    entries: dict[str, tuple[int, Entry]] = {}
    for number, cells in _lines(text):
        try:
            entry = _entry(cells, names)
            _once(entry, entries, number)
        except Refused as refusal:
            found.problems.append(Problem(number, cells.get("address", ""), refusal.message))
    _sort(page, entries, found)
    return found


def _lines(text: str) -> Iterator[tuple[int, Cells]]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    try:
        columns = [_ALSO.get(name, name) for name in (one.strip().lower() for one in next(rows, []))]
        if "address" not in columns:
            raise Refused(_("The first line must name the columns, and one of them be “address”."), "table")
        for count, row in enumerate(rows):
            if count == MOST:
                message = _("This table is too long: %(most)d people at most. Import it in parts.")
                raise Refused(message % {"most": MOST}, "table")
            if any(cell.strip() for cell in row):
                yield rows.line_num, dict(zip(columns, map(plain, row), strict=False))
    except csv.Error as error:
        message = _("Line %(line)d is no line of a table: its quotes do not match.")
        raise Refused(message % {"line": rows.line_num}, "table") from error


def _delimiter(text: str) -> str:
    """Spreadsheets write what their country separates lists by."""
    first = text.partition("\n")[0]
    return max(",;\t", key=first.count)


def _entry(cells: Cells, names: _Names) -> Entry:
    if any(UNPRINTABLE.search(cell) for cell in cells.values()):
        raise Refused(_("This contains characters that cannot be shown."))
    if cells.get("state", "") not in {"", SubscriberState.ACTIVE}:
        message = _("The column “state” says “%(state)s”: only who wants to be told is imported.")
        raise Refused(message % {"state": cells["state"]})
    channel = cells.get("channel") or Channel.EMAIL
    who = Who(
        cells.get("address", ""), channel, contact=cells.get("contact", ""), label=cells.get("label", "")
    )
    wish = _wish(cells, names)
    check_plain(wish)
    return Entry(known(who), wish)


def _wish(cells: Cells, names: _Names) -> Wish:
    components, groups = names.chosen(cells.get("components", ""), cells.get("groups", ""))
    times: dict[str, Any] = {name: _time(cells[name]) for name in _TIMES if cells.get(name)}
    return Wish(
        scope=Scope.COMPONENTS if components or groups else Scope.PAGE,
        component_ids=components,
        group_ids=groups,
        wants_incidents=_yes(cells, "incidents"),
        wants_maintenance=_yes(cells, "maintenance"),
        min_impact=cells.get("min_impact") or EVERYTHING.min_impact,
        cadence=cells.get("cadence") or Cadence.ALL,
        language=cells.get("language", ""),
        time_zone=cells.get("time_zone", ""),
        critical_breaks_quiet=_yes(cells, "critical_breaks_quiet"),
        **times,
    )


def _yes(cells: Cells, name: str) -> bool:
    return cells.get(name, "").lower() not in _NO


def _time(cell: str) -> time:
    try:
        return time.fromisoformat(cell).replace(tzinfo=None)
    except ValueError as error:
        message = _("“%(value)s” is no time of day. One looks like 22:00.")
        raise Refused(message % {"value": cell}) from error


class _Names:
    """The page's components and groups, as a table names them: by id or by name."""

    def __init__(self, page: StatusPage) -> None:
        self.components = _by_name(list(page.components.public().values_list("pk", "name")))
        self.groups = _by_name(list(page.groups.present().values_list("pk", "name")))

    def chosen(self, components: str, groups: str) -> tuple[frozenset[str], frozenset[str]]:
        return _ids(components, self.components), _ids(groups, self.groups)


def _by_name(rows: Collection[tuple[str, str]]) -> dict[str, str]:
    return {name.casefold(): pk for pk, name in rows} | {pk: pk for pk, _name in rows}


def _ids(cell: str, named: Mapping[str, str]) -> frozenset[str]:
    wanted = [one.strip() for one in cell.split(";") if one.strip()]
    for one in wanted:
        if one.casefold() not in named:
            message = _("This page shows no “%(name)s”.") % {"name": one}
            raise Refused(message)
    return frozenset(named[one.casefold()] for one in wanted)


def _once(entry: Entry, entries: dict[str, tuple[int, Entry]], number: int) -> None:
    key = address_hash(entry.who.channel, entry.who.address)
    if key in entries:
        message = _("This address is in line %(line)d already.") % {"line": entries[key][0]}
        raise Refused(message)
    entries[key] = (number, entry)


def _sort(page: StatusPage, entries: Mapping[str, tuple[int, Entry]], found: Read) -> None:
    rows = Subscriber.objects.of_page(page.pk).filter(address_hash__in=list(entries))
    there = set(rows.values_list("address_hash", flat=True))
    for key, (_number, entry) in entries.items():
        if key in there:
            found.known.append(entry.who.address)
        else:
            found.new.append(entry)


def columns() -> list[str]:
    """The names that a table may use."""
    meant = {"channel", "address", "label", "contact", "language", "time_zone", "components", "groups"}
    meant |= {"incidents", "maintenance", "min_impact", "cadence", "critical_breaks_quiet", *_TIMES}
    return [one for one in COLUMNS if one in meant]

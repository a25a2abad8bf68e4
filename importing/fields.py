"""Reading foreign JSON field by field: a value of the right kind, or a sentence that names the place."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, NoReturn
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from common.errors import Refused
from common.limits import UNPRINTABLE, YEARS

LONGEST_NAME = 255
LONGEST_TEXT = 100_000
LARGEST_NUMBER = 1_000_000

ID = re.compile(r"[a-z0-9]{1,32}")
TIME = re.compile(r"(\d{4})-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:?\d\d)", re.ASCII)
LINK = re.compile(r"https?://[^\s<>\"]{1,290}")


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence, or a part of one, with what it speaks of: put into words where it is read."""

    text: Any
    values: Mapping[str, object]

    def __str__(self) -> str:
        return str(self.text) % self.values if self.values else str(self.text)


class ImportFailed(Refused):
    """The source cannot be imported; the text is one sentence for the person who started the import."""

    def __init__(self, text: Any, **values: object) -> None:
        super().__init__(Said(text, values))


@dataclass(frozen=True, slots=True)
class Record:
    """A JSON object that came in, and the words that say where ("incidents.json, incident 4k2x")."""

    values: dict[str, object]
    where: str

    def failed(self, key: str, problem: Any, **values: object) -> NoReturn:
        """`problem` goes on after the field's name, such as “is missing”."""
        said = {"where": self.where, "key": key, "problem": Said(problem, values)}
        raise ImportFailed(_('%(where)s: "%(key)s" %(problem)s'), **said)

    def named(self, where: str) -> Record:
        return Record(self.values, where)

    def id(self, key: str) -> str:
        found = self.optional_id(key)
        return self.failed(key, _("is missing")) if found is None else found

    def optional_id(self, key: str) -> str | None:
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or not ID.fullmatch(value):
            self.failed(
                key, _("is not an id of 1 to 32 characters a-z and 0-9: %(value)s"), value=shown(value)
            )
        return value

    def name(self, key: str, *, longest: int = LONGEST_NAME) -> str:
        """One line of at most `longest` characters, never empty."""
        line = " ".join(self.text(key, longest=longest).split())
        return line or self.failed(key, _("is empty"))

    def text(self, key: str, *, longest: int = LONGEST_TEXT) -> str:
        """A text of at most `longest` characters, unprintable ones dropped; empty when null or missing."""
        value = self.values.get(key)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.failed(key, _("is not a text: %(value)s"), value=shown(value))
        if len(value) > longest:
            text = _("is %(number)s characters long, and %(most)s are the most")
            self.failed(key, text, number=f"{len(value):,}", most=f"{longest:,}")
        return UNPRINTABLE.sub("", value.replace("\r\n", "\n").replace("\r", "\n")).strip()

    def link(self, key: str) -> str:
        """An http or https address of at most 300 characters, or an empty text when there is none."""
        value = self.text(key)
        return value if LINK.fullmatch(value) else ""

    def word(self, key: str, allowed: Collection[str]) -> str:
        found = self.optional_word(key, allowed)
        return self.failed(key, _("is missing")) if found is None else found

    def optional_word(self, key: str, allowed: Collection[str]) -> str | None:
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, str) or value not in allowed:
            self.failed(
                key, _("is none of %(allowed)s: %(value)s"), allowed=", ".join(allowed), value=shown(value)
            )
        return value

    def flag(self, key: str) -> bool:
        value = self.values.get(key)
        if value is None:
            return False
        return (
            value
            if isinstance(value, bool)
            else self.failed(key, _("is not true or false: %(value)s"), value=shown(value))
        )

    def number(self, key: str) -> int:
        """A whole number from 0 to a million; null and missing are 0."""
        value = self.values.get(key)
        if value is None:
            return 0
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= LARGEST_NUMBER:
            text = _("is not a whole number from 0 to %(most)s: %(value)s")
            self.failed(key, text, most=f"{LARGEST_NUMBER:,}", value=shown(value))
        return value

    def time(self, key: str) -> datetime:
        found = self.optional_time(key)
        return self.failed(key, _("is missing")) if found is None else found

    def optional_time(self, key: str) -> datetime | None:
        """An instant in UTC, of an RFC 3339 time with its offset."""
        value = self.values.get(key)
        if value is None:
            return None
        form = TIME.fullmatch(value) if isinstance(value, str) else None
        if form is None or int(form[1]) not in YEARS:
            self.failed(key, _("is not a time: %(value)s"), value=shown(value))
        try:
            return datetime.fromisoformat(form[0]).astimezone(UTC)
        except ValueError:
            return self.failed(key, _("is not a time: %(value)s"), value=shown(value))

    def optional_day(self, key: str) -> date | None:
        value = self.values.get(key)
        if value is None:
            return None
        try:
            day = date.fromisoformat(value if isinstance(value, str) else "")
        except ValueError:
            self.failed(key, _("is not a day: %(value)s"), value=shown(value))
        return (
            day if day.year in YEARS else self.failed(key, _("is not a day: %(value)s"), value=shown(value))
        )

    def time_zone(self, key: str) -> str:
        """An IANA name that this machine knows; UTC when there is none."""
        value = self.text(key, longest=100) or "Etc/UTC"
        try:
            ZoneInfo(value)
        except (ValueError, OSError, KeyError):  # an unknown name is a KeyError, a folder's name an OSError
            self.failed(key, _("is not a time zone: %(value)s"), value=shown(value))
        return value

    def record(self, key: str) -> Record | None:
        value = self.values.get(key)
        if value is None:
            return None
        if not isinstance(value, dict):
            self.failed(key, _("is not an object: %(value)s"), value=shown(value))
        return Record(value, self.where)

    def records(self, key: str, kind: str) -> Iterator[Record]:
        """The objects of a list, each named by its id or by its place in the list; null is an empty list."""
        for place, value in enumerate(self.items(key), start=1):
            if not isinstance(value, dict):
                self.failed(key, _("holds what is not an object: %(value)s"), value=shown(value))
            label = value.get("id") or value.get("code")
            known = isinstance(label, str) and ID.fullmatch(label)
            yield Record(value, f"{self.where}, {kind} {label if known else f'no. {place}'}")

    def items(self, key: str) -> list[object]:
        value = self.values.get(key)
        if value is None:
            return []
        return (
            value
            if isinstance(value, list)
            else self.failed(key, _("is not a list: %(value)s"), value=shown(value))
        )


def shown(value: object) -> str:
    """The value as a person may see it in a sentence: short, on one line, quoted."""
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    text = ascii(value[:60]) if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 60 else f"{text[:57]}…"


def parse_document(name: str, body: bytes) -> Record:
    """The JSON object in `body`, named for the sentences of errors; ImportFailed when there is none."""
    try:
        value = json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except RecursionError:
        raise ImportFailed(
            _("%(name)s: is nested too deeply to be a Statuspage document"), name=name
        ) from None
    except ValueError as error:
        raise ImportFailed(_("%(name)s: is not JSON (%(error)s)"), name=name, error=error) from None
    if not isinstance(value, dict):
        raise ImportFailed(_("%(name)s: is not a JSON object"), name=name)
    return Record(value, name)


def _refuse_constant(word: str) -> NoReturn:
    message = f"{word} is not a JSON value"
    raise ValueError(message)

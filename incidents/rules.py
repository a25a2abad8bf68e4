"""What a recurring maintenance may have as its rule, and how the rule is said in words.

The rules are the part of RFC 5545's RRULE (section 3.3.10) that fits windows of a day or more: a rule gives
days, and the time of day is that of the first start.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.utils.dates import MONTHS, WEEKDAYS
from django.utils.formats import date_format
from django.utils.text import get_text_list
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from common.errors import Refused


class RecurrenceError(Refused):
    """The text is not a rule that can be used; the message says why to the person who wrote it."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule that was checked by `parse`.

    `weekdays`: (number, weekday), Monday is 0; number 0 is each of them, 1 the first, -1 the last of its
    month, or of its year for a yearly rule without months. `until` is the last day, or the last start: on
    the wall clock if naive.
    """

    text: str
    frequency: str
    interval: int = 1
    count: int | None = None
    until: date | None = None
    weekdays: tuple[tuple[int, int], ...] = ()
    month_days: tuple[int, ...] = ()
    months: tuple[int, ...] = ()
    positions: tuple[int, ...] = ()
    week_start: int = 0


# Reading -------------------------------------------------------------------------------------------

_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
_TOO_OFTEN = ("HOURLY", "MINUTELY", "SECONDLY", "BYHOUR", "BYMINUTE", "BYSECOND")


def parse(text: str) -> Rule:
    """The rule that `text` says, such as `FREQ=WEEKLY;BYDAY=TU`, with or without `RRULE:` before it.

    Raises RecurrenceError: not a rule, a part that is not known, a value out of bounds, more than one
    occurrence a day, or parts that do not go together.
    """
    text = text.strip().upper().removeprefix("RRULE:").rstrip(";")
    parts = _parts(text)
    rule = Rule(text, _frequency(parts.pop("FREQ", "")))
    for name, value in parts.items():
        if name not in _READERS:
            raise RecurrenceError(_unknown(name))
        field, read = _READERS[name]
        rule = replace(rule, **{field: read(name, value)})
    _check_together(rule)
    return rule


def _parts(text: str) -> dict[str, str]:
    parts: dict[str, str] = {}
    if not text:
        raise RecurrenceError(_("Say how it recurs, for example FREQ=WEEKLY;BYDAY=TU."))
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if not equals or not value:
            raise RecurrenceError(
                _("“%(part)s” is not a part of a rule: each is NAME=VALUE, separated by semicolons.")
                % {"part": part[:40]}
            )
        if name in parts:
            raise RecurrenceError(_("%(name)s is given twice.") % {"name": name[:40]})
        parts[name] = value
    return parts


def _frequency(value: str) -> str:
    if value in _TOO_OFTEN:
        raise RecurrenceError(_("A maintenance recurs once a day at most: FREQ cannot be %s.") % value)
    if value not in _FREQUENCIES:
        raise RecurrenceError(_("FREQ must say how often: DAILY, WEEKLY, MONTHLY or YEARLY."))
    return value


def _unknown(name: str) -> str:
    if name in _TOO_OFTEN:
        return _("%s is not used: the time of day is that of the first start.") % name
    known = ", ".join(["FREQ", *_READERS])
    return _("%(name)s is not known here. A rule is made of %(known)s.") % {
        "name": name[:40],
        "known": known,
    }


def _number(low: int, high: int) -> Callable[[str, str], int]:
    """Reads a whole number between the bounds; no part of a rule takes 0."""

    def read(name: str, value: str) -> int:
        found = int(value) if re.fullmatch(r"[+-]?[0-9]{1,6}", value) else 0
        if not found or not low <= found <= high:
            bounds = f"{low}…{high}" if low > 0 else f"{low}…-1, 1…{high}"
            raise RecurrenceError(
                _("%(name)s takes whole numbers (%(bounds)s); “%(value)s” is none.")
                % {"name": name, "bounds": bounds, "value": value[:40]}
            )
        return found

    return read


def _numbers(low: int, high: int) -> Callable[[str, str], tuple[int, ...]]:
    """Reads several, separated by commas, in rising order with those that count from the end last."""
    read = _number(low, high)
    return lambda name, values: tuple(
        sorted({read(name, value) for value in values.split(",")}, key=lambda number: (number < 0, number))
    )


def _weekday(name: str, value: str) -> int:
    if value not in _WEEKDAYS:
        raise RecurrenceError(
            _("%(name)s takes the days MO, TU, WE, TH, FR, SA and SU; “%(value)s” is none.")
            % {"name": name, "value": value[:40]}
        )
    return _WEEKDAYS.index(value)


def _weekdays(name: str, values: str) -> tuple[tuple[int, int], ...]:
    """`MO`, `2TU` or `-1FR`, more of them separated by commas."""
    found = {(value[:-2], _weekday(name, value[-2:])) for value in values.split(",")}
    read = _number(-5, 5)
    return tuple(sorted((read(name, number) if number else 0, weekday) for number, weekday in found))


def _until(name: str, value: str) -> date:
    """A day, which is included, or a start: on the wall clock, or with Z in UTC."""
    try:
        return _UNTIL_FORMS[re.sub(r"[0-9]", "9", value)](value)
    except (KeyError, ValueError):
        example = "20271231, 20271231T180000, 20271231T180000Z"
        raise RecurrenceError(
            _("%(name)s is a day or a time such as %(example)s; “%(value)s” is none.")
            % {"name": name, "example": example, "value": value[:40]}
        ) from None


_UNTIL_FORMS: dict[str, Callable[[str], date]] = {
    "99999999": date.fromisoformat,
    "99999999T999999": datetime.fromisoformat,
    "99999999T999999Z": datetime.fromisoformat,
}

_READERS: dict[str, tuple[str, Callable[[str, str], Any]]] = {
    "INTERVAL": ("interval", _number(1, 999)),
    "COUNT": ("count", _number(1, 9999)),
    "UNTIL": ("until", _until),
    "BYDAY": ("weekdays", _weekdays),
    "BYMONTHDAY": ("month_days", _numbers(-20, 31)),
    "BYMONTH": ("months", _numbers(1, 12)),
    "BYSETPOS": ("positions", _numbers(-20, 20)),
    "WKST": ("week_start", _weekday),
}


def _check_together(rule: Rule) -> None:
    if rule.count is not None and rule.until is not None:
        raise RecurrenceError(_("A rule ends by COUNT or by UNTIL, not by both."))
    if any(number for number, _day in rule.weekdays) and rule.frequency in ("DAILY", "WEEKLY"):
        raise RecurrenceError(_("Numbered days such as 1MO need FREQ=MONTHLY or FREQ=YEARLY."))
    if rule.month_days and rule.frequency == "WEEKLY":
        raise RecurrenceError(_("BYMONTHDAY does not go with FREQ=WEEKLY."))
    if rule.positions and not (rule.weekdays or rule.month_days or rule.months):
        raise RecurrenceError(_("BYSETPOS needs BYDAY, BYMONTHDAY or BYMONTH beside it."))


# Saying --------------------------------------------------------------------------------------------

_PLACES = {
    1: gettext_lazy("first"),
    2: gettext_lazy("second"),
    3: gettext_lazy("third"),
    4: gettext_lazy("fourth"),
    5: gettext_lazy("fifth"),
    -1: gettext_lazy("last"),
    -2: gettext_lazy("second to last"),
    -3: gettext_lazy("third to last"),
    -4: gettext_lazy("fourth to last"),
    -5: gettext_lazy("fifth to last"),
}


def describe(rule: Rule) -> str:
    """The rule in words, in the active language: "Every 2 weeks on Monday and Thursday, 10 times"."""
    sentence = _how_often(rule.frequency, rule.interval)
    if on := _on_days(rule):
        sentence = _("%(every)s on %(days)s") % {"every": sentence, "days": on}
    if rule.months:
        names = [str(MONTHS[month]) for month in rule.months]
        sentence = _("%(every)s in %(months)s") % {"every": sentence, "months": _list(names)}
    if rule.positions:
        names = [_place(number) for number in rule.positions]
        sentence = _("%(every)s, only the %(places)s of them") % {"every": sentence, "places": _list(names)}
    return sentence + _end(rule)


def _how_often(frequency: str, interval: int) -> str:
    sentences = {
        "DAILY": ngettext("Every day", "Every %(n)d days", interval),
        "WEEKLY": ngettext("Every week", "Every %(n)d weeks", interval),
        "MONTHLY": ngettext("Every month", "Every %(n)d months", interval),
        "YEARLY": ngettext("Every year", "Every %(n)d years", interval),
    }
    return sentences[frequency] % {"n": interval}


def _on_days(rule: Rule) -> str:
    weekdays = _list([_weekday_name(*one) for one in rule.weekdays])
    month_days = _list([_month_day_name(number) for number in rule.month_days])
    if weekdays and month_days:
        return _("%(days)s if that is %(weekdays)s") % {"days": month_days, "weekdays": weekdays}
    return weekdays or month_days


def _weekday_name(number: int, weekday: int) -> str:
    name = str(WEEKDAYS[weekday])
    return _("the %(place)s %(day)s") % {"place": _place(number), "day": name} if number else name


def _month_day_name(number: int) -> str:
    if number > 0:
        return _("day %d") % number
    return _("the %s day") % _place(number)


def _place(number: int) -> str:
    if number in _PLACES:
        return str(_PLACES[number])
    return _("%dth") % number if number > 0 else _("%dth to last") % -number


def _list(words: list[str]) -> str:
    return str(get_text_list(words, _("and")))


def _end(rule: Rule) -> str:
    if rule.count is not None:
        return ngettext(", once", ", %(n)d times", rule.count) % {"n": rule.count}
    return _(", until %s") % date_format(rule.until, "DATE_FORMAT") if rule.until else ""

"""The page's words in its language, and how its dates, times, durations and percentages read.

Everything here speaks the language and zone that are active while a document is rendered.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache

from django.utils import dateformat, formats, timezone, translation
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from components.choices import ComponentStatus
from incidents.choices import Impact, IncidentStatus
from publishing.snapshot import IncidentSummary, IncidentView

SENTENCES = {
    "All Systems Operational": gettext_lazy("All systems operational"),
    "Major System Outage": gettext_lazy("Major system outage"),
    "Partial System Outage": gettext_lazy("Partial system outage"),
    "Minor Service Outage": gettext_lazy("Minor service outage"),
    "Degraded System Service": gettext_lazy("Degraded system service"),
    "Partially Degraded Service": gettext_lazy("Partially degraded service"),
    "Service Under Maintenance": gettext_lazy("Service under maintenance"),
}

SOURCES = {
    "incident": gettext_lazy("Incident"),
    "maintenance": gettext_lazy("Maintenance"),
    "monitor": gettext_lazy("Found by monitoring"),
    "setting": gettext_lazy("Set by the team"),
    "correction": gettext_lazy("Corrected"),
}

IMPACT_STATUS = {
    Impact.NONE: "operational",
    Impact.MINOR: "degraded_performance",
    Impact.MAJOR: "partial_outage",
    Impact.CRITICAL: "major_outage",
    Impact.MAINTENANCE: "under_maintenance",
}
"""The component status whose colour and sign an impact (or a page's indicator) borrows."""


def sentence(description: str) -> str:
    return str(SENTENCES.get(description, description))


def status_word(status: str | None) -> str:
    return _("No data") if status is None else str(ComponentStatus(status).label)


def update_word(status: str) -> str:
    return str(IncidentStatus(status).label)


def state_word(notice: IncidentView | IncidentSummary) -> str:
    """Where a notice is in its life, in a word."""
    return _("Cancelled") if notice.cancelled else update_word(notice.status)


def impact_word(impact: str) -> str:
    """A whole phrase, because languages inflect the adjective."""
    phrases = {
        Impact.NONE: _("No impact"),
        Impact.MINOR: _("Minor impact"),
        Impact.MAJOR: _("Major impact"),
        Impact.CRITICAL: _("Critical impact"),
        Impact.MAINTENANCE: _("Maintenance"),
    }
    return phrases[Impact(impact)]


def source_word(source: str) -> str:
    return str(SOURCES[source])


def duration(seconds: int) -> str:
    """Two units at most: "34 min", "2 h 10 min", "3 d 4 h"; under a minute in seconds."""
    if seconds < 60:
        return _("%(count)d s") % {"count": seconds}
    minutes = seconds // 60
    days, hours, rest = minutes // 1440, minutes // 60 % 24, minutes % 60
    parts = [
        _("%(count)d d") % {"count": days} if days else "",
        _("%(count)d h") % {"count": hours} if hours else "",
        _("%(count)d min") % {"count": rest} if rest and not days else "",
    ]
    return " ".join(part for part in parts if part)


@lru_cache(maxsize=4096)
def _percent(language: str, value: str) -> str:
    return _("%(number)s%%") % {"number": formats.number_format(Decimal(value), use_l10n=True)}


def percent(value: str | None) -> str:
    """ "99.98" as the language writes it; "No data" for None."""
    return _("No data") if value is None else _percent(translation.get_language() or "", value)


def share(weight: str) -> str:
    """A weight between 0 and 1 as a percentage: "0.3" is "30%"."""
    return percent(f"{Decimal(weight) * 100:f}".removesuffix(".0"))


@lru_cache(maxsize=4096)
def _dated(language: str, day: date, pattern: str) -> str:
    return dateformat.format(day, pattern)


def dated(day: date, pattern: str) -> str:
    """A date by one of Django's patterns, in the active language."""
    return _dated(translation.get_language() or "", day, pattern)


def short_date(day: date) -> str:
    return dated(day, _("j M"))


def long_date(day: date) -> str:
    return dated(day, _("j F Y"))


def day_name(day: date) -> str:
    return dated(day, _("D, j F"))


def month_name(year: int, month: int) -> str:
    return dated(date(year, month, 1), _("F Y"))


def zone_name(moment: datetime) -> str:
    """ "UTC", "CET"; zones without letters give their offset: "UTC+03"."""
    name = moment.strftime("%Z")
    return f"UTC{name}" if name[:1] in "+-" else name


def zone_word(name: str) -> str:
    """A time zone as people call it: "UTC" for "Etc/UTC", "Europe/Berlin"."""
    return "UTC" if name in _UTC else name.replace("_", " ")


_UTC = frozenset({"Etc/UTC", "Etc/UCT", "Etc/GMT", "Etc/Zulu", "Etc/Universal", "UTC", "Zulu"})

PATTERNS = {
    "full": gettext_lazy("j M Y, H:i"),
    "near": gettext_lazy("j M, H:i"),
    "date": gettext_lazy("j M Y"),
    "clock": gettext_lazy("H:i"),
}


def stamp(moment: datetime, style: str = "full") -> SafeString:
    """`<time>` in the active zone, whose name ends "full" and "near" (which lacks the year).

    "rel" and "near" invite the script to add how long ago it was.
    """
    zone = timezone.get_current_timezone_name()
    return _stamp(translation.get_language() or "", zone, moment.astimezone(UTC), style)


# A page tells of the same moments from version to version.
@lru_cache(maxsize=4096)
def _stamp(_language: str, _zone: str, moment: datetime, style: str) -> SafeString:
    local = timezone.localtime(moment)
    words = dateformat.format(local, str(PATTERNS["full" if style == "rel" else style]))
    if style not in {"clock", "date"}:
        words = f"{words} {zone_name(local)}"
    mark = SafeString(" data-rel") if style in {"rel", "near"} else ""
    instant = moment.strftime("%Y-%m-%dT%H:%M:%SZ")
    return format_html('<time datetime="{}"{}>{}</time>', instant, mark, words)


def span(began: datetime, ended: datetime | None) -> SafeString:
    """Two times with what they share said once: "19 Nov 2026, 14:02 – 14:36 UTC"."""
    if ended is None:
        return format_html(_("since {}"), stamp(began))
    if timezone.localtime(began).date() != timezone.localtime(ended).date():
        return format_html("{} – {}", stamp(began), stamp(ended))
    zone = zone_name(timezone.localtime(ended))
    return format_html(
        _("{}, {} – {} {}"), stamp(began, "date"), stamp(began, "clock"), stamp(ended, "clock"), zone
    )


def clocks(began: datetime, ended: datetime | None) -> str:
    """Two times of one day: "14:02 – 14:36"; midnight at its end is "24:00"."""
    first = dateformat.format(timezone.localtime(began), str(PATTERNS["clock"]))
    if ended is None:
        return f"{first} – …"
    last = dateformat.format(timezone.localtime(ended), str(PATTERNS["clock"]))
    return f"{first} – {'24:00' if last == '00:00' else last}"


def problem_days(count: int) -> str:
    return ngettext("%(count)d day with problems", "%(count)d days with problems", count) % {"count": count}


def maintenance_days(count: int) -> str:
    return ngettext("%(count)d day with maintenance", "%(count)d days with maintenance", count) % {
        "count": count
    }


def corrected_days(count: int) -> str:
    return ngettext("%(count)d corrected day", "%(count)d corrected days", count) % {"count": count}


def corrected(reason: str) -> str:
    """What is said where history was corrected."""
    return _("corrected: “%(reason)s”") % {"reason": reason}


def beginning(day: date, *, is_new: bool) -> str:
    """Why a history is short."""
    sentence = _("New: its history begins on %(date)s") if is_new else _("Its history begins on %(date)s")
    return sentence % {"date": short_date(day)}


def unknown_days(count: int) -> str:
    return ngettext("%(count)d day without data", "%(count)d days without data", count) % {"count": count}

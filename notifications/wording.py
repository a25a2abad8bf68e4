"""What a message says, in the active language, from a notification's facts alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.markdown import summary, to_html, to_text
from components.choices import ComponentStatus
from incidents.choices import IncidentKind, IncidentStatus
from notifications.audience import shown_components
from notifications.choices import TEAM
from notifications.phrases import PHRASES

Facts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Part:
    """A component as a message names it."""

    name: str
    status: str
    label: str


@dataclass(frozen=True, slots=True)
class Notice:
    """An open incident or maintenance in a list."""

    name: str
    label: str
    url: str
    text: str
    begins: datetime | None = None
    ends: datetime | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """`template` names files of templates/mail/; `tone` is calm, work, over or an impact. `action` is what
    `url` is for, and `because` why it is sent, where that is to somebody of the team."""

    template: str
    subject: str
    title: str
    label: str = ""
    tone: str = "calm"
    preview: str = ""
    text: str = ""
    html: str = ""
    url: str = ""
    action: str = ""
    because: str = ""
    at: datetime | None = None
    begins: datetime | None = None
    ends: datetime | None = None
    parts: list[Part] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)


_MAINTENANCE = {
    "maintenance.scheduled": gettext_lazy("Scheduled maintenance"),
    "maintenance.reminder": gettext_lazy("Maintenance is near"),
    "maintenance.started": gettext_lazy("Maintenance has begun"),
    "maintenance.updated": gettext_lazy("Maintenance update"),
    "maintenance.edited": gettext_lazy("Maintenance has changed"),
    "maintenance.completed": gettext_lazy("Maintenance is complete"),
    "maintenance.cancelled": gettext_lazy("Maintenance is cancelled"),
}
# What mail says that speaks for several.
SUMMARY = "summary"
_OVER = {"incident.resolved", "incident.postmortem_published", "maintenance.completed"}


def asks(kind: str) -> bool:
    """Whether the message asks for something, of somebody or of the team: then there is nothing to leave."""
    return kind in {"subscriber.asked", "subscriber.reminded"} or kind.startswith(TEAM)


def words(kind: str, facts: Facts) -> Said:
    """The message of an event called `kind`."""
    return _OWN.get(kind, _notice)(kind, facts)


def _notice(kind: str, facts: Facts) -> Said:
    incident, window = facts["incident"], facts["incident"].get("window") or {}
    said = facts.get("postmortem") or facts.get("update") or facts.get("newest_update") or {}
    body = said.get("body", "")
    label = _label(kind, incident)
    return Said(
        template="notice",
        subject=f"{label}: {incident['name']}",
        title=incident["name"],
        label=label,
        tone=_tone(kind, incident),
        preview=summary(body, 140),
        text=to_text(body),
        html=to_html(body),
        url=incident["url"],
        at=_instant(said.get("display_at")),
        begins=_instant(window.get("scheduled_for")),
        ends=_instant(window.get("scheduled_until")),
        parts=[_part(one) for one in shown_components(facts)],
    )


def _phrased(kind: str, facts: Facts) -> Said:
    phrases, values = PHRASES[kind], _values(facts)
    return Said(
        template=phrases.template,
        subject=str(phrases.subject) % values,
        title=str(phrases.title),
        preview=str(phrases.preview) % values,
        text=str(phrases.text),
        action=str(phrases.action),
        because=str(phrases.because) % values,
        **_of_team(facts),
    )


def _values(facts: Facts) -> dict[str, Any]:
    """What the phrases are filled with. `time` is the one that counts, on the clock of the zone."""
    values = {"page": facts["page"]["name"], **facts.get("trouble", {})}
    if "call" not in facts:
        return values
    incident = facts["incident"]
    written, promised = _instant(facts["call"]["written_at"]), _instant(incident["next_update_by"])
    return values | {
        "name": incident["name"],
        "time": _local(promised or written, "H:i T"),
        "written": _local(written, _("j F Y, H:i T")),
        "promised": _local(promised, _("j F Y, H:i T")),
    }


def _of_team(facts: Facts) -> dict[str, Any]:
    """Where the team sees to it, and which incident it is."""
    if "trouble" in facts:
        return {"url": facts["trouble"]["url"]}
    if "call" not in facts:
        return {}
    incident = facts["incident"]
    return {
        "url": facts["call"]["url"],
        "label": f"{IncidentStatus(incident['status']).label}: {incident['name']}",
        "tone": str(incident["impact"]),
    }


def _welcome(_kind: str, facts: Facts) -> Said:
    notices = [_open_notice(one) for one in facts["open"]]
    name = facts["page"]["name"]
    return Said(
        template="welcome",
        subject=_("You are subscribed to %(page)s") % {"page": name},
        title=_("You are subscribed"),
        preview=_("This is happening now.") if notices else _("From now on we will tell you."),
        notices=notices,
    )


def _summary(_kind: str, facts: Facts) -> Said:
    return Said(
        template="summary",
        subject=_("What happened on %(page)s meanwhile") % {"page": facts["page"]["name"]},
        title=_("What happened meanwhile"),
        preview=_("Our mail was held up. This is where things stand."),
        notices=[_told(words(one["kind"], one["facts"])) for one in facts["told"]],
    )


def _local(at: datetime | None, pattern: str) -> str:
    if at is None:
        return ""
    local = localtime(at)
    # Django's own "T" is empty in the hour that a change of clocks repeats.
    return f"{date_format(local, pattern.replace('T', '')).strip()} {local.tzname()}"


_OWN: dict[str, Callable[[str, Facts], Said]] = {
    **dict.fromkeys(PHRASES, _phrased),
    "subscriber.confirmed": _welcome,
    SUMMARY: _summary,
}


def _told(said: Said) -> Notice:
    return Notice(said.title, said.label, said.url, said.text, said.begins, said.ends)


def _open_notice(said: Facts) -> Notice:
    label = str(IncidentStatus(said["status"]).label)
    times = _instant(said.get("begins")), _instant(said.get("ends"))
    return Notice(said["name"], label, said["url"], summary(said["body"]), *times)


def _label(kind: str, incident: Facts) -> str:
    if kind == "incident.postmortem_published":
        return _("Postmortem")
    return str(_MAINTENANCE.get(kind) or IncidentStatus(incident["status"]).label)


def _tone(kind: str, incident: Facts) -> str:
    if kind in _OVER:
        return "over"
    return "work" if incident["kind"] == IncidentKind.MAINTENANCE else str(incident["impact"])


def _part(said: Facts) -> Part:
    return Part(said["name"], said["status"], str(ComponentStatus(said["status"]).label))


def _instant(value: str | None) -> datetime | None:
    return datetime.fromisoformat(value) if value else None

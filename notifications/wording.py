"""What a message says, in the active language, from a notification's facts alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from common.markdown import summary, to_html, to_text
from components.choices import ComponentStatus
from incidents.cadence import Call
from incidents.choices import IncidentKind, IncidentStatus
from notifications.audience import shown_components
from notifications.choices import TEAM
from subscribers.troubles import Trouble

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
    """`template` names files of templates/mail/; `tone` is calm, work, over or an impact."""

    template: str
    subject: str
    title: str
    label: str = ""
    tone: str = "calm"
    preview: str = ""
    text: str = ""
    html: str = ""
    url: str = ""
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


def _ask(_kind: str, facts: Facts) -> Said:
    name = facts["page"]["name"]
    return Said(
        template="confirm",
        subject=_("Confirm your subscription to %(page)s") % {"page": name},
        title=_("Confirm your subscription"),
        preview=_("One more step, and %(page)s will keep you informed.") % {"page": name},
    )


def _remind(kind: str, facts: Facts) -> Said:
    subject = _("Reminder: confirm your subscription to %(page)s") % {"page": facts["page"]["name"]}
    return replace(_ask(kind, facts), subject=subject)


def _known(_kind: str, facts: Facts) -> Said:
    return Said(
        template="known",
        subject=_("Your subscription to %(page)s") % {"page": facts["page"]["name"]},
        title=_("You are subscribed already"),
        preview=_("Change what you are told, or leave."),
    )


def _failing(_kind: str, facts: Facts) -> Said:
    return Said(
        template="machine",
        subject=_("Messages of %(page)s do not reach your machine") % {"page": facts["page"]["name"]},
        title=_("Your machine does not answer"),
        preview=_(
            "It should be told when something happens, but it failed four times in a row. We go on trying "
            "for five days, and then give up."
        ),
    )


def _given_up(_kind: str, facts: Facts) -> Said:
    return Said(
        template="machine",
        subject=_("%(page)s does not tell your machine any more") % {"page": facts["page"]["name"]},
        title=_("We have given up on your machine"),
        preview=_(
            "It is told nothing any more. Once it works, ask the team of the page to take it up again: they "
            "can also send what it has missed."
        ),
    )


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


def _due_soon(_kind: str, facts: Facts) -> Said:
    return _call(
        facts,
        _("Update due at %(time)s: %(name)s"),
        _("An update is due soon"),
        _("The public was promised an update by %(promised)s."),
    )


def _overdue(_kind: str, facts: Facts) -> Said:
    return _call(
        facts,
        _("Update overdue since %(time)s: %(name)s"),
        _("An update is overdue"),
        _("The public was promised an update by %(promised)s. The status page now says that it is late."),
    )


def _silent(_kind: str, facts: Facts) -> Said:
    return _call(
        facts,
        _("No update since %(time)s: %(name)s"),
        _("An incident waits for an update"),
        _("It is still open, and the last update was written on %(written)s."),
    )


def _call(facts: Facts, subject: str, title: str, text: str) -> Said:
    """What asks the team for an update. `subject` names the time that counts, on the clock of the zone."""
    incident, call = facts["incident"], facts["call"]
    written, promised = _instant(call["written_at"]), _instant(incident["next_update_by"])
    values = {
        "name": incident["name"],
        "time": _local(promised or written, "H:i T"),
        "written": _local(written, _("j F Y, H:i T")),
        "promised": _local(promised, _("j F Y, H:i T")),
    }
    return Said(
        template="team",
        subject=subject % values,
        title=title,
        label=f"{IncidentStatus(incident['status']).label}: {incident['name']}",
        tone=str(incident["impact"]),
        preview=text % values,
        url=call["url"],
    )


def _unreachable(_kind: str, facts: Facts) -> Said:
    return _trouble(
        facts,
        _("Addresses of %(page)s that do not work: %(number)d"),
        _("Messages do not arrive"),
        _(
            "Addresses put in quarantine: %(number)d. Mail to them came back, or their machine has failed "
            "for days. Nothing is sent to them any more."
        ),
        _(
            "Where you know a better address, add it. Where one works again, take it out of quarantine. If "
            "there are many at once, look at how the sender of your mail is set up."
        ),
    )


def _complaints(_kind: str, facts: Facts) -> Said:
    return _trouble(
        facts,
        _("Mail of %(page)s was reported as spam: %(number)d"),
        _("Mail was reported as spam"),
        _(
            "Subscribers who reported mail of your organisation as spam: %(number)d. They are told nothing "
            "any more, by none of its pages."
        ),
        _(
            "Services hold back the mail of whoever is reported often. Look at where these addresses came "
            "from: has everybody on the list, above all who was imported, asked to be told?"
        ),
    )


def _few_confirm(_kind: str, facts: Facts) -> Said:
    return _trouble(
        facts,
        _("Few confirm their subscription to %(page)s: %(confirmed)d of %(asked)d"),
        _("Few confirm their subscription"),
        _("In a week %(asked)d people were asked to confirm, and %(confirmed)d did."),
        _(
            "Somebody may be entering addresses that are not theirs, which get mail that they never asked "
            "for. Look at who was asked. Until it is over you can take the form off the page, in its "
            "settings."
        ),
    )


def _trouble(facts: Facts, subject: str, title: str, what: str, then: str) -> Said:
    """What the team is told of its subscribers: what has happened, and what to do."""
    values = facts["trouble"] | {"page": facts["page"]["name"]}
    return Said(
        template="trouble",
        subject=subject % values,
        title=title,
        preview=what % values,
        text=then,
        url=values["url"],
    )


def _local(at: datetime | None, pattern: str) -> str:
    if at is None:
        return ""
    local = localtime(at)
    # Django's own "T" is empty in the hour that a change of clocks repeats.
    return f"{date_format(local, pattern.replace('T', '')).strip()} {local.tzname()}"


_OWN: dict[str, Callable[[str, Facts], Said]] = {
    "subscriber.asked": _ask,
    "subscriber.reminded": _remind,
    "subscriber.asked_again": _known,
    "subscriber.confirmed": _welcome,
    "subscriber.failing": _failing,
    "subscriber.quarantined": _given_up,
    SUMMARY: _summary,
    Call.SOON: _due_soon,
    Call.OVERDUE: _overdue,
    Call.SILENT: _silent,
    Trouble.UNREACHABLE: _unreachable,
    Trouble.COMPLAINTS: _complaints,
    Trouble.FEW_CONFIRM: _few_confirm,
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

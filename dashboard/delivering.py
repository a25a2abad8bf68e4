"""How a page's messages fare, in the words of somebody who was just woken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils.text import capfirst
from django.utils.timesince import timesince
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from notifications.faring import MOST, Faring, delivering
from notifications.progress import grouped
from pages.models import StatusPage

# Until then waiting is just how many are told at once.
_LATE = timedelta(minutes=2)
# A few that are tried again are somebody's full mailbox; many, and a part of all, are our trouble.
_MANY, _PART = 10, 20
_SILENT = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Trouble:
    """`tone`: warning or error. `channel`: whose given-up messages can be looked at, if it is about them."""

    tone: str
    text: str
    channel: str = ""


@dataclass(frozen=True, slots=True)
class Delivery:
    """`channels`: by the word for each that has anything to tell, its numbers in words."""

    troubles: list[Trouble] = field(default_factory=list)
    channels: list[tuple[str, str]] = field(default_factory=list)
    is_idle: bool = False


def delivery(page: StatusPage, tenant_id: str, now: datetime) -> Delivery:
    found = delivering(tenant_id, page.pk, now)
    troubles = [*_of_workers(found.worker_at, found.ticker_at, now)]
    troubles += [one for channel in found.channels for one in _troubles(channel, now)]
    shown = [(str(one.channel.label), _numbers(one)) for one in found.channels]
    is_idle = not any(one.waiting or one.retrying for one in found.channels)
    return Delivery(
        sorted(troubles, key=lambda one: one.tone != "error"), [one for one in shown if one[1]], is_idle
    )


def _of_workers(worker_at: datetime | None, ticker_at: datetime | None, now: datetime) -> Iterator[Trouble]:
    has_worker, has_ticker = _is_seen(worker_at, now), _is_seen(ticker_at, now)
    if not has_worker and not has_ticker:
        text = _("Nothing is going out: neither a worker nor the ticker runs. Last seen: %(time)s.")
        yield Trouble("error", text % {"time": _last(worker_at, ticker_at, now)})
    elif not has_worker:
        text = _("Messages go out slowly: no worker runs, and the ticker does its work. Last seen: %(time)s.")
        yield Trouble("warning", text % {"time": _last(worker_at, None, now)})
    elif not has_ticker:
        text = _("What waits for its time is not sent: the ticker does not run. Last seen: %(time)s.")
        yield Trouble("error", text % {"time": _last(ticker_at, None, now)})


def _is_seen(at: datetime | None, now: datetime) -> bool:
    return at is not None and now - at < _SILENT


def _last(at: datetime | None, other: datetime | None, now: datetime) -> str:
    newest = max((one for one in (at, other) if one), default=None)
    return _("%(time)s ago") % {"time": timesince(newest, now, depth=1)} if newest else _("never")


def _troubles(faring: Faring, now: datetime) -> Iterator[Trouble]:
    named = {"channel": faring.channel.label}
    behind = _behind(faring, now)
    if faring.ways and faring.away == faring.ways:
        said = _("%(channel)s is not going out: its service fails. It is tried again by itself.") % named
        yield Trouble("error", f"{said} {_waiting(faring, now)}".strip())
    elif behind:
        said = _("%(channel)s is delayed.") % named
        yield Trouble("warning", f"{said} {_waiting(faring, now)}".strip())
    if faring.first_away and faring.away < faring.ways:
        yield Trouble("warning", _("%(channel)s goes by the next service: the first one fails.") % named)
    if faring.given_up:
        said = ngettext(
            "%(channel)s: %(number)s message was given up in the last three days.",
            "%(channel)s: %(number)s messages were given up in the last three days.",
            faring.given_up,
        )
        values = named | {"number": _number(faring.given_up)}
        yield Trouble("warning", said % values, faring.channel.value)


def _behind(faring: Faring, now: datetime) -> bool:
    lately = faring.sent.hour if faring.sent else 0
    is_late = faring.since is not None and now - faring.since >= _LATE
    return is_late or (faring.retrying >= _MANY and faring.retrying * _PART >= lately)


def _waiting(faring: Faring, now: datetime) -> str:
    """Sentences: how many, for how long, and what the other side says."""
    said = []
    if faring.waiting and faring.since:
        text = ngettext(
            "%(number)s message has been waiting for %(time)s.",
            "%(number)s messages are waiting, the oldest for %(time)s.",
            faring.waiting,
        )
        values = {"number": _number(faring.waiting), "time": timesince(faring.since, now, depth=1)}
        said.append(capfirst(text % values))
    if faring.retrying:
        text = ngettext("%(number)s is tried again.", "%(number)s are tried again.", faring.retrying)
        said.append(capfirst(text % {"number": _number(faring.retrying)}))
        if faring.answer:
            said.append(_("The other side answers %(code)s.") % {"code": faring.answer})
    return " ".join(said)


def _numbers(faring: Faring) -> str:
    """Such as “1,204 sent in the last hour · 30,120 in the last day · 3 tried again”."""
    said = []
    if faring.sent and faring.sent.day:
        said += [
            _("%(number)s sent in the last hour") % {"number": grouped(faring.sent.hour)},
            _("%(number)s in the last day") % {"number": grouped(faring.sent.day)},
        ]
    words = {
        _("%(number)s waiting"): faring.waiting,
        _("%(number)s tried again"): faring.retrying,
        _("%(number)s put off to their recipients' time"): faring.put_off,
        _("%(number)s given up"): faring.given_up,
    }
    said += [text % {"number": _number(number)} for text, number in words.items() if number]
    return " · ".join(said)


def _number(number: int) -> str:
    return _("more than %(number)s") % {"number": grouped(MOST)} if number > MOST else grouped(number)

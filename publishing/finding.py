"""Which slice makes a document that is asked for before its turn, if the page has it at all."""

from __future__ import annotations

import re
from collections.abc import Collection

from pages.models import StatusPage
from publishing.audience import public_view
from publishing.building import calendar
from publishing.documents import CHARTS, PAST_PAGES
from publishing.rendering.metrics import metric_id

_MONTH = re.compile(r"/(?:history|uptime)/([^/]+)")
_INCIDENT = re.compile(r"/incidents/([0-9a-z]+)(?:\.json)?")
_COMPONENT = re.compile(r"/components/([0-9a-z]+)(?:[./].*)?")
_PAST = "/history.json?page="


def slice_for(page: StatusPage, path: str, awaited: Collection[str]) -> str | None:
    """The slice with the document at `path`; None where it is not awaited, or the page has no such thing."""
    if found := _COMPONENT.fullmatch(path):
        return _of_component(page, found[1], awaited)
    if found := _MONTH.fullmatch(path):
        name = f"m {found[1]}"
    elif found := _INCIDENT.fullmatch(path):
        name = _of_incident(page, found[1])
    elif metric_id(path):
        name = CHARTS
    else:
        name = PAST_PAGES if path.startswith(_PAST) else ""
    return name if name in awaited else None


def _of_component(page: StatusPage, component_id: str, awaited: Collection[str]) -> str | None:
    """One of its own, though it may be awaited among others: that is made sooner."""
    own = f"k {component_id}"
    is_awaited = any(name == own or name.startswith("c ") for name in awaited)
    return own if is_awaited and component_id in public_view(page).components else None


def _of_incident(page: StatusPage, incident_id: str) -> str:
    """That of the month in which it began."""
    found = public_view(page).incidents(page).filter(pk=incident_id).first()
    return f"m {calendar.name(calendar.month_of(found.started_at, page.zone))}" if found else ""

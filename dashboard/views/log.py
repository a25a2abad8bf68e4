"""What happened in an organisation, for those who may change it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from typing import Any, cast
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from common.streaming import in_steps
from common.tenancy import in_tenant
from dashboard.audit import Entry, Filter, entries, with_former
from dashboard.audit_words import THINGS
from dashboard.gates import OrganisationRequest, organisation_screen
from dashboard.paging import LongPaginator
from pages.admin_base import common_zone
from pages.models import StatusPage
from tenants.models import Membership, Role

_PER_PAGE = 50
_STEP = 500
# What a spreadsheet takes for the beginning of a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@organisation_screen(Role.ADMIN)
@require_safe
def log(request: OrganisationRequest) -> HttpResponse:
    wanted = _filter(request)
    pages = list(StatusPage.objects.present())
    zones = {page.time_zone for page in pages}
    zone = ZoneInfo(zones.pop() if len(zones) == 1 else "UTC")
    rows = LongPaginator(with_former(wanted.events(zone)), _PER_PAGE).get_page(request.GET.get("page"))
    people = Membership.objects.filter(tenant=request.organisation).select_related("user")
    with timezone.override(zone):
        values = {
            "rows": rows,
            "entries": entries(rows.object_list),
            "wanted": wanted,
            "people": [one.user for one in people.order_by("user__email")],
            "kinds": sorted(THINGS.items(), key=lambda one: str(one[1])),
            "pages": pages,
            "query": request.GET.urlencode(),
        }
        return render(request, "dashboard/log/log.html", values)


@organisation_screen(Role.ADMIN)
@require_safe
def log_csv(request: OrganisationRequest) -> HttpResponse:
    """What the screen shows, all of it, some at a time."""
    name = f"{request.organisation.slug}-log.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    lines = _lines(request.organisation.pk, _filter(request), str(translation.get_language()))
    answer = StreamingHttpResponse(in_steps(lines), content_type="text/csv; charset=utf-8", headers=headers)
    return cast(HttpResponse, answer)


def _lines(tenant_id: str, wanted: Filter, language: str) -> Iterator[str]:
    with translation.override(language):
        head = [_("At"), _("Who"), _("What"), _("Name"), _("Page"), _("Changes"), _("From"), _("With")]
    yield _table([head])
    before: int | None = None
    while True:
        with in_tenant(tenant_id), translation.override(language):
            text, before = _step(wanted, before)
        if before is None:
            return
        yield text


def _step(wanted: Filter, before: int | None) -> tuple[str, int | None]:
    """Some lines, and the event after which the next begin; None where there is none."""
    events = wanted.events(ZoneInfo(str(common_zone())))
    found = list(with_former(events.filter(pk__lt=before) if before else events)[:_STEP])
    return _table(_row(one) for one in entries(found)), found[-1].pk if found else None


def _row(one: Entry) -> list[str]:
    changed = "; ".join(f"{each.name}: {each.before} → {each.after}" for each in one.changes)
    return [one.at.isoformat(), one.who, one.deed, one.what, one.page, changed, one.ip, one.user_agent]


def _table(rows: Any) -> str:
    text = io.StringIO()
    csv.writer(text).writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell


def _filter(request: HttpRequest) -> Filter:
    given = request.GET
    return Filter(
        person=given.get("person", "")[:32],
        kind=given.get("kind", "")[:30],
        page=given.get("of", "")[:32],
        since=_day(given.get("since", "")),
        until=_day(given.get("until", "")),
    )


def _day(text: str) -> date | None:
    try:
        return parse_date(text)
    except ValueError:
        return None

"""Verbs on announcements. Their time comes and goes by itself: then the page takes a new version."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from common.errors import Refused
from common.rows import add, given, state
from common.rows import change as change_row
from common.tenancy import current_tenant_id
from events.actor import SYSTEM, Actor
from incidents.models import Announcement
from outbox.queue import put
from pages.change import Change, page_change
from pages.models import StatusPage

ANNOUNCEMENT = "announcement"
ANNOUNCEMENT_FIELDS = frozenset({"title", "body", "begins_at", "ends_at"})


def create_announcement(
    page: StatusPage,
    actor: Actor,
    *,
    title: str,
    body: str = "",
    begins_at: datetime | None = None,
    ends_at: datetime | None = None,
) -> Announcement:
    """Pin a notice above the page, from `begins_at` (now, if None) until `ends_at` (until taken off)."""
    asked = {"title": title, "body": body, "begins_at": begins_at, "ends_at": ends_at}
    fields = given({name: value for name, value in asked.items() if value is not None}, asked, Announcement)
    with page_change(page, actor, notify=False) as change:
        fields = {"begins_at": change.now} | fields
        _check_times(change, fields["begins_at"], fields.get("ends_at"))
        stamps = {"created_at": change.now, "updated_at": change.now}
        announcement = add(Announcement(page=change.page, **fields, **stamps))
        _record(change, "announcement.created", announcement)
    return announcement


def edit_announcement(
    page: StatusPage, announcement: Announcement, actor: Actor, **fields: Any
) -> Announcement:
    """Change text or times; `fields`: of ANNOUNCEMENT_FIELDS."""
    fields = given(fields, ANNOUNCEMENT_FIELDS, Announcement)
    with page_change(page, actor, notify=False) as change:
        announcement = _locked(change, announcement)
        if {"begins_at", "ends_at"} & set(fields):
            begins_at = fields.get("begins_at", announcement.begins_at)
            _check_times(change, begins_at, fields.get("ends_at", announcement.ends_at))
        if change_row(announcement, fields, change.now, ANNOUNCEMENT_FIELDS):
            _record(change, "announcement.edited", announcement)
    return announcement


def delete_announcement(page: StatusPage, announcement: Announcement, actor: Actor) -> None:
    """Take a notice off the page."""
    with page_change(page, actor, notify=False) as change:
        announcement = _locked(change, announcement)
        announcement.deleted_at = announcement.updated_at = change.now
        announcement.save(update_fields=["deleted_at", "updated_at"])
        change.record("announcement.deleted", "announcement", announcement.pk, state(announcement))


def let_announcement_pass(page: StatusPage, announcement: Announcement) -> None:
    """Its time has come, or is over: a new version, unless the page has taken one since."""
    with page_change(page, SYSTEM, notify=False) as change:
        announcement = _locked(change, announcement)
        times = {
            "announcement.ended": announcement.ends_at,
            "announcement.began": announcement.begins_at,
        }
        for name, at in times.items():
            if at is not None and change.page.version_at < at <= change.now:
                _record(change, name, announcement)
                return
        _ask(change, announcement)


def _locked(change: Change, announcement: Announcement) -> Announcement:
    found = change.page.announcements.present().filter(pk=announcement.pk).first()
    if found is None:
        message = _("This announcement has been deleted meanwhile.")
        raise Refused(message)
    return found


def _check_times(change: Change, begins_at: datetime, ends_at: datetime | None) -> None:
    if ends_at is None:
        return
    if ends_at <= begins_at:
        message = _("An announcement begins before it ends.")
        raise Refused(message, "ends_at")
    if ends_at <= change.now:
        message = _("The time of this announcement is over already. To end it now, delete it.")
        raise Refused(message, "ends_at")


def _record(change: Change, name: str, announcement: Announcement) -> None:
    change.record(name, "announcement", announcement.pk, state(announcement))
    _ask(change, announcement)


def _ask(change: Change, announcement: Announcement) -> None:
    """Have the page take a version when the announcement next comes or goes."""
    times = [announcement.begins_at, announcement.ends_at]
    left = [at for at in times if at is not None and at > change.now]
    if left:
        put(ANNOUNCEMENT, current_tenant_id(), [announcement.pk], due_at=min(left))

"""Announcements: pinned above the page for a while."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from incidents.actions.announcement import (
    ANNOUNCEMENT_FIELDS,
    create_announcement,
    delete_announcement,
    edit_announcement,
)
from incidents.models import Announcement
from pages.admin_base import PageBoundAdmin, PageForm
from pages.links import page_url


class AnnouncementForm(PageForm):
    class Meta:
        model = Announcement
        fields = sorted(ANNOUNCEMENT_FIELDS)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["begins_at"].help_text = _("Left empty: now.")
        self.fields["begins_at"].required = bool(self.instance.created_at)
        self.fields["ends_at"].help_text = _("Left empty: until it is taken off.")


class AnnouncementAdmin(PageBoundAdmin):
    form = AnnouncementForm
    list_display = ["title", "begins_at", "ends_at", "page"]
    list_filter = [("page", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["page"]
    search_fields = ["title", "body"]
    adding = editing = viewing = [(None, {"fields": ["title", "body", ("begins_at", "ends_at")]})]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(deleted_at=None)

    def create(self, request: HttpRequest, form: Any) -> Announcement:
        return create_announcement(self.page(request), self.actor(request), **form.cleaned_data)

    def update(self, request: HttpRequest, row: Any, form: Any, formsets: Sequence[Any]) -> None:
        fields = form.changed(ANNOUNCEMENT_FIELDS)
        edit_announcement(self.page(request), row, self.actor(request), **fields)

    def remove(self, request: HttpRequest, row: Any) -> None:
        delete_announcement(self.page_of(row), row, self.actor(request))

    def public_url(self, row: Any) -> str:
        return page_url(row.page)

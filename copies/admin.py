"""Copies elsewhere in an organisation's admin. Keys go in and never come out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from common.admin import badge
from copies.actions import (
    KEY_FIELDS,
    PLACE_FIELDS,
    add_copy_target,
    change_copy_target,
    copy_anew,
    remove_copy_target,
)
from copies.models import CopyTarget, Kind
from pages.admin_base import PageBoundAdmin, PageForm
from tenants.models import Role

_KEYS = ["access_key_id", "secret_access_key"]
_BUCKET = ["endpoint", "region", "bucket", "prefix", *_KEYS]


class CopyTargetForm(PageForm):
    class Meta:
        model = CopyTarget
        fields = ["kind", *sorted(PLACE_FIELDS)]

    access_key_id = forms.CharField(
        label=_("Access key id"), required=False, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    secret_access_key = forms.CharField(
        label=_("Secret access key"),
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Kept encrypted and never shown. To change it, give both."),
    )


class CopyTargetAdmin(PageBoundAdmin):
    """Who may write where is for admins."""

    form = CopyTargetForm
    needs_to_view = needs = Role.ADMIN
    list_display = ["__str__", "kind", "page", "state", "copied_version", "copied_at", "confirmed_at"]
    list_filter = ["kind", ("page", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["page"]
    actions = ["copy_chosen"]
    delete_warning = _("Nothing is copied there any more. What was copied stays: delete it there.")
    in_bucket = (
        _("Bucket"),
        {
            "fields": _BUCKET,
            "description": _(
                "The key has to allow GetObject, PutObject, DeleteObject and ListBucket, and nothing else."
            ),
        },
    )
    in_folder = (_("Folder"), {"fields": ["folder"]})
    shown = ["kind", "state", "copied_version", "copied_at", "confirmed_at", "last_error", "failed_at"]
    adding = [(None, {"fields": ["kind"]}), in_bucket, in_folder]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is None:
            return self.adding
        place = self.in_bucket if obj.kind == Kind.BUCKET else self.in_folder
        return [(None, {"fields": self.shown}), place]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return self.shown if obj else []

    def create(self, request: HttpRequest, form: Any) -> CopyTarget:
        return add_copy_target(self.page(request), self.actor(request), **form.cleaned_data)

    def update(self, request: HttpRequest, row: Any, form: Any, formsets: Sequence[Any]) -> None:
        changed = form.changed(PLACE_FIELDS | KEY_FIELDS)
        if changed:
            change_copy_target(self.page(request), row, self.actor(request), **changed)

    def remove(self, request: HttpRequest, row: Any) -> None:
        remove_copy_target(self.page_of(row), row, self.actor(request))

    @admin.action(description=_("Send everything again, now"), permissions=["change"])
    def copy_chosen(self, request: HttpRequest, queryset: QuerySet[CopyTarget]) -> None:
        self.each(request, queryset, copy_anew)

    @admin.display(description=_("state"))
    def state(self, row: CopyTarget) -> SafeString:
        if row.is_failing:
            return badge("dead", _("Fails"))
        return badge("waiting", _("Waiting")) if row.is_behind else badge("active", _("Up to date"))

    @admin.display(description=_("copied version"), ordering="version")
    def copied_version(self, row: CopyTarget) -> str:
        return f"{row.version or 0} / {row.page.version}"

"""Recurring maintenance. Single occurrences are moved and cancelled as the windows that they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from common.admin import MinuteInput
from components.forms import ComponentsField
from incidents.actions.series import SERIES_FIELDS, create_series, edit_series, end_series
from incidents.admin.forms import BY_ITSELF, REMINDERS
from incidents.models import MaintenanceSeries, MaintenanceWindow
from incidents.rules import describe, parse
from incidents.windows import OPTIONS
from pages.admin_base import PageBoundAdmin, PageForm

_MINUTES = "%Y-%m-%dT%H:%M"


class WallClockField(forms.DateTimeField):
    """A time on some zone's wall clock: naive, and stored as if UTC."""

    widget = MinuteInput

    def to_python(self, value: Any) -> datetime | None:
        with timezone.override(UTC):
            found = super().to_python(value)
        return found.replace(tzinfo=None) if found else None

    def prepare_value(self, value: Any) -> Any:
        return value.replace(tzinfo=None) if isinstance(value, datetime) else value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (initial.strftime(_MINUTES) if initial else "") != (data or "")


def option(name: str) -> Any:
    """The form field of one of the options that each window gets."""
    column: Any = MaintenanceWindow._meta.get_field(name)
    field = column.formfield()
    field.show_hidden_initial = True
    return field


class SeriesForm(PageForm):
    class Meta:
        model = MaintenanceSeries
        fields = sorted(SERIES_FIELDS)
        widgets = {"rule": forms.TextInput(attrs={"class": "vTextField"})}

    local_start = WallClockField(
        label=_("First start"), show_hidden_initial=True, help_text=_("On the wall clock of the time zone.")
    )
    components = ComponentsField()
    notify = forms.BooleanField(label=_("Tell subscribers"), required=False, initial=True)
    # What each window does; kept in one column of the series.
    auto_start = option("auto_start")
    auto_complete = option("auto_complete")
    to_maintenance = option("to_maintenance")
    to_operational = option("to_operational")
    notify_at_start = option("notify_at_start")
    notify_at_end = option("notify_at_end")
    reminders = option("reminders")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["components"].queryset = self.page.components.present()  # type: ignore[attr-defined]
        self.fields["duration"].help_text = _("Hours, minutes and seconds: 2:00:00 is two hours.")
        self.fields["rule"].help_text = _("Such as FREQ=WEEKLY;BYDAY=TU or FREQ=MONTHLY;BYDAY=1SU.")
        self.fields["zone"].required = False
        self.fields["zone"].help_text = _("Left empty: the page’s.")
        self.fields["reminders"].help_text = REMINDERS
        if self.instance.options:
            self.initial.update(self.instance.options)
        if self.instance.created_at:
            self.initial["notify"] = False


class SeriesAdmin(PageBoundAdmin):
    form = SeriesForm
    list_display = ["name", "said", "next_windows", "ended_at", "page"]
    list_filter = [("page", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["page"]
    search_fields = ["name", "body"]
    stays = True
    delete_warning = _(
        "The series ends: windows that have not begun are called off, and subscribers are told."
    )
    adding = [
        (None, {"fields": ["name", "rule", "local_start", "duration", "zone", "body", "components"]}),
        (_("What each window does by itself"), {"fields": BY_ITSELF}),
        (None, {"fields": ["notify"]}),
    ]
    editing = [(_("Its windows"), {"fields": ["said", "next_windows"]}), *adding]
    viewing = [(None, {"fields": ["name", "said", "next_windows", "duration", "zone", "body", "ended_at"]})]
    readonly_fields = ["said", "next_windows"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        ended = obj is not None and obj.ended_at is not None
        return not ended and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        ended = obj is not None and obj.ended_at is not None
        return not ended and super().has_delete_permission(request, obj)

    def create(self, request: HttpRequest, form: Any) -> MaintenanceSeries:
        fields = form.cleaned_data | {"components": _ids(form)}
        return create_series(self.page(request), self.actor(request), **fields)

    def update(self, request: HttpRequest, row: Any, form: Any, formsets: Sequence[Any]) -> None:
        fields = form.changed(SERIES_FIELDS | OPTIONS)
        if "components" in form.changed_data:
            fields["components"] = _ids(form)
        notify = form.cleaned_data["notify"]
        edit_series(self.page(request), row, self.actor(request), notify=notify, **fields)

    def remove(self, request: HttpRequest, row: Any) -> None:
        end_series(self.page_of(row), row, self.actor(request))

    @admin.display(description=_("recurs"))
    def said(self, row: MaintenanceSeries) -> str:
        return describe(parse(row.rule))

    @admin.display(description=_("next windows"))
    def next_windows(self, row: MaintenanceSeries) -> SafeString:
        """Each with a link: there it can be moved or cancelled."""
        waiting = row.windows.filter(incident__deleted_at=None, incident__resolved_at=None)
        return format_html_join(
            SafeString("<br>"),
            '<a href="{}">{}</a>',
            (
                (self._window(one), date_format(localtime(one.scheduled_for), "DATETIME_FORMAT"))
                for one in waiting
            ),
        )

    def _window(self, window: MaintenanceWindow) -> str:
        name = "admin:incidents_maintenancewindow_change"
        return reverse(name, args=[window.pk], current_app=self.admin_site.name)


def _ids(form: Any) -> list[str]:
    return [one.pk for one in form.cleaned_data["components"]]

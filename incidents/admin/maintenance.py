"""Maintenance: planned on one form, and told on with updates."""

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
from components.forms import ComponentsField, StatusesField
from incidents.actions.incident import delete_incident
from incidents.actions.maintenance import (
    backfill_maintenance,
    cancel_maintenance,
    complete_maintenance,
    edit_maintenance,
    post_maintenance_update,
    remind,
    schedule_maintenance,
)
from incidents.admin.forms import BY_ITSELF, REMINDERS, message_field
from incidents.admin.incident import NoticeAdmin, OpenFilter, UpdateInline
from incidents.choices import IncidentStatus
from incidents.models import Incident, MaintenanceWindow
from incidents.steps import Words
from incidents.windows import OPTIONS, TIMES
from pages.admin_base import PageForm
from pages.models import StatusPage

_CANCEL = "cancel"
_BY_ITSELF = (_("What it does by itself"), {"classes": ["later"], "fields": BY_ITSELF})
_WORDS = {
    IncidentStatus.IN_PROGRESS: _("In progress"),
    IncidentStatus.VERIFYING: _("Verifying"),
    IncidentStatus.COMPLETED: _("Completed: it ends now"),
}


class MaintenanceForm(PageForm):
    class Meta:
        model = MaintenanceWindow
        fields = sorted(OPTIONS | TIMES)

    name = forms.CharField(label=_("Name"), max_length=255, show_hidden_initial=True)
    body = message_field(_("Message"), _("Markdown. Left empty, a stock sentence is used."))
    components = ComponentsField(show_hidden_initial=True)
    notify = forms.BooleanField(label=_("Tell subscribers"), required=False, initial=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["components"].queryset = self.page.components.present()  # type: ignore[attr-defined]
        self.fields["reminders"].help_text = REMINDERS

    @property
    def component_ids(self) -> list[str]:
        return [one.pk for one in self.cleaned_data["components"]]


class ScheduleForm(MaintenanceForm):
    over = forms.BooleanField(
        label=_("It is over already: only add it to the history"), required=False, initial=False
    )


class EditMaintenanceForm(MaintenanceForm):
    status = forms.ChoiceField(label=_("Status"), required=False)
    statuses = StatusesField()
    tell_of_changes = forms.BooleanField(label=_("Tell subscribers of changes made here"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        incident = self.instance.incident
        ids = list(incident.links.values_list("component_id", flat=True))
        self.initial.update(name=incident.name, components=ids, status="")
        self.fields["status"].choices = _next_steps(incident)  # type: ignore[attr-defined]
        self.fields["statuses"].offer(self.page, ids)  # type: ignore[attr-defined]

    @property
    def says_something(self) -> bool:
        """Whether an update was written."""
        return any(self.cleaned_data[name] for name in ("status", "body", "statuses"))


class OpenWindowFilter(OpenFilter):
    path = "incident__"


class MaintenanceAdmin(NoticeAdmin):
    list_display = ["name", "shown_status", "scheduled_for", "scheduled_until", "series", "page_name"]
    list_filter = [OpenWindowFilter, ("incident__page", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["incident__name", "incident__updates__body"]
    ordering = ["-scheduled_for"]
    actions = ["remind_chosen"]
    stays = True
    add_label = _("Plan the maintenance")
    page_lookup = "incident__page"
    adding = [
        (None, {"fields": ["name", ("scheduled_for", "scheduled_until"), "body", "components", "notify"]}),
        _BY_ITSELF,
        (_("In the past"), {"classes": ["later", "collapse"], "fields": ["over"]}),
    ]
    editing = [
        (_("Write an update"), {"fields": ["status", "body", "statuses", "notify"]}),
        (
            _("About the maintenance"),
            {
                "classes": ["later"],
                "fields": ["name", ("scheduled_for", "scheduled_until"), "components", "tell_of_changes"],
            },
        ),
        _BY_ITSELF,
    ]
    viewing = [(None, {"fields": ["name", "shown_status", "scheduled_for", "scheduled_until", "affected"]})]

    def page_of(self, row: Any) -> StatusPage:
        return super().page_of(row.incident)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows = super().get_queryset(request).filter(incident__deleted_at=None)
        return rows.select_related("incident__page", "series")

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = EditMaintenanceForm if obj else ScheduleForm
        return super().get_form(request, obj, change=change, **{"form": form} | kwargs)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return [UpdateInline] if obj else []

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> Any:
        """The timeline is the notice's, whose schedule `obj` is."""
        return super().get_formset_kwargs(request, obj.incident, inline, prefix)

    def create(self, request: HttpRequest, form: Any) -> Incident:
        given = form.cleaned_data
        fields = {one: given[one] for one in ("name", *TIMES, *OPTIONS)} | {"components": form.component_ids}
        page, actor, body = self.page(request), self.actor(request), given["body"]
        if given["over"]:
            return backfill_maintenance(page, actor, body, **fields)
        return schedule_maintenance(page, actor, body, notify=given["notify"], **fields)

    def update(self, request: HttpRequest, row: Any, form: Any, formsets: Sequence[Any]) -> None:
        """The update goes last: it is not written twice where one of the others is refused."""
        page, actor, given = self.page(request), self.actor(request), form.cleaned_data
        fields = form.changed({"name", *TIMES, *OPTIONS})
        if "components" in form.changed_data:
            fields["components"] = form.component_ids
        if fields:
            edit_maintenance(page, row.incident, actor, notify=given["tell_of_changes"], **fields)
        self.edit_timeline(request, formsets)
        if form.says_something:
            self._say(request, row.incident, given)

    def remove(self, request: HttpRequest, row: Any) -> None:
        delete_incident(self.page_of(row), row.incident, self.actor(request))

    @admin.action(description=_("Remind subscribers now"), permissions=["change"])
    def remind_chosen(self, request: HttpRequest, queryset: QuerySet[MaintenanceWindow]) -> None:
        self.each(request, queryset, lambda page, row, actor: remind(page, row.incident, actor))

    @admin.display(description=_("name"), ordering="incident__name")
    def name(self, row: MaintenanceWindow) -> str:
        return row.incident.name

    @admin.display(description=_("page"), ordering="incident__page__name")
    def page_name(self, row: MaintenanceWindow) -> str:
        return row.incident.page.name

    @admin.display(description=_("status"), ordering="incident__status")
    def shown_status(self, row: MaintenanceWindow) -> SafeString:
        if row.cancelled:
            return badge("cancelled", _("Cancelled"))
        return badge(row.incident.status, row.incident.get_status_display())

    @admin.display(description=_("components"))
    def affected(self, row: MaintenanceWindow) -> str:
        return ", ".join(row.incident.components.order_by("position").values_list("name", flat=True))

    def _say(self, request: HttpRequest, incident: Incident, given: dict[str, Any]) -> None:
        page, actor, status = self.page(request), self.actor(request), given["status"]
        if status == _CANCEL:
            cancel_maintenance(page, incident, actor, given["body"], notify=given["notify"])
        elif status == IncidentStatus.COMPLETED:
            told = {one: to for one, to in given["statuses"].items() if to}
            how = {"components": told or None, "notify": given["notify"]}
            complete_maintenance(page, incident, actor, given["body"], **how)
        else:
            words = Words(status or incident.status, given["body"], components=given["statuses"])
            post_maintenance_update(page, incident, actor, words, notify=given["notify"])


def _next_steps(incident: Incident) -> list[tuple[str, Any]]:
    now = IncidentStatus(incident.status)
    steps: list[tuple[str, Any]] = [("", _("stays as it is: %(status)s") % {"status": now.label})]
    if now.is_open:
        steps += [(status.value, label) for status, label in _WORDS.items() if status != now]
        steps.append((_CANCEL, _("Cancelled: it does not take place")))
    return steps

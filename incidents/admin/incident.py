"""Incidents: opened on one short form, then told on with updates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from common.admin import VerbInline, badge
from incidents.actions.incident import (
    INCIDENT_FIELDS,
    UPDATE_FIELDS,
    backfill_incident,
    delete_incident,
    edit_incident,
    edit_update,
    open_incident,
    post_update,
    resolve,
)
from incidents.admin.forms import EditIncidentForm, OpenIncidentForm
from incidents.choices import Impact
from incidents.models import Incident, IncidentUpdate
from pages.admin_base import PageBoundAdmin
from pages.links import incident_url


class UpdateInline(VerbInline):
    """The timeline: texts and times of what has been said can be corrected."""

    model = IncidentUpdate
    verbose_name_plural = _("Timeline")
    template = "admin/incidents/timeline.html"
    fields = ["display_at", "body", "technical_details"]
    ordering = ["-display_at", "-created_at", "-id"]

    def __init__(self, parent_model: Any, admin_site: Any) -> None:
        """Under a maintenance window as well, whose notice has the updates."""
        super().__init__(Incident, admin_site)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).prefetch_related("affected__component")


class NoticeAdmin(PageBoundAdmin):
    """What incidents and maintenance have in common on their screens."""

    def public_url(self, row: Any) -> str:
        return incident_url(self.page_of(row), row.pk)

    def edit_timeline(self, request: HttpRequest, formsets: Sequence[Any]) -> None:
        for formset in formsets:
            for form in formset.forms:
                if fields := form.changed(UPDATE_FIELDS):
                    edit_update(self.page(request), form.instance, self.actor(request), **fields)


class IncidentAdmin(NoticeAdmin):
    list_display = ["name", "shown_status", "shown_impact", "started_at", "resolved_at", "page"]
    list_filter = ["status", "impact", ("page", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["page"]
    search_fields = ["name", "updates__body"]
    actions = ["resolve_chosen"]
    stays = True
    adding = [
        (
            None,
            {"fields": ["name", "status", "body", "statuses", "impact_override", "next_update_by", "notify"]},
        ),
        (_("Technical details"), {"classes": ["collapse"], "fields": ["technical_details"]}),
        (
            _("It began earlier, or is over already"),
            {"classes": ["collapse"], "fields": [("started_at", "resolved_at")]},
        ),
    ]
    editing = [
        (
            _("Write an update"),
            {
                "classes": ["update"],
                "fields": ["status", "body", "statuses", "to_operational", "next_update_by", "notify"],
            },
        ),
        (_("Technical details of this update"), {"classes": ["collapse"], "fields": ["technical_details"]}),
        (
            _("About the incident"),
            {
                "classes": ["later"],
                "fields": [
                    "name",
                    "impact_override",
                    ("started_at", "detected_at"),
                    ("impact_started_at", "mitigated_at"),
                    "resolved_at",
                ],
                "description": _("Corrected times correct the history of its components. Nobody is told."),
            },
        ),
    ]
    viewing = [
        (None, {"fields": ["name", "shown_status", "shown_impact", "affected", "next_update_by"]}),
        (
            _("Times"),
            {"fields": ["started_at", "detected_at", "impact_started_at", "mitigated_at", "resolved_at"]},
        ),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return Incident.objects.present().incidents().filter(page__deleted_at=None)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        found = super().get_fieldsets(request, obj)
        return _without(found, "resolved_at") if obj and not obj.resolved_at else found

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = EditIncidentForm if obj else OpenIncidentForm
        return super().get_form(request, obj, change=change, **{"form": form} | kwargs)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        return [UpdateInline] if obj else []

    def create(self, request: HttpRequest, form: Any) -> Incident:
        page, actor, given = self.page(request), self.actor(request), form.cleaned_data
        if given["resolved_at"]:
            return _add_to_history(page, actor, given)
        fields = {one: given[one] for one in ("name", "impact_override", "next_update_by", "started_at")}
        return open_incident(page, actor, form.words(given["status"]), **fields)

    def update(self, request: HttpRequest, row: Any, form: Any, formsets: Sequence[Any]) -> None:
        """The update goes last: it is not written twice where one of the others is refused."""
        page, actor = self.page(request), self.actor(request)
        fields = form.changed(INCIDENT_FIELDS)
        if form.says_something:
            fields.pop("next_update_by", None)
        if fields:
            edit_incident(page, row, actor, **fields)
        self.edit_timeline(request, formsets)
        if form.says_something:
            given = form.cleaned_data
            words = form.words(given["status"] or row.status)
            how = {one: given[one] for one in ("to_operational", "next_update_by")}
            post_update(page, row, actor, words, **how)

    def remove(self, request: HttpRequest, row: Any) -> None:
        delete_incident(self.page_of(row), row, self.actor(request))

    @admin.action(description=_("Resolve: components back to operational"), permissions=["change"])
    def resolve_chosen(self, request: HttpRequest, queryset: QuerySet[Incident]) -> None:
        self.each(request, queryset.unresolved(), resolve)  # type: ignore[attr-defined]

    @admin.display(description=_("status"), ordering="status")
    def shown_status(self, row: Incident) -> SafeString:
        return badge(row.status, row.get_status_display())

    @admin.display(description=_("impact"), ordering="impact")
    def shown_impact(self, row: Incident) -> SafeString:
        return badge(row.shown_impact, Impact(row.shown_impact).label)

    @admin.display(description=_("components"))
    def affected(self, row: Incident) -> str:
        return ", ".join(row.components.order_by("position").values_list("name", flat=True))


def _add_to_history(page: Any, actor: Any, given: dict[str, Any]) -> Incident:
    return backfill_incident(
        page,
        actor,
        name=given["name"],
        started_at=given["started_at"] or timezone.now(),
        resolved_at=given["resolved_at"],
        body=given["body"],
        components={one: status for one, status in given["statuses"].items() if status},
        impact_override=given["impact_override"],
    )


def _without(fieldsets: Any, field: str) -> list[Any]:
    return [
        (name, options | {"fields": [one for one in options["fields"] if one != field]})
        for name, options in fieldsets
    ]

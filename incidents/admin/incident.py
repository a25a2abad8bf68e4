"""Incidents: opened on one short form, then told on with updates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from common.admin import VerbInline, badge
from common.errors import Refused
from components.forms import STAYS
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
from incidents.actions.template import fill, placeholders
from incidents.admin.forms import OPENING, EditIncidentForm, OpenIncidentForm
from incidents.choices import Impact
from incidents.models import Incident, IncidentTemplate, IncidentUpdate
from pages.admin_base import PageBoundAdmin
from pages.links import incident_url

# Before a placeholder's name in an address.
_VALUE = "value-"


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


class OpenFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"
    # From the listed rows to their notices.
    path = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("Open")), ("over", _("Over"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        is_open = {f"{self.path}resolved_at": None}
        found = {"open": queryset.filter(**is_open), "over": queryset.exclude(**is_open)}
        return found.get(self.value() or "", queryset)


class IncidentAdmin(NoticeAdmin):
    list_display = ["name", "shown_status", "shown_impact", "started_at", "resolved_at", "page"]
    list_filter = [OpenFilter, ("page", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["page"]
    search_fields = ["name", "updates__body"]
    actions = ["resolve_chosen"]
    stays = True
    add_label = _("Open the incident")
    adding = [
        (
            None,
            {
                "fields": [
                    "name",
                    "status",
                    "body",
                    "statuses",
                    "impact_override",
                    "next_update_by",
                    ("notify", "hold"),
                ]
            },
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
                "fields": [
                    "status",
                    "body",
                    "statuses",
                    "to_operational",
                    "next_update_by",
                    ("notify", "hold"),
                ],
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

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        """With `?template=`, from a template, whose placeholders are asked for first."""
        wanted = request.GET.get("template")
        if wanted and request.method == "GET" and self.has_add_permission(request):
            template = get_object_or_404(IncidentTemplate, pk=wanted, page=request.GET.get("page"))
            try:
                request.filled = fill(template, _values(request))  # type: ignore[attr-defined]
            except Refused:
                return self._ask_for_placeholders(request, template)
        return super().add_view(request, form_url, extra_context)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        filled = getattr(request, "filled", None)
        if filled is None:
            return {}
        words = filled.words
        return {
            "name": filled.title,
            "status": words.status,
            "body": words.body,
            "statuses": dict.fromkeys(words.components, STAYS),
            "notify": words.deliver,
        }

    def render_change_form(self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("add"):
            context["templates"] = self.page(request).templates.filter(update_status__in=dict(OPENING))
        return super().render_change_form(request, context, *args, **kwargs)

    def _ask_for_placeholders(self, request: HttpRequest, template: IncidentTemplate) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": template.name,
            "opts": self.opts,
            "template": template,
            "asked": [(name, _values(request).get(name, "")) for name in placeholders(template)],
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/incidents/fill_template.html", context)

    def create(self, request: HttpRequest, form: Any) -> Incident:
        page, actor, given = self.page(request), self.actor(request), form.cleaned_data
        if given["resolved_at"]:
            return _add_to_history(page, actor, given)
        fields = {one: given[one] for one in ("name", "impact_override", "next_update_by", "started_at")}
        return open_incident(page, actor, form.words(given["status"]), notify_at=form.notify_at, **fields)

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
            post_update(page, row, actor, words, notify_at=form.notify_at, **how)

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


def _values(request: HttpRequest) -> dict[str, str]:
    """What was given for placeholders, by their names."""
    given = request.GET.items()
    return {name.removeprefix(_VALUE): str(value) for name, value in given if name.startswith(_VALUE)}


def _without(fieldsets: Any, field: str) -> list[Any]:
    return [
        (name, options | {"fields": [one for one in options["fields"] if one != field]})
        for name, options in fieldsets
    ]

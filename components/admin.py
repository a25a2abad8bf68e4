"""Components and groups in an organisation's admin."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from common.admin import MinuteField, VerbForm, VerbInline, badge
from common.errors import Refused
from components.actions import (
    COMPONENT_FIELDS,
    GROUP_FIELDS,
    correct_history,
    create_component,
    create_group,
    delete_component,
    delete_group,
    set_status,
    update_component,
    update_group,
    withdraw_correction,
)
from components.choices import ComponentStatus, Source
from components.forms import ComponentsField
from components.models import Component, ComponentGroup, Statement
from pages.admin_base import PageBoundAdmin, PageForm
from pages.links import page_url

_CORRECTION = ("begun", "ended", "really", "reason")


def offer_position(form: PageForm) -> None:
    """Left empty, a new row comes last and an old one stays where it is."""
    form.fields["position"].required = False
    if not form.instance.created_at:
        form.initial["position"] = None


class ComponentForm(PageForm):
    class Meta:
        model = Component
        fields = sorted(COMPONENT_FIELDS)

    status = forms.ChoiceField(
        label=_("Status"),
        choices=ComponentStatus.choices,
        show_hidden_initial=True,
        help_text=_("Set by hand. To tell subscribers what is going on, open an incident instead."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_position(self)
        self.fields["group"].queryset = self.page.groups.present()  # type: ignore[attr-defined]
        # Unknown, as Django calls it, is what is left to the page.
        self.fields["maintenance_counts"].widget.choices = [
            ("unknown", _("As on the page")),
            ("true", _("Yes")),
            ("false", _("No")),
        ]
        self.initial["status"] = getattr(self.instance, "status", ComponentStatus.OPERATIONAL)


class CorrectableForm(ComponentForm):
    """Of a component that there is: something about its past can be put right on the way."""

    begun = MinuteField(label=_("From"), required=False)
    ended = MinuteField(label=_("Until"), required=False)
    really = forms.ChoiceField(
        label=_("Status then"), choices=[("", "---------"), *ComponentStatus.choices], required=False
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=500,
        help_text=_("Shown on the page."),
        widget=forms.TextInput(attrs={"class": "vLargeTextField"}),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        # Whatever else is wrong with a correction, its verb says.
        if any(cleaned.get(name) for name in _CORRECTION):
            for name in ("begun", "ended", "really"):
                if name not in self.errors and not cleaned.get(name):
                    self.add_error(name, _("A correction needs this."))
        return cleaned

    def correction(self) -> dict[str, Any]:
        """What the verb is given."""
        found = {name: self.cleaned_data[name] for name in _CORRECTION}
        return found | {"status": found.pop("really")}

    @property
    def corrects(self) -> bool:
        """Whether something about the past was typed."""
        return any(self.cleaned_data[name] for name in _CORRECTION)


class CorrectionForm(VerbForm):
    withdraw = forms.BooleanField(label=_("Withdraw"), required=False)


class CorrectionInline(VerbInline):
    """What has been corrected, each to be taken back."""

    model = Statement
    form = CorrectionForm
    verbose_name_plural = _("Corrections of its history")
    template = "admin/components/corrections.html"
    fields = ["withdraw"]
    ordering = ["-begun", "-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(source=Source.CORRECTION)


class ComponentAdmin(PageBoundAdmin):
    list_display = ["name", "shown_status", "group", "page", "position", "restricted"]
    list_filter = [("page", admin.RelatedOnlyFieldListFilter), ("group", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["page", "group"]
    search_fields = ["name", "purpose"]
    adding = [
        (None, {"fields": ["name", "status", "purpose", "group", "position"]}),
        (_("On the page"), {"fields": ["showcase", "only_show_if_degraded", "restricted", "description"]}),
        (
            _("What counts as down"),
            {
                "classes": ["collapse"],
                "fields": [
                    "start_date",
                    ("major_weight", "partial_weight", "degraded_weight"),
                    "maintenance_counts",
                    "minimum_outage",
                ],
                "description": _("Left empty: as on the page."),
            },
        ),
    ]
    editing = [
        *adding,
        (
            _("Correct the history"),
            {
                "classes": ["collapse"],
                "fields": [("begun", "ended"), "really", "reason"],
                "description": _("Say what the component’s status really was in a time that is over."),
            },
        ),
    ]
    viewing = [
        (None, {"fields": ["name", "shown_status", "purpose", "group", "position"]}),
        (_("On the page"), {"fields": ["showcase", "only_show_if_degraded", "restricted", "description"]}),
    ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return Component.objects.present().with_status().filter(page__deleted_at=None)

    def get_inlines(self, request: HttpRequest, obj: Any) -> Any:
        corrected = obj is not None and obj.statements.filter(source=Source.CORRECTION).exists()
        return [CorrectionInline] if corrected and self.has_change_permission(request, obj) else []

    def get_actions(self, request: HttpRequest) -> Any:
        """One for each status, for those who may change something."""
        found: dict[str, Any] = dict(super().get_actions(request))
        if not self.has_change_permission(request):
            return found
        for status in ComponentStatus:
            text = gettext("Set to: %(status)s") % {"status": status.label}
            found[f"set_{status}"] = (partial(_set_status, status=status), f"set_{status}", text)
        return found

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = CorrectableForm if obj else ComponentForm
        return super().get_form(request, obj, change=change, **{"form": form} | kwargs)

    def create(self, request: HttpRequest, form: Any) -> Component:
        fields = {name: value for name, value in form.cleaned_data.items() if value is not None}
        return create_component(self.page(request), self.actor(request), **fields)

    def update(self, request: HttpRequest, row: Any, form: Any, formsets: Sequence[Any]) -> None:
        page, actor = self.page(request), self.actor(request)
        fields = form.changed(COMPONENT_FIELDS)
        if fields.get("position", 0) is None:
            del fields["position"]
        update_component(page, row, actor, **fields)
        if "status" in form.changed_data:
            set_status(page, {row.pk: form.cleaned_data["status"]}, actor)
        for correction in (one for formset in formsets for one in formset.forms):
            if correction.cleaned_data["withdraw"]:
                withdraw_correction(page, correction.instance, actor)
        # The last: it is not written twice where one of the others is refused.
        if form.corrects:
            correct_history(page, row, actor, **form.correction())

    def remove(self, request: HttpRequest, row: Any) -> None:
        delete_component(self.page_of(row), row, self.actor(request))

    def public_url(self, row: Any) -> str:
        return "" if row.restricted else page_url(row.page)

    @admin.display(description=_("status"), ordering="status")
    def shown_status(self, row: Any) -> SafeString:
        return badge(row.status, ComponentStatus(row.status).label)


def _set_status(
    screen: ComponentAdmin, request: HttpRequest, rows: QuerySet[Any], *, status: ComponentStatus
) -> None:
    """Each page is one change; a page on which the member may not do it is left out and said."""
    chosen = list(rows.select_related("page"))
    allowed = [row for row in chosen if screen.has_change_permission(request, row)]
    if len(allowed) < len(chosen):
        screen.message_user(request, gettext("You may not change all of these."), messages.ERROR)
    for page in {row.page for row in allowed}:
        mine = [row for row in allowed if row.page == page]
        try:
            set_status(page, {row.pk: status for row in mine}, screen.actor(request))
        except Refused as refusal:
            screen.message_user(request, refusal.message, messages.ERROR)
        else:
            link = screen.link_to(page, page_url(page))
            screen.message_user(request, _told(len(mine), status, link), messages.SUCCESS)


def _told(number: int, status: ComponentStatus, link: tuple[str, str]) -> str:
    text = ngettext("%(n)d component: %(status)s.", "%(n)d components: %(status)s.", number)
    said = text % {"n": number, "status": status.label}
    return format_html('{} <a href="{}">{}</a>', said, *link)


class GroupForm(PageForm):
    class Meta:
        model = ComponentGroup
        fields = sorted(GROUP_FIELDS)

    components = ComponentsField(show_hidden_initial=True)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer_position(self)
        self.fields["components"].queryset = self.page.components.present()  # type: ignore[attr-defined]
        if self.instance.page_id:
            self.initial["components"] = list(self.instance.components.present())


class ComponentGroupAdmin(PageBoundAdmin):
    form = GroupForm
    list_display = ["name", "members", "page", "position"]
    list_filter = [("page", admin.RelatedOnlyFieldListFilter)]
    search_fields = ["name"]
    adding = editing = [(None, {"fields": ["name", "description", "position", "components"]})]
    viewing = [(None, {"fields": ["name", "description", "position", "members"]})]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).present()  # type: ignore[attr-defined,no-any-return]

    def create(self, request: HttpRequest, form: Any) -> ComponentGroup:
        fields = {name: value for name, value in form.cleaned_data.items() if value is not None}
        ids = [one.pk for one in fields.pop("components")]
        return create_group(self.page(request), self.actor(request), components=ids, **fields)

    def update(self, request: HttpRequest, row: Any, form: Any, formsets: Sequence[Any]) -> None:
        fields = {name: value for name, value in form.changed(GROUP_FIELDS).items() if value is not None}
        ids = (
            [one.pk for one in form.cleaned_data["components"]] if "components" in form.changed_data else None
        )
        update_group(self.page(request), row, self.actor(request), components=ids, **fields)

    def remove(self, request: HttpRequest, row: Any) -> None:
        delete_group(self.page_of(row), row, self.actor(request))

    def public_url(self, row: Any) -> str:
        return page_url(row.page)

    @admin.display(description=_("components"))
    def members(self, row: ComponentGroup) -> str:
        return ", ".join(row.components.present().values_list("name", flat=True))

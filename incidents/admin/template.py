"""Templates: prepared notices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from components.forms import ComponentsField
from incidents.actions.template import TEMPLATE_FIELDS, create_template, delete_template, update_template
from incidents.admin.forms import OPENING
from incidents.models import IncidentTemplate
from pages.admin_base import PageBoundAdmin, PageForm


class TemplateForm(PageForm):
    class Meta:
        model = IncidentTemplate
        fields = sorted(TEMPLATE_FIELDS)
        widgets = {"title": forms.TextInput(attrs={"class": "vTextField"})}

    update_status = forms.ChoiceField(label=_("Status"), choices=OPENING)
    components = ComponentsField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["components"].queryset = self.page.components.present()  # type: ignore[attr-defined]
        self.fields["body"].help_text = _("Markdown. {{ name }} is asked for when the template is used.")


class TemplateAdmin(PageBoundAdmin):
    form = TemplateForm
    list_display = ["name", "title", "update_status", "page", "use"]
    list_filter = [("page", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["page"]
    search_fields = ["name", "title", "body"]
    delete_warning = _("Notices that were made from it stay.")
    adding = editing = viewing = [
        (
            None,
            {"fields": ["name", "title", "update_status", "body", "components", "deliver_notifications"]},
        ),
    ]

    def create(self, request: HttpRequest, form: Any) -> IncidentTemplate:
        fields = form.cleaned_data | {"components": _ids(form)}
        return create_template(self.page(request), self.actor(request), **fields)

    def update(self, request: HttpRequest, row: Any, form: Any, formsets: Sequence[Any]) -> None:
        fields = form.changed(TEMPLATE_FIELDS)
        if "components" in form.changed_data:
            fields["components"] = _ids(form)
        update_template(self.page(request), row, self.actor(request), **fields)

    def remove(self, request: HttpRequest, row: Any) -> None:
        delete_template(self.page_of(row), row, self.actor(request))

    @admin.display(description=_("use"))
    def use(self, row: IncidentTemplate) -> SafeString:
        address = reverse("admin:incidents_incident_add", current_app=self.admin_site.name)
        return format_html(
            '<a href="{}?page={}&template={}">{}</a>', address, row.page_id, row.pk, _("Open an incident")
        )


def _ids(form: Any) -> list[str]:
    return [one.pk for one in form.cleaned_data["components"]]

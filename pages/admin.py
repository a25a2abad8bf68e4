"""Status pages in an organisation's admin."""

from __future__ import annotations

import zoneinfo
from collections.abc import Sequence
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AdminFileWidget
from django.db.models import QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from common.admin import VerbAdmin, VerbForm
from pages.actions import PAGE_FIELDS, create_page, delete_page, update_page
from pages.admin_base import PageBoundAdmin, common_zone, indicator_badge, standing
from pages.forms import ImageField as PlainImageField
from pages.forms import Shown
from pages.links import page_url
from pages.models import StatusPage
from tenants.models import Role

# What the picker begins with where no colour is set.
_STANDARD = "#0b5cad"
_IMAGES = ("logo_light", "logo_dark", "favicon")


class ImageInput(AdminFileWidget):
    """Shows the image that there is, takes another, or takes it away."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        return render_to_string("admin/image_input.html", self.get_context(name, value, attrs))


class ImageField(PlainImageField):
    widget = ImageInput


class ColourInput(forms.TextInput):
    """The browser's own picker, which knows no empty colour, with a box that says so."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        context = {
            "name": name,
            "id": (attrs or {}).get("id", ""),
            "value": value or "",
            "standard": _STANDARD,
        }
        return render_to_string("admin/colour_input.html", context)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:
        """A colour that was picked counts, even where the box was left as it was."""
        colour = str(data.get(name, "")).lower()
        picked = colour != data.get(f"{name}-shown", "")
        return "" if f"{name}-none" in data and not picked else colour


class PageSettingsForm(VerbForm):
    published = forms.BooleanField(
        label=_("Launched"),
        required=False,
        help_text=_("Until then visitors are told that there is no page; you can look at its preview."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"), choices=[(name, name) for name in sorted(zoneinfo.available_timezones())]
    )


class NewPageForm(PageSettingsForm):
    class Meta:
        model = StatusPage
        fields = ["name", "slug", "time_zone", "published"]


class StatusPageForm(PageSettingsForm):
    class Meta:
        model = StatusPage
        fields = sorted(PAGE_FIELDS)
        labels = {"company_url": _("Company URL"), "support_url": _("Support URL")}
        widgets = {"accent": ColourInput, "accent_dark": ColourInput}

    logo_light = ImageField(label=_("Logo"), required=False)
    logo_dark = ImageField(label=_("Logo for the dark theme"), required=False)
    favicon = ImageField(label=_("Icon"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in _IMAGES:
            asset = getattr(self.instance, name)
            self.initial[name] = Shown(asset) if asset else None


class StatusPageAdmin(PageBoundAdmin):
    needs = Role.ADMIN
    stays = True
    list_display = ["name", "address", "shown_indicator", "published", "time_zone"]
    adding = [(None, {"fields": ["name", "slug", "time_zone", "published"]})]
    viewing = [
        (
            None,
            {"fields": ["name", "address", "description", "time_zone", "language", "published", "page_type"]},
        ),
        (_("Texts"), {"fields": ["header", "footer", "note", "about", "company_url", "support_url"]}),
    ]
    editing = [
        (
            None,
            {"fields": ["name", "slug", "description", "time_zone", "language", "published", "page_type"]},
        ),
        (
            _("Look"),
            {
                "fields": ["logo_light", "logo_dark", "favicon", ("accent", "accent_dark")],
                "description": _("Images: PNG, JPEG, WebP or ICO, at most 2 MB."),
            },
        ),
        (_("Texts"), {"fields": ["header", "footer", "note", "about", "company_url", "support_url"]}),
        (_("What is shown"), {"fields": ["show_uptime", ("uptime_days", "history_days"), "noindex"]}),
        (_("What is told"), {"fields": ["sms_every_update"]}),
        (
            _("What counts as down"),
            {
                "fields": [
                    ("major_weight", "partial_weight", "degraded_weight"),
                    "maintenance_counts",
                    "minimum_outage",
                ],
                "description": _("Weights: 1 counts in full, 0 not at all. Components may differ."),
            },
        ),
        (
            _("Reminders of your team"),
            {
                "fields": [("remind_after", "remind_before")],
                "description": _(
                    "By mail to whoever wrote last of an open incident; where nobody has, to the admins."
                ),
            },
        ),
    ]

    def page_of(self, row: Any) -> StatusPage:
        return cast(StatusPage, row)

    def public_url(self, row: Any) -> str:
        return page_url(row)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return StatusPage.objects.present()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """A new page concerns the organisation: no single page's role gives the right."""
        return standing(request).may(Role.ADMIN)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        if object_id is None:
            return VerbAdmin.changeform_view(self, request, None, form_url, extra_context)
        return super().changeform_view(request, object_id, form_url, extra_context)

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"time_zone": common_zone(), "published": False}

    def form_attributes(self, request: HttpRequest) -> dict[str, Any]:
        return VerbAdmin.form_attributes(self, request)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        form = StatusPageForm if obj else NewPageForm
        return super().get_form(request, obj, change=change, form=form, **kwargs)

    def create(self, request: HttpRequest, form: Any) -> StatusPage:
        return create_page(self.actor(request), **form.cleaned_data)

    def update(self, request: HttpRequest, row: Any, form: Any, formsets: Sequence[Any]) -> None:
        update_page(row, self.actor(request), **form.changed(PAGE_FIELDS))

    def remove(self, request: HttpRequest, row: Any) -> None:
        delete_page(row, self.actor(request))

    @admin.display(description=_("address"), ordering="primary_host")
    def address(self, row: StatusPage) -> SafeString:
        return format_html('<a href="{}">{}</a>', page_url(row), row.primary_host)

    @admin.display(description=_("now"), ordering="indicator")
    def shown_indicator(self, row: StatusPage) -> SafeString:
        return indicator_badge(row)

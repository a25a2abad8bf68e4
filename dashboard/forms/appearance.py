"""What people choose of how a page looks and what stands around its components."""

from __future__ import annotations

from typing import Any

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from common.admin import VerbForm
from pages.forms import ImageField as PlainImageField
from pages.forms import Shown
from pages.models import StatusPage
from publishing.rendering.brand import COLOUR, DARK_GROUND, LIGHT_GROUND, readable

IMAGES = ("logo_light", "logo_dark", "favicon")


class ImageInput(forms.ClearableFileInput):
    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        return render_to_string("dashboard/appearance/image.html", self.get_context(name, value, attrs))


class ImageField(PlainImageField):
    widget = ImageInput(attrs={"accept": ".png,.jpg,.jpeg,.webp,.ico,.svg"})


class ColourInput(forms.TextInput):
    """Text, beside which the script puts the browser's own picker: that one knows no empty colour."""

    def __init__(self) -> None:
        super().__init__(
            {"placeholder": "#0b5cad", "data-colour": "", "spellcheck": "false", "maxlength": "7"}
        )


class AppearanceForm(VerbForm):
    class Meta:
        model = StatusPage
        fields = [
            *IMAGES,
            *("accent", "accent_dark", "custom_css"),
            *("header", "footer", "note", "company_url", "support_url", "about"),
        ]
        labels = {
            "accent": _("Colour"),
            "accent_dark": _("Colour in the dark theme"),
            "custom_css": _("Styles (CSS)"),
            "header": _("Above the components"),
            "footer": _("At the end of every page"),
            "note": _("Remark in the footer"),
            "about": _("About"),
            "company_url": _("Your website"),
            "support_url": _("Where to get help"),
        }
        help_texts = {
            "accent_dark": _("Empty: the same as above."),
            "custom_css": _(
                "Colours, fonts, borders, distances, also in @media. Nothing that loads, hides or moves."
            ),
            "header": _("Markdown."),
            "footer": _("Markdown."),
            "about": _("Markdown, on a page of its own."),
        }
        widgets = {
            "accent": ColourInput,
            "accent_dark": ColourInput,
            "custom_css": forms.Textarea(attrs={"rows": 5, "spellcheck": "false", "class": "code"}),
            "header": forms.Textarea(attrs={"rows": 3}),
            "footer": forms.Textarea(attrs={"rows": 3}),
            "about": forms.Textarea(attrs={"rows": 5}),
        }

    logo_light = ImageField(label=_("Logo"), required=False)
    logo_dark = ImageField(label=_("Logo for the dark theme"), required=False)
    favicon = ImageField(label=_("Icon"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in IMAGES:
            asset = getattr(self.instance, name)
            self.initial[name] = Shown(asset) if asset else None

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        return given | {name: (given.get(name) or "").lower() for name in ("accent", "accent_dark")}


def hard_to_read(accent: str, accent_dark: str) -> list[tuple[str, str, str]]:
    """Colours that words cannot be read in: the theme, the colour, and what the page shows instead."""
    grounds = [(_("Light"), accent, LIGHT_GROUND), (_("Dark"), accent_dark or accent, DARK_GROUND)]
    return [
        (str(theme), colour, shown)
        for theme, colour, ground in grounds
        if COLOUR.fullmatch(colour) and (shown := readable(colour, ground)) != colour.lower()
    ]

"""What a page begins with: what it is called, and what it reports on."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from dashboard.forms.base import LongSelect
from pages.choices import Language

EXAMPLES = {
    "website": _("Website"),
    "app": _("App"),
    "api": _("API"),
    "sign-in": _("Sign-in"),
    "payments": _("Payments"),
    "email": _("E-mail"),
    "search": _("Search"),
    "downloads": _("Downloads"),
    "webhooks": _("Webhooks"),
    "support": _("Support"),
}
MOST = 200
LONGEST = 255
# Of a page: what the form asks besides its components.
_OF_PAGE = ("name", "slug", "time_zone", "language")
_OFF: dict[str, Any] = {"autocomplete": "off"}


class BeginForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=255, help_text=_("As your users know you."))
    slug = forms.CharField(
        label=_("Address name"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={**_OFF, "autocapitalize": "none", "spellcheck": "false"}),
        help_text=_("Lower-case letters, digits and hyphens. Left out, it is made of the name."),
    )
    time_zone = forms.ChoiceField(
        label=_("Time zone"),
        choices=[(name, name) for name in sorted(zoneinfo.available_timezones())],
        widget=LongSelect,
    )
    language = forms.ChoiceField(label=_("Language"), choices=Language.choices)
    examples = forms.MultipleChoiceField(
        label=_("Usual ones"),
        choices=list(EXAMPLES.items()),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    components = forms.CharField(
        label=_("Your own"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
        help_text=_("One a line. “Group: Component” puts it into a group."),
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        cleaned["slug"] = cleaned.get("slug") or slugify(cleaned.get("name", ""))[:40].strip("-")
        return cleaned

    def clean_components(self) -> list[tuple[str, str]]:
        """As the lines say it: (group or "", name)."""
        found = [_component(line) for line in self.cleaned_data["components"].splitlines() if line.strip()]
        if len(found) > MOST:
            text = _now("At most %(n)d components can be added at once.") % {"n": MOST}
            raise forms.ValidationError(text)
        return found

    @property
    def page(self) -> dict[str, Any]:
        """For `begin_page`: each component once, those that were picked first."""
        picked = [("", str(EXAMPLES[one])) for one in self.cleaned_data["examples"]]
        components = dict.fromkeys([*picked, *self.cleaned_data["components"]])
        return {name: self.cleaned_data[name] for name in _OF_PAGE} | {"components": list(components)}


def spoken() -> str:
    """The language of a page that somebody makes now: theirs, where pages have it."""
    code = (get_language() or "").partition("-")[0]
    return code if code in Language.values else Language.EN.value


def _component(line: str) -> tuple[str, str]:
    line = " ".join(line.split())
    if line.endswith(":"):
        raise forms.ValidationError(_now("“%(line)s” has no name after the colon.") % {"line": line[:40]})
    group, colon, name = line.partition(": ")
    if len(line) > LONGEST:
        text = _now("“%(line)s…” is longer than %(n)d characters.")
        raise forms.ValidationError(text % {"line": line[:40], "n": LONGEST})
    return (group, name) if colon else ("", line)


class ImportForm(forms.Form):
    url = forms.CharField(
        label=_("Its address"),
        max_length=300,
        widget=forms.TextInput(
            attrs={
                **_OFF,
                "inputmode": "url",
                "placeholder": "https://status.example.com",
                "spellcheck": "false",
            }
        ),
        help_text=_("Of any public Statuspage page: its components, incidents and maintenance come over."),
    )
    slug = forms.CharField(
        label=_("Address name"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={**_OFF, "autocapitalize": "none", "spellcheck": "false"}),
        help_text=_("Lower-case letters, digits and hyphens. Left out, it is made of the name."),
    )

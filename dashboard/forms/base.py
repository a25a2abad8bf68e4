"""What all forms of the dashboard have in common."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.forms.utils import flatatt
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from common.errors import Refused

# In seconds, as a list of choices has them.
HOLDS = [("0", _("At once")), ("30", _("In 30 s")), ("60", _("In 1 min")), ("300", _("In 5 min"))]


def beside(form: forms.BaseForm, refusal: Refused) -> tuple[str | None, str]:
    """Where a form shows what a verb refused: `form.add_error(*beside(form, refusal))`."""
    field = refusal.field if refusal.field in form.fields else None
    return field, refusal.message


def message_field(label: Any, *, rows: int = 5, help_text: Any = "") -> forms.CharField:
    """Something in Markdown, as long as the column takes."""
    area = forms.Textarea(attrs={"rows": rows, "data-markdown": ""})
    return forms.CharField(label=label, help_text=help_text, required=False, max_length=25_000, widget=area)


def number(text: str) -> int | None:
    """What a hidden field says, where that is the number of a row."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else None


class LongSelect(forms.Select):
    """For hundreds of choices: Django would render a template for each."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        context = self.build_attrs(self.attrs, attrs) | {"name": name}
        chosen = "" if value is None else str(value)
        marks = {True: SafeString(" selected"), False: ""}
        rows = ((one, marks[str(one) == chosen], label) for one, label in self.choices)
        options = format_html_join("", '<option value="{}"{}>{}</option>', rows)
        return format_html("<select{}>{}</select>", flatatt(context), options)


class HoldForm(forms.Form):
    """Telling may wait a moment, so that it can be taken back."""

    hold = forms.ChoiceField(
        label=_("When"), choices=HOLDS, required=False, initial="0", widget=forms.RadioSelect
    )

    def notify_at(self, now: datetime) -> datetime | None:
        """When subscribers are told, where that is not at once."""
        held = timedelta(seconds=int(self.cleaned_data.get("hold") or 0))
        return now + held if held else None

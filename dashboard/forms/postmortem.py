"""What was learned from an incident."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from dashboard.forms.incident import CorrectingForm
from incidents.models import Postmortem

LONGEST = 100_000


class PostmortemForm(CorrectingForm):
    draft = forms.CharField(
        label=_("What happened, and what was learned"),
        help_text=_("Markdown."),
        required=False,
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 18}),
    )

    def __init__(self, row: Postmortem, data: QueryDict | None, seen: int) -> None:
        super().__init__(row, data, seen)
        self.fields["notify"] = forms.BooleanField(
            label=_("Tell subscribers when publishing"), required=False, initial=True
        )

    def changed(self) -> dict[str, Any]:
        return {name: value for name, value in super().changed().items() if name == "draft"}

"""What people type about API keys."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.admin import MinuteField
from pages.models import StatusPage
from tenants.models import Scope


class KeyForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=120, help_text=_("What it is used for, such as Terraform.")
    )
    scopes = forms.MultipleChoiceField(
        label=_("What it may be used for"),
        choices=Scope.choices,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("It never does more than you may do yourself. What it may write, it may read as well."),
    )
    page_ids = forms.MultipleChoiceField(
        label=_("Pages"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None chosen: all pages, new ones included."),
    )
    networks = forms.CharField(
        label=_("Only from these addresses"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("One a line, such as 192.0.2.0/24. Empty: from everywhere."),
    )
    expires_at = MinuteField(label=_("Expires"), required=False)
    per_minute = forms.IntegerField(
        label=_("Requests a minute"), required=False, help_text=_("Empty: as for the installation.")
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        pages = [(one.pk, one.name) for one in StatusPage.objects.present()]
        self.fields["page_ids"].choices = pages  # type: ignore[attr-defined]

    @property
    def asked(self) -> dict[str, Any]:
        """What the verb is given."""
        return self.cleaned_data | {"networks": self.cleaned_data["networks"].split()}

"""What people type about webhooks of the team's own."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from components.forms import ComponentsField
from pages.models import StatusPage
from subscribers.actions import Who
from subscribers.choices import Channel, Scope
from subscribers.wishes import EVERYTHING, Wish


class WebhookForm(forms.Form):
    address = forms.CharField(
        label=_("Address"),
        max_length=2000,
        widget=forms.URLInput(
            attrs={"placeholder": "https://example.org/hooks/status", "autocomplete": "off"}
        ),
        help_text=_("Every update is sent there as JSON, by POST, signed with a secret of its own."),
    )
    label = forms.CharField(
        label=_("Name"), max_length=120, required=False, help_text=_("What the team calls it, such as #ops.")
    )
    contact = forms.EmailField(
        label=_("Whose it is"),
        help_text=_("This e-mail address hears of it when messages keep failing, and when it is given up."),
    )
    components = ComponentsField(help_text=_("None chosen: the whole page."))

    def __init__(self, page: StatusPage, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["components"].queryset = page.components.public()  # type: ignore[attr-defined]

    @property
    def who(self) -> Who:
        given = self.cleaned_data
        return Who(given["address"], Channel.WEBHOOK, contact=given["contact"], label=given["label"])

    @property
    def wish(self) -> Wish:
        chosen = frozenset(one.pk for one in self.cleaned_data["components"])
        return Wish(scope=Scope.COMPONENTS, component_ids=chosen) if chosen else EVERYTHING

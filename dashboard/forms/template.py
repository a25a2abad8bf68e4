"""What people type about templates."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.admin import VerbForm
from components.forms import ComponentsField
from dashboard.forms.base import message_field
from dashboard.prepared import OF_INCIDENTS, OF_MAINTENANCE
from incidents.choices import IncidentStatus
from incidents.models import IncidentTemplate
from pages.models import StatusPage

_LABELS = {IncidentStatus.SCHEDULED: _("Maintenance")}


class TemplateForm(VerbForm):
    class Meta:
        model = IncidentTemplate
        fields = ["name", "update_status", "title", "body", "deliver_notifications"]

    name = forms.CharField(
        label=_("Name"),
        max_length=120,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("What the team finds it by. Visitors never see it."),
    )
    update_status = forms.ChoiceField(
        label=_("Begins as"), widget=forms.RadioSelect, initial=IncidentStatus.INVESTIGATING
    )
    title = forms.CharField(
        label=_("Name of the incident"),
        max_length=255,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    body = message_field(_("Message"))
    components = ComponentsField(show_hidden_initial=True)
    deliver_notifications = forms.BooleanField(label=_("Tell subscribers"), required=False, initial=True)

    def __init__(self, page: StatusPage, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["body"].required = True
        kept = IncidentStatus(self.instance.update_status)
        # Others may have been set by the API.
        offered = dict.fromkeys((*OF_INCIDENTS, *OF_MAINTENANCE, kept))
        choices = [(one.value, _LABELS.get(one, one.label)) for one in offered]
        self.fields["update_status"].choices = choices  # type: ignore[attr-defined]
        self.fields["components"].queryset = page.components.present()  # type: ignore[attr-defined]
        if self.instance.created_at:
            present = self.instance.components.present()
            self.initial["components"] = list(present.values_list("pk", flat=True))

    @property
    def component_ids(self) -> list[str]:
        return [one.pk for one in self.cleaned_data["components"]]

"""What people type about incidents."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.admin import MinuteField
from components.forms import StatusesField
from incidents.actions.incident import INCIDENT_FIELDS
from incidents.choices import Impact, IncidentKind, IncidentStatus
from incidents.models import Incident
from incidents.steps import Words
from pages.admin_base import PageForm

IMPACTS = [("", _("as its components say"))] + [
    (impact.value, impact.label) for impact in Impact if impact is not Impact.MAINTENANCE
]
BY_ITSELF = [
    ("auto_start", "auto_complete"),
    ("to_maintenance", "to_operational"),
    ("notify_at_start", "notify_at_end"),
    "reminders",
]
REMINDERS = _("Minutes before it begins, such as 1440,60.")
_OPEN = IncidentStatus.open_of_kind(IncidentKind.INCIDENT)
# What an incident can be opened with.
OPENING = [(status.value, status.label) for status in (*_OPEN, IncidentStatus.RESOLVED)]


def message_field(label: Any, help_text: Any) -> forms.CharField:
    """What an update says, in Markdown."""
    rows = forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"})
    return forms.CharField(label=label, help_text=help_text, required=False, max_length=25_000, widget=rows)


class IncidentForm(PageForm):
    """What opening an incident and writing an update have in common."""

    impact_override = forms.TypedChoiceField(
        label=_("Impact"), choices=IMPACTS, required=False, empty_value=None
    )
    body = message_field(_("Message"), _("Markdown. Left empty, a stock sentence of the status is used."))
    technical_details = message_field(_("Technical details"), _("Markdown, folded on the page."))
    statuses = StatusesField()
    notify = forms.BooleanField(label=_("Tell subscribers"), required=False, initial=True)
    hold = forms.IntegerField(
        label=_("Seconds to wait before telling"),
        help_text=_("The page shows it at once. Until then, Notifications lets you tell nobody."),
        required=False,
        min_value=0,
        max_value=3600,
    )

    @property
    def notify_at(self) -> datetime | None:
        """When subscribers are told, where that is not at once."""
        seconds = self.cleaned_data["hold"]
        return timezone.now() + timedelta(seconds=seconds) if seconds else None

    def words(self, status: str) -> Words:
        given = self.cleaned_data
        return Words(
            status,
            given["body"],
            given["technical_details"],
            components=given["statuses"],
            deliver=given["notify"],
        )


class OpenIncidentForm(IncidentForm):
    class Meta:
        model = Incident
        fields = ["name", "impact_override", "next_update_by", "started_at"]

    status = forms.ChoiceField(label=_("Status"), choices=OPENING)
    started_at = MinuteField(label=_("Began"), required=False, help_text=_("Left empty: now."))
    resolved_at = MinuteField(
        label=_("Ended"),
        required=False,
        help_text=_("Only for an incident that is over: it is added to the history, and nobody is told."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["statuses"].offer(self.page)  # type: ignore[attr-defined]


class EditIncidentForm(IncidentForm):
    class Meta:
        model = Incident
        fields = sorted(INCIDENT_FIELDS)

    status = forms.ChoiceField(label=_("Status"), required=False)
    to_operational = forms.BooleanField(
        label=_("On resolving: components back to operational"), required=False, initial=True
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now = IncidentStatus(self.instance.status)
        unchanged = _("stays as it is: %(status)s") % {"status": now.label}
        others = [one for one in (*_OPEN, IncidentStatus.RESOLVED) if one != now]
        self.fields["status"].choices = [  # type: ignore[attr-defined]
            ("", unchanged),
            *((one.value, one.label) for one in others),
        ]
        self.initial["status"] = ""
        # What was promised until now has been kept by what is being written.
        if self.instance.is_overdue:
            self.initial["next_update_by"] = None
        concerned = frozenset(self.instance.links.values_list("component_id", flat=True))
        self.fields["statuses"].offer(self.page, concerned)  # type: ignore[attr-defined]

    @property
    def says_something(self) -> bool:
        """Whether an update was written."""
        given = self.cleaned_data
        return any(given[name] for name in ("status", "body", "technical_details", "statuses"))

"""What people type about maintenance."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from common.admin import MinuteField, VerbForm
from components.forms import ComponentsField
from dashboard.forms.base import HoldForm, message_field
from dashboard.forms.statuses import StatusesField, offer
from incidents.choices import IncidentStatus
from incidents.models import Incident, MaintenanceSeries, MaintenanceWindow
from incidents.steps import Words
from incidents.windows import OPTIONS, TIMES
from pages.models import StatusPage

_DAY = 24 * 60
# Minutes before it begins.
_REMINDERS: dict[int, str | Promise] = {
    60: _("1 hour before"),
    _DAY: _("1 day before"),
    3 * _DAY: _("3 days before"),
    7 * _DAY: _("1 week before"),
}
_WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
ONCE, CUSTOM = "", "custom"
REPEATS = [
    (ONCE, _("Once")),
    ("day", _("Once a day")),
    ("week", _("Every week, on this weekday")),
    ("fortnight", _("Every two weeks, on this weekday")),
    ("weekday", _("Every month, on this weekday of the month")),
    ("date", _("Every month, on this day of the month")),
    (CUSTOM, _("By a rule of your own")),
]
_STEPS = {
    IncidentStatus.SCHEDULED: _("Only a word: it has not begun"),
    IncidentStatus.IN_PROGRESS: _("In progress"),
    IncidentStatus.VERIFYING: _("Verifying"),
    IncidentStatus.COMPLETED: _("Completed: it ends now"),
}


def rule_of(repeats: str, begins: date, custom: str) -> str:
    """The recurrence, as a rule of RFC 5545, of what is chosen; `begins`: on the wall clock."""
    weekday = _WEEKDAYS[begins.weekday()]
    week = (begins.day - 1) // 7 + 1
    rules = {
        "day": "FREQ=DAILY",
        "week": f"FREQ=WEEKLY;BYDAY={weekday}",
        "fortnight": f"FREQ=WEEKLY;INTERVAL=2;BYDAY={weekday}",
        "weekday": f"FREQ=MONTHLY;BYDAY={week if week < 5 else -1}{weekday}",
        "date": f"FREQ=MONTHLY;BYMONTHDAY={begins.day}",
    }
    return rules.get(repeats, custom)


class RemindersField(forms.TypedMultipleChoiceField):
    widget = forms.CheckboxSelectMultiple

    def __init__(self, *, others: tuple[int, ...] = (), **kwargs: Any) -> None:
        known = _REMINDERS | {one: _("%(n)d minutes before") % {"n": one} for one in others}
        choices = [(one, known[one]) for one in sorted(_REMINDERS.keys() | set(others))]
        super().__init__(label=_("Remind subscribers"), choices=choices, coerce=int, required=False, **kwargs)


class PlanForm(VerbForm):
    """Name, times, components and what it does by itself, of a window."""

    class Meta:
        model = MaintenanceWindow
        fields = sorted(OPTIONS | TIMES)
        labels = {
            "auto_start": _("Begin at that time"),
            "auto_complete": _("End at that time"),
            "to_maintenance": _("Put its components under maintenance when it begins"),
            "to_operational": _("Take them back to operational when it ends"),
            "notify_at_start": _("Tell subscribers when it begins"),
            "notify_at_end": _("Tell subscribers when it ends"),
        }
        help_texts = {"to_maintenance": "", "to_operational": ""}

    name = forms.CharField(
        label=_("Name"), max_length=255, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    scheduled_for = MinuteField(label=_("Begins"))
    scheduled_until = MinuteField(label=_("Ends"))
    components = ComponentsField()

    def __init__(self, page: StatusPage, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.page = page
        self.fields["components"].queryset = page.components.present()  # type: ignore[attr-defined]
        kept = tuple(self.instance.reminders)
        self.fields["reminders"] = RemindersField(others=kept, initial=kept, show_hidden_initial=bool(kept))

    @property
    def component_ids(self) -> list[str]:
        return [one.pk for one in self.cleaned_data.get("components", ())]


class NewMaintenanceForm(PlanForm, HoldForm):
    body = message_field(_("Message"))
    notify = forms.BooleanField(label=_("Tell subscribers now"), required=False, initial=True)
    repeats = forms.ChoiceField(label=_("How often"), choices=REPEATS, required=False)
    rule = forms.CharField(
        label=_("Rule"),
        required=False,
        max_length=500,
        help_text=_("As calendars write it, such as FREQ=MONTHLY;BYDAY=1SU."),
    )
    over = forms.BooleanField(label=_("It is over already: only add it to the history"), required=False)

    @property
    def times(self) -> dict[str, Any]:
        """What verbs take of a window: its name, times, components and options."""
        given = self.cleaned_data
        return {one: given[one] for one in ("name", *TIMES, *OPTIONS)} | {"components": self.component_ids}


class EditMaintenanceForm(PlanForm):
    notify = forms.BooleanField(label=_("Tell subscribers of what is changed here"), required=False)

    def __init__(self, page: StatusPage, incident: Incident, *args: Any, **kwargs: Any) -> None:
        super().__init__(page, *args, instance=incident.window, **kwargs)
        ids = list(incident.links.values_list("component_id", flat=True))
        self.initial.update(name=incident.name, components=ids)
        for name in ("name", "components"):
            self.fields[name].show_hidden_initial = True


class SayForm(HoldForm):
    """How it goes on."""

    status = forms.ChoiceField(label=_("Status"), widget=forms.RadioSelect)
    statuses = StatusesField()
    body = message_field(_("Message"))
    notify = forms.BooleanField(label=_("Tell subscribers"), required=False, initial=True)

    def __init__(self, page: StatusPage, incident: Incident, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        now = IncidentStatus(incident.status)
        begun = now is not IncidentStatus.SCHEDULED
        left = [(one.value, label) for one, label in _STEPS.items() if not (begun and one == "scheduled")]
        self.fields["status"].choices = left  # type: ignore[attr-defined]
        self.initial.setdefault("status", now.value)
        offer(self.fields["statuses"], page, frozenset(incident.links.values_list("component_id", flat=True)))

    @property
    def words(self) -> Words:
        given = self.cleaned_data
        return Words(given["status"], given["body"], components=given["statuses"], deliver=given["notify"])


class SeriesForm(VerbForm):
    class Meta:
        model = MaintenanceSeries
        fields = ["name", "rule", "body"]
        labels = {"rule": _("Rule"), "body": _("Message")}
        help_texts = {"rule": _("As calendars write it, such as FREQ=MONTHLY;BYDAY=1SU.")}
        widgets = {"rule": forms.TextInput, "body": forms.Textarea(attrs={"rows": 4})}

    components = ComponentsField(show_hidden_initial=True)
    notify = forms.BooleanField(label=_("Tell subscribers of what is changed here"), required=False)

    def __init__(self, page: StatusPage, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["components"].queryset = page.components.present()  # type: ignore[attr-defined]
        self.initial["components"] = list(self.instance.components.values_list("pk", flat=True))

"""What people type about incidents."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from common.admin import MinuteField
from dashboard.forms.base import HoldForm, message_field
from dashboard.forms.statuses import StatusesField, offer
from incidents.choices import Impact, IncidentKind, IncidentStatus
from incidents.drafts import Written
from incidents.models import Incident
from incidents.steps import Words
from pages.models import StatusPage

_OPEN = IncidentStatus.open_of_kind(IncidentKind.INCIDENT)
STATUSES = [(one.value, one.label) for one in (*_OPEN, IncidentStatus.RESOLVED)]
IMPACTS = [("", _("As its components say"))] + [
    (one.value, one.label) for one in Impact if one is not Impact.MAINTENANCE
]
# In minutes from now.
_PROMISES = [
    ("", _("No promise")),
    ("15", _("15 min")),
    ("30", _("30 min")),
    ("60", _("1 h")),
    ("120", _("2 h")),
]
_AT = ("at", _("At …"))


class SayingForm(HoldForm):
    """What a first and every further update have in common."""

    status = forms.ChoiceField(label=_("Status"), choices=STATUSES, widget=forms.RadioSelect)
    statuses = StatusesField()
    body = message_field(_("Message"), help_text=_("Markdown. Left empty, it says the usual of its status."))
    technical_details = message_field(_("Technical details"), rows=3)
    promise = forms.ChoiceField(
        label=_("Next update in"), choices=[*_PROMISES, _AT], required=False, widget=forms.RadioSelect
    )
    next_update_by = MinuteField(label=_("Next update by"), required=False)
    notify = forms.BooleanField(label=_("Tell subscribers"), required=False, initial=True)
    publish_at = MinuteField(label=_("Publish it at"), required=False)

    def __init__(self, page: StatusPage, *args: Any, concerned: Collection[str] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.page = page
        offer(self.fields["statuses"], page, concerned)
        self.fields["next_update_by"].help_text = page.time_zone
        self.fields["publish_at"].help_text = _(
            "In %(zone)s. Kept as a draft, it is published by itself then."
        ) % {"zone": page.time_zone}

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if given.get("promise") == "at" and not given.get("next_update_by"):
            self.add_error("next_update_by", _("Please say when."))
        if given.get("publish_at") and not self.is_for_later:
            self.add_error("publish_at", _("Keep it as a draft, or leave this empty to publish it now."))
        return given

    @property
    def is_for_later(self) -> bool:
        """Whether it is to be kept as a draft."""
        return self.data.get("then") == "draft"

    @property
    def written(self) -> Written:
        """All of it, as a draft keeps it."""
        given = self.cleaned_data
        promise = given.get("promise") or ""
        return Written(
            self.words,
            name=given.get("name", ""),
            impact_override=given.get("impact_override") or None,
            to_operational=given.get("to_operational", True),
            promise=int(promise) if promise.isdigit() else None,
            next_update_by=given.get("next_update_by") if promise == "at" else None,
            hold=int(given.get("hold") or 0),
        )

    @property
    def words(self) -> Words:
        given = self.cleaned_data
        return Words(
            given.get("status") or IncidentStatus.INVESTIGATING,
            given.get("body", ""),
            given.get("technical_details", ""),
            components=given.get("statuses", {}),
            deliver=given.get("notify", False),
        )

    def promised(self, now: datetime) -> datetime | None:
        """By when the next update is promised."""
        chosen = self.cleaned_data.get("promise") or ""
        if chosen == "at":
            at: datetime | None = self.cleaned_data.get("next_update_by")
            return at
        return now + timedelta(minutes=int(chosen)) if chosen else None


class NewIncidentForm(SayingForm):
    name = forms.CharField(
        label=_("Name"),
        max_length=255,
        widget=forms.TextInput(attrs={"autofocus": "", "autocomplete": "off"}),
    )
    impact_override = forms.ChoiceField(label=_("Impact"), choices=IMPACTS, required=False)

    field_order = ["name"]

    def __init__(self, page: StatusPage, *args: Any, **kwargs: Any) -> None:
        super().__init__(page, *args, **kwargs)
        # A draft may still be without.
        self.fields["name"].required = not self.is_for_later

    @property
    def impact(self) -> str | None:
        return self.cleaned_data.get("impact_override") or None


class UpdateForm(SayingForm):
    """One more update. Nothing is chosen that was not chosen: the status stays unless it is changed."""

    to_operational = forms.BooleanField(
        label=_("Take its components back to operational"), required=False, initial=True
    )
    # The page's version that the form shows.
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, page: StatusPage, incident: Incident, *args: Any, **kwargs: Any) -> None:
        concerned = frozenset(link.component_id for link in incident.links.all())
        super().__init__(page, *args, concerned=concerned, **kwargs)
        self.incident = incident
        is_open = IncidentStatus(incident.status).is_open
        self.initial.setdefault("status", incident.status if is_open else IncidentStatus.RESOLVED)


class CorrectingForm(forms.Form):
    """What was said already: only what this person changed is given to the verb."""

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, row: Any, data: QueryDict | None, seen: int) -> None:
        names = [name for name in self.base_fields if name != "seen"]
        known = {name: getattr(row, name) for name in names}
        super().__init__(data, initial=known | {"seen": seen})
        for name in names:
            # The form carries what it showed: what differs from that was changed by this person.
            self.fields[name].show_hidden_initial = True

    def changed(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.changed_data if name != "seen"}

    def against(self, row: Any, seen: int) -> list[tuple[Any, Any]]:
        """The fields that this person changed, each with what somebody else has made of it meanwhile.

        Sent once more, the form replaces that.
        """
        mine = list(self.changed())
        row.refresh_from_db(fields=mine)
        self.data = cast(QueryDict, self.data).copy()
        self.data["seen"] = str(seen)
        return [(self[name], getattr(row, name)) for name in mine]


class EditIncidentForm(CorrectingForm):
    name = forms.CharField(label=_("Name"), max_length=255)
    impact_override = forms.TypedChoiceField(
        label=_("Impact"), choices=IMPACTS, required=False, empty_value=None
    )
    started_at = MinuteField(label=_("Began"))
    detected_at = MinuteField(label=_("Noticed"), required=False)
    impact_started_at = MinuteField(label=_("Users hurt from"), required=False)
    mitigated_at = MinuteField(label=_("Users hurt until"), required=False)
    resolved_at = MinuteField(label=_("Ended"), required=False)

    def __init__(self, row: Incident, data: QueryDict | None, seen: int) -> None:
        super().__init__(row, data, seen)
        if row.resolved_at is None:
            del self.fields["resolved_at"]


class EditUpdateForm(CorrectingForm):
    body = message_field(_("Message"), rows=6)
    technical_details = message_field(_("Technical details"), rows=3)
    display_at = MinuteField(label=_("Time"))


class PastIncidentForm(forms.Form):
    """One that is over, for the history."""

    name = forms.CharField(label=_("Name"), max_length=255)
    started_at = MinuteField(label=_("Began"))
    resolved_at = MinuteField(label=_("Ended"))
    statuses = StatusesField()
    body = message_field(_("What happened"))
    impact_override = forms.TypedChoiceField(
        label=_("Impact"), choices=IMPACTS, required=False, empty_value=None
    )

    def __init__(self, page: StatusPage, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self.fields["statuses"], page)

"""What people type about those who want to be told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.admin import VerbForm
from dashboard.forms.base import LongSelect
from notifications.samples import KINDS
from pages.models import StatusPage
from subscribers import wishes
from subscribers.actions import Who
from subscribers.addresses import channels
from subscribers.choices import Channel, Scope
from subscribers.models import Subscriber
from subscribers.wishes import Wish

WISHES = [
    *("scope", "components", "groups", "wants_incidents", "wants_maintenance", "min_impact", "cadence"),
    *("language", "time_zone"),
    *("quiet_from", "quiet_until", "critical_breaks_quiet", "digest_at"),
]
# Following one incident is for subscribers themselves: it ends with the incident.
_SCOPES = [(scope.value, scope.label) for scope in Scope if scope is not Scope.INCIDENT]
_CLOCKS = ["quiet_from", "quiet_until", "digest_at"]


def offered() -> list[tuple[str, Any]]:
    """The channels that this installation has."""
    return [(one, Channel(one).label) for one in channels()]


class WishesForm(VerbForm):
    class Meta:
        model = Subscriber
        fields = WISHES
        labels = {
            "scope": _("What they follow"),
            "components": _("Components"),
            "groups": _("Groups"),
            "wants_incidents": _("Incidents"),
            "wants_maintenance": _("Maintenance"),
            "min_impact": _("From which impact on"),
            "cadence": _("How often"),
            "language": _("Language"),
            "quiet_from": _("Quiet from"),
            "quiet_until": _("Quiet until"),
            "critical_breaks_quiet": _("Tell critical incidents at any hour"),
            "digest_at": _("One mail a day, at"),
        }
        help_texts = {"quiet_from": "", "digest_at": _("Empty: every message at once.")}
        widgets = {
            "components": forms.CheckboxSelectMultiple,
            "groups": forms.CheckboxSelectMultiple,
            "scope": forms.RadioSelect,
            **{name: forms.TimeInput(attrs={"type": "time"}, format="%H:%M") for name in _CLOCKS},
        }

    time_zone = forms.ChoiceField(label=_("Time zone"), required=False, widget=LongSelect)

    def __init__(self, page: StatusPage, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        fields: dict[str, Any] = self.fields
        fields["components"].queryset = page.components.public()
        fields["groups"].queryset = page.groups.present()
        fields["scope"].choices = _SCOPES
        zones = sorted({*wishes.time_zones(), page.time_zone, self.instance.time_zone} - {""})
        fields["time_zone"].choices = [(one, one) for one in zones]
        self.initial.setdefault("time_zone", page.time_zone)
        self.initial.setdefault("language", page.language)

    def wish(self, before: Wish) -> Wish:
        """`before`, with what this person chose otherwise."""
        chosen = self.changed(WISHES)
        for name, ids in (("components", "component_ids"), ("groups", "group_ids")):
            if name in chosen:
                chosen[ids] = frozenset(one.pk for one in chosen.pop(name))
        return replace(before, **chosen)


class NewSubscriberForm(WishesForm):
    """Somebody whose consent the team has."""

    class Meta(WishesForm.Meta):
        fields = ["channel", "address", "contact", "label", "consent_note", *WISHES]
        labels = WishesForm.Meta.labels | {
            "channel": _("Channel"),
            "address": _("Address"),
            "contact": _("Whom to ask"),
            "label": _("Name"),
            "consent_note": _("How was their consent given?"),
        }
        help_texts = WishesForm.Meta.help_texts | {
            "contact": _(
                "Of a machine or chat: the e-mail address that hears of it when messages keep failing."
            ),
            "consent_note": _(
                "Kept with them, such as “Asked by phone, 3 May”. Nothing is sent to them now."
            ),
        }

    field_order = ["address", "channel", "consent_note", "label", "contact"]

    def __init__(self, page: StatusPage, *args: Any, **kwargs: Any) -> None:
        super().__init__(page, *args, **kwargs)
        self.fields["channel"].choices = offered()  # type: ignore[attr-defined]

    @property
    def who(self) -> Who:
        given = self.cleaned_data
        return Who(given["address"], given["channel"], contact=given["contact"], label=given["label"])


class TestForm(forms.Form):
    """One message, as a real one would look."""

    channel = forms.ChoiceField(label=_("Channel"))
    address = forms.CharField(label=_("Address"), max_length=2000)
    kind = forms.ChoiceField(label=_("Message"), choices=list(KINDS.items()))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["channel"].choices = offered()  # type: ignore[attr-defined]

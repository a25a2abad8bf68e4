"""What people type about components and groups."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from common.admin import DayInput, MinuteField, VerbForm
from components.actions import Block
from components.choices import ComponentStatus
from components.forms import ComponentsField
from components.models import Component, ComponentGroup
from pages.models import StatusPage

WEIGHTS = ["major_weight", "partial_weight", "degraded_weight", "maintenance_counts", "minimum_outage"]


class ComponentForm(VerbForm):
    class Meta:
        model = Component
        fields = [
            "name",
            "purpose",
            "group",
            "description",
            "showcase",
            "only_show_if_degraded",
            "restricted",
            "start_date",
            *WEIGHTS,
        ]
        labels = {
            "purpose": _("What it is for"),
            "description": _("Description"),
            "showcase": _("Show its uptime"),
            "only_show_if_degraded": _("Show it only while it is not operational"),
            "restricted": _("Hide it from the public page"),
            "start_date": _("Measured since"),
            "major_weight": _("Weight of a major outage"),
            "partial_weight": _("Weight of a partial outage"),
            "degraded_weight": _("Weight of degraded performance"),
            "maintenance_counts": _("Maintenance counts as down"),
            "minimum_outage": _("Shortest outage that counts"),
        }
        widgets = {
            "start_date": DayInput,
            "name": forms.TextInput(attrs={"autocomplete": "off"}),
            "description": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, page: StatusPage, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        group: Any = self.fields["group"]
        group.queryset, group.empty_label, group.label = page.groups.present(), _("By itself"), _("Group")
        counts: Any = self.fields["maintenance_counts"].widget
        counts.choices = [("unknown", _("As on the page")), ("true", _("Yes")), ("false", _("No"))]

    @property
    def refined(self) -> bool:
        """Whether it says anything of what counts as down, so that it is shown at once."""
        return any(self[name].errors or self[name].value() not in (None, "") for name in WEIGHTS)


class GroupForm(VerbForm):
    class Meta:
        model = ComponentGroup
        fields = ["name", "description"]
        labels = {"description": _("Description")}

    components = ComponentsField()

    def __init__(self, page: StatusPage, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["components"].queryset = page.components.present()  # type: ignore[attr-defined]
        if self.instance.page_id:
            self.initial["components"] = list(self.instance.components.present())


class CorrectionForm(forms.Form):
    """What a component's status really was, in a time that is over."""

    begun = MinuteField(label=_("From"))
    ended = MinuteField(label=_("Until"))
    status = forms.ChoiceField(label=_("Status then"), choices=ComponentStatus.choices)
    reason = forms.CharField(
        label=_("Reason"), max_length=500, help_text=_("Shown on the page, beside what is corrected.")
    )


def blocks(items: Iterable[str]) -> list[Block]:
    """The order that items stand for: `group:<id>`, `component:<id>`, and `end` after a group's."""
    found: list[tuple[str | None, list[str]]] = [(None, [])]
    for item in items:
        kind, _colon, pk = item.partition(":")
        if kind == "component":
            found[-1][1].append(pk)
        else:
            found.append((pk or None, []))
    return [(group, members) for group, members in found if group or members]

"""Choosing a status for each of a page's components."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, cast

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from components.choices import ComponentStatus
from components.models import Component
from pages.models import StatusPage

# Of hundreds of components no more is read.
_SHOWN = ("page", "name", "position", "restricted", "group__name", "group__position")
# A component that is concerned while its status stays.
STAYS = "stays"


class ComponentsField(forms.ModelMultipleChoiceField):
    """Some of a page's components; the form sets which there are."""

    widget = forms.CheckboxSelectMultiple

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(Component.objects.none(), required=False, label=_("Components"), **kwargs)


class StatusesInput(forms.Widget):
    """A table: a row a component, with its status now and a list of what it may become."""

    components: list[Component]
    concerned: Collection[str] = ()
    nothing: Any = _("not affected")

    def value_from_datadict(self, data: Any, files: Any, name: str) -> dict[str, str]:
        chosen = {one.pk: data.get(f"{name}-{one.pk}", "") for one in self.components}
        return {pk: value for pk, value in chosen.items() if value}

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return False

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen: Mapping[str, str] = value or {}
        context = {
            "name": name,
            "rows": [(one, one.pk in self.concerned, chosen.get(one.pk, "")) for one in self.components],
            "statuses": ComponentStatus.choices,
            "stays": STAYS,
            "nothing": self.nothing,
        }
        return render_to_string("admin/statuses_input.html", context)


class StatusesField(forms.Field):
    """Cleans to what a notice's words say of components: id -> status, or None where it stays."""

    widget = StatusesInput

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, label=_("Components"), **kwargs)

    def offer(self, page: StatusPage, concerned: Collection[str] = ()) -> None:
        """Let the page's components be chosen; those `concerned` already are marked and come first."""
        widget = cast(StatusesInput, self.widget)
        rows = page.components.present().with_status().select_related("group").only(*_SHOWN)
        in_order = sorted(rows, key=lambda one: one.group.position if one.group else one.position)
        widget.components = sorted(in_order, key=lambda one: one.pk not in concerned)
        widget.concerned = concerned

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(data)

    def clean(self, value: Any) -> dict[str, str | None]:
        if unknown := set(value.values()) - {STAYS, *ComponentStatus.values}:
            message = _("“%(status)s” is not a component status.") % {"status": unknown.pop()}
            raise forms.ValidationError(message)
        return {pk: None if status == STAYS else status for pk, status in value.items()}

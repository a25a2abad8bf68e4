"""A status for each component, chosen by one keypress."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, cast

from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from components import forms as choosing
from components.choices import ComponentStatus
from pages.models import StatusPage

# The key that chooses each of them in a row that has the focus.
_KEYS = {
    ComponentStatus.OPERATIONAL: "o",
    ComponentStatus.DEGRADED_PERFORMANCE: "d",
    ComponentStatus.PARTIAL_OUTAGE: "p",
    ComponentStatus.MAJOR_OUTAGE: "m",
    ComponentStatus.UNDER_MAINTENANCE: "u",
}
OPTIONS = [(status.value, status.label, key) for status, key in _KEYS.items()]
# From so many on, there is a field that narrows them down.
_MANY = 9


@dataclass(frozen=True, slots=True)
class Row:
    """A component, whether the notice is about it already, and what is chosen for it."""

    component: Any
    concerned: bool
    chosen: str

    @property
    def kind(self) -> tuple[bool, str]:
        return self.concerned, self.chosen


class StatusesInput(choosing.StatusesInput):
    components: list[Any]

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen: Mapping[str, str] = value or {}
        rows = [self._row(one, chosen) for one in self.components]
        context = {"name": name, "rows": rows, "many": len(rows) > _MANY}
        return render_to_string("dashboard/incidents/statuses.html", context)

    def _row(self, component: Any, chosen: Mapping[str, str]) -> Row:
        concerned = component.pk in self.concerned
        said = chosen.get(component.pk, component.status if concerned else "")
        said = component.status if said == choosing.STAYS else said
        # What no screen sends is not kept among the few kinds that a stencil has.
        return Row(component, concerned, said if said in _KEYS else "")


class StatusesField(choosing.StatusesField):
    """Cleans to what a notice's words say: a component that is newly named as it is stays so (None), and of
    one that is concerned already and stays as it is, nothing is said."""

    widget = StatusesInput

    def clean(self, value: Any) -> dict[str, str | None]:
        widget = cast(StatusesInput, self.widget)
        now = {one.pk: one.status for one in widget.components}
        said = super().clean(value)
        return {
            pk: None if status == now[pk] else status
            for pk, status in said.items()
            if not (pk in widget.concerned and status == now[pk])
        }


def offer(field: Any, page: StatusPage, concerned: Collection[str] = ()) -> None:
    """Let the page's components be chosen in a form's field; those `concerned` already come first."""
    cast(StatusesField, field).offer(page, concerned)
    field.label = _("Components")

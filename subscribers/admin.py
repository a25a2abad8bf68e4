"""Who asked to be told, for those who run the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from common.admin import badge
from pages.admin_base import PageBoundAdmin, PageForm
from subscribers import wishes
from subscribers.actions import Who, add_confirmed, erase, reactivate, unsubscribe, update_preferences
from subscribers.choices import Scope
from subscribers.models import Subscriber
from subscribers.wishes import Wish
from tenants.models import Role

_WISHES = ["scope", "components", "groups", "wants_incidents", "wants_maintenance", "min_impact", "cadence"]
# Following one incident is for subscribers themselves: it ends with the incident.
_SCOPES = [(scope.value, scope.label) for scope in Scope if scope is not Scope.INCIDENT]


class SubscriberForm(PageForm):
    class Meta:
        model = Subscriber
        fields = ["address", "language", "consent_note", *_WISHES]
        widgets = {"address": forms.TextInput(attrs={"class": "vTextField"})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = {"components": self.page.components.public(), "groups": self.page.groups.present()}
        for name, rows in offered.items():
            if name in self.fields:
                self.fields[name].queryset = rows  # type: ignore[attr-defined]
        if "scope" in self.fields:
            self.fields["scope"].choices = _SCOPES  # type: ignore[attr-defined]

    def wish(self, before: Wish) -> Wish:
        """`before`, with what this person chose otherwise."""
        chosen = self.changed(_WISHES)
        for name, ids in (("components", "component_ids"), ("groups", "group_ids")):
            if name in chosen:
                chosen[ids] = frozenset(one.pk for one in chosen.pop(name))
        return replace(before, **chosen)


class SubscriberAdmin(PageBoundAdmin):
    """Addresses are people's: only admins see them."""

    form = SubscriberForm
    needs_to_view = needs = Role.ADMIN
    list_display = ["address", "shown_state", "channel", "scope", "page", "created_at", "confirmed_at"]
    list_filter = ["state", "channel", "scope", ("page", admin.RelatedOnlyFieldListFilter)]
    list_select_related = ["page"]
    search_fields = ["address", "label"]
    actions = ["unsubscribe_chosen", "reactivate_chosen"]
    delete_warning = _("The address is erased wherever it was kept, and messages that wait are withdrawn.")
    wishing = (_("What is told"), {"fields": _WISHES})
    adding = [
        (
            None,
            {
                "fields": ["address", "language", "consent_note"],
                "description": _("For somebody whose consent you have. Nothing is sent to the address."),
            },
        ),
        wishing,
    ]
    shown = ["address", "channel", "shown_state", "language", "consent_source", "consent_note"]
    times = ["created_at", "confirmed_at", "quarantined_at", "quarantine_reason", "unsubscribed_at"]
    editing = [(None, {"fields": shown}), wishing, (_("Times"), {"fields": times})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*self.shown, *self.times] if obj else []

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(
            db_field, request, **kwargs | {"widget": forms.CheckboxSelectMultiple}
        )

    def create(self, request: HttpRequest, form: Any) -> Subscriber:
        given = form.cleaned_data
        who = Who(given["address"], language=given["language"])
        wish = form.wish(wishes.EVERYTHING)
        return add_confirmed(self.page(request), who, self.actor(request), given["consent_note"], wish)

    def update(self, request: HttpRequest, row: Any, form: Any, formsets: Sequence[Any]) -> None:
        if form.changed(_WISHES):
            update_preferences(self.page(request), row, self.actor(request), form.wish(wishes.of(row)))

    def remove(self, request: HttpRequest, row: Any) -> None:
        erase(self.page_of(row), row, self.actor(request))

    @admin.action(description=_("Unsubscribe"), permissions=["change"])
    def unsubscribe_chosen(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> None:
        self.each(request, queryset, unsubscribe)

    @admin.action(description=_("Take out of quarantine"), permissions=["change"])
    def reactivate_chosen(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> None:
        self.each(request, queryset, reactivate)

    @admin.display(description=_("state"), ordering="state")
    def shown_state(self, row: Subscriber) -> SafeString:
        return badge(row.state, row.get_state_display())

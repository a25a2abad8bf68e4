"""Who asked to be told, for those who run the page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from common.admin import badge
from common.errors import Refused
from pages.admin_base import PageBoundAdmin, PageForm
from pages.models import StatusPage
from subscribers import wishes
from subscribers.actions import (
    Who,
    add_confirmed,
    erase,
    quarantine,
    reactivate,
    unsubscribe,
    update_preferences,
)
from subscribers.addresses import channels
from subscribers.bulk import import_confirmed
from subscribers.choices import Channel, Scope, SubscriberState
from subscribers.models import Subscriber
from subscribers.rates import confirm_rate
from subscribers.reading import columns
from subscribers.screens import Preview, download, preview, previewed
from subscribers.wishes import Wish
from tenants.models import Role

_CHOSEN = ["scope", "components", "groups", "wants_incidents", "wants_maintenance", "min_impact", "cadence"]
_WORDED = ["language", "time_zone"]
_TIMES = ["quiet_from", "quiet_until", "critical_breaks_quiet", "digest_at"]
_WISHES = [*_CHOSEN, *_WORDED, *_TIMES]
# Following one incident is for subscribers themselves: it ends with the incident.
_SCOPES = [(scope.value, scope.label) for scope in Scope if scope is not Scope.INCIDENT]


_CLOCKS = ["quiet_from", "quiet_until", "digest_at"]


class SubscriberForm(PageForm):
    class Meta:
        model = Subscriber
        fields = ["channel", "address", "contact", "label", "consent_note", *_WISHES]
        widgets = {
            "address": forms.TextInput(attrs={"class": "vTextField"}),
            **{name: forms.TimeInput(attrs={"type": "time"}, format="%H:%M") for name in _CLOCKS},
        }
        help_texts = {"contact": _("Of a machine or chat: who hears of it when messages keep failing.")}

    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = {"components": self.page.components.public(), "groups": self.page.groups.present()}
        for name, rows in offered.items():
            if name in self.fields:
                self.fields[name].queryset = rows  # type: ignore[attr-defined]
        if "scope" in self.fields:
            self.fields["scope"].choices = _SCOPES  # type: ignore[attr-defined]
        if "channel" in self.fields:
            offered_channels = [(one, Channel(one).label) for one in channels()]
            self.fields["channel"].choices = offered_channels  # type: ignore[attr-defined]
        if "time_zone" in self.fields:
            zones = sorted({*wishes.time_zones(), self.page.time_zone, self.instance.time_zone})
            self.fields["time_zone"].choices = [(one, one) for one in zones]  # type: ignore[attr-defined]

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
    actions = ["unsubscribe_chosen", "quarantine_chosen", "reactivate_chosen"]
    change_list_template = "admin/subscribers/list.html"
    delete_warning = _("The address is erased wherever it was kept, and messages that wait are withdrawn.")
    wishing = (_("What is told"), {"fields": _CHOSEN})
    timing = (
        _("When and how"),
        {
            "fields": [
                "language",
                "time_zone",
                ("quiet_from", "quiet_until"),
                "critical_breaks_quiet",
                "digest_at",
            ]
        },
    )
    adding = [
        (
            None,
            {
                "fields": ["channel", "address", "contact", "label", "consent_note"],
                "description": _("For somebody whose consent you have. Nothing is sent to the address."),
            },
        ),
        wishing,
        timing,
    ]
    shown = ["address", "channel", "shown_state", "contact", "label", "consent_source", "consent_note"]
    times = ["created_at", "confirmed_at", "quarantined_at", "quarantined_because", "unsubscribed_at"]
    editing = [(None, {"fields": shown}), wishing, timing, (_("Times"), {"fields": times})]

    def get_urls(self) -> list[Any]:
        return [*self._own_urls(), *super().get_urls()]

    def _own_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            path("export/", view(self.export_view), name="subscribers_subscriber_export"),
            path("import/", view(self.import_view), name="subscribers_subscriber_import"),
        ]

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        page = self.page(request)
        return {"language": page.language, "time_zone": page.time_zone}

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        counts = {"counts": _counts(self.get_queryset(request))}
        if request.method == "GET":
            self._warn_of_few(request)
        return super().changelist_view(request, counts | (extra_context or {}))

    def _warn_of_few(self, request: HttpRequest) -> None:
        for page in self._pages_to_add_to(request):
            rate = confirm_rate(page, timezone.now())
            if rate.is_low:
                said = gettext(
                    "Of %(asked)d people asked this week to confirm on “%(page)s”, %(confirmed)d did. "
                    "Somebody may enter addresses that are not theirs."
                ) % {"asked": rate.asked, "page": page.name, "confirmed": rate.confirmed}
                self.message_user(request, said, messages.WARNING)

    def export_view(self, request: HttpRequest) -> Any:
        """What the list shows, with its filters."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        return download(self.get_changelist_instance(request).queryset, "subscribers")

    def import_view(self, request: HttpRequest) -> HttpResponse:
        page = self._page_of_form(request, None)
        if page is None:
            return self._choose_page(request)
        try:
            return self._import(request, page)
        except Refused as refusal:
            return self._import_screen(request, page, problem=refusal.message)

    def _import(self, request: HttpRequest, page: StatusPage) -> HttpResponse:
        if request.method != "POST":
            return self._import_screen(request, page)
        if "seal" not in request.POST:
            return self._import_screen(request, page, preview(page, request))
        found = previewed(page, request)
        note = request.POST.get("consent_note", "")
        try:
            added = import_confirmed(page, found.found.new, self.actor(request), note)
        except Refused as refusal:
            return self._import_screen(request, page, found, note=note, problem=refusal.message)
        said = ngettext("%d person was added.", "%d people were added.", added) % added
        self.message_user(request, said, messages.SUCCESS)
        return HttpResponseRedirect(self.url("changelist"))

    def _import_screen(
        self, request: HttpRequest, page: StatusPage, found: Preview | None = None, **more: Any
    ) -> HttpResponse:
        return self._screen(
            request,
            "import",
            gettext("Import subscribers"),
            page=page,
            preview=found,
            columns=columns(),
            **more,
        )

    def _screen(self, request: HttpRequest, template: str, title: str, **values: Any) -> HttpResponse:
        """One of our own, beside the list and the form."""
        status = 422 if values.get("problem") else 200
        context = {**self.admin_site.each_context(request), "title": title, "opts": self.opts, **values}
        request.current_app = self.admin_site.name
        return TemplateResponse(request, f"admin/subscribers/{template}.html", context, status=status)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*self.shown, *self.times] if obj else []

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        return super().formfield_for_manytomany(
            db_field, request, **kwargs | {"widget": forms.CheckboxSelectMultiple}
        )

    def create(self, request: HttpRequest, form: Any) -> Subscriber:
        given = form.cleaned_data
        who = Who(given["address"], given["channel"], contact=given["contact"], label=given["label"])
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

    @admin.action(description=_("Put in quarantine"), permissions=["change"])
    def quarantine_chosen(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> None:
        self.each(request, queryset, quarantine)

    @admin.action(description=_("Take out of quarantine"), permissions=["change"])
    def reactivate_chosen(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> None:
        self.each(request, queryset, reactivate)

    @admin.display(description=_("state"), ordering="state")
    def shown_state(self, row: Subscriber) -> SafeString:
        return badge(row.state, row.get_state_display())


def _counts(rows: Any) -> list[dict[str, Any]]:
    """Of each channel that anybody has: how many are in each state."""
    found = rows.tallied()
    return [
        {
            "channel": channel,
            "states": [(state, found.get((channel.value, state.value), 0)) for state in SubscriberState],
        }
        for channel in Channel
        if any(known == channel for known, _state in found)
    ]

"""Subscribers' screens, with what only this app knows: what was sent to them, tests, secrets of webhooks."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from common.admin import badge
from common.counters import NotCounting, TooOften
from common.errors import Refused
from notifications.barred import with_barred
from notifications.choices import SuppressionReason
from notifications.dossier import dossier
from notifications.samples import KINDS
from notifications.trials import send_test
from pages.models import StatusPage
from subscribers.actions import rotate_secret
from subscribers.addresses import channels
from subscribers.admin import SubscriberAdmin
from subscribers.choices import Channel
from subscribers.models import Subscriber


class Barred(admin.SimpleListFilter):
    title = _("must not be written to")
    parameter_name = "barred"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Any:
        return SuppressionReason.choices

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(barred=self.value()) if self.value() else queryset


class PeopleAdmin(SubscriberAdmin):
    change_form_template = "admin/subscribers/change.html"
    actions = [*SubscriberAdmin.actions, "rotate_chosen"]
    list_filter = [*SubscriberAdmin.list_filter, Barred]

    def _own_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view
        return [
            *super()._own_urls(),
            path("test/", view(self.test_view), name="subscribers_subscriber_test"),
            path("<path:object_id>/person/", view(self.person_view), name="subscribers_subscriber_person"),
        ]

    def get_queryset(self, request: HttpRequest) -> Any:
        return with_barred(super().get_queryset(request))

    @admin.display(description=_("state"), ordering="state")
    def shown_state(self, row: Subscriber) -> SafeString:
        """Whoever wrote STOP is active still, and gets nothing until they write START."""
        barred = getattr(row, "barred", None)
        if barred is None:
            return super().shown_state(row)
        said = _("Wrote STOP") if barred == SuppressionReason.OPTED_OUT else SuppressionReason(barred).label
        return format_html("{} {}", super().shown_state(row), badge("suppressed", str(said)))

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        found = super().get_fieldsets(request, obj)
        if obj is None or obj.channel != Channel.WEBHOOK:
            return found
        return [*found, (_("Signature"), {"fields": ["signing_secret"]})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [*super().get_readonly_fields(request, obj), *(["signing_secret"] if obj else [])]

    @admin.display(description=_("secret"))
    def signing_secret(self, row: Subscriber) -> SafeString:
        """Where it is shown, to whoever says once more who they are."""
        hint = _("For whoever looks after the machine: what it is sent is signed with this.")
        at = reverse("subscriber", args=[row.page_id, row.pk])
        return format_html('<a href="{}?secret=shown">{}</a><p>{}</p>', at, _("Show"), hint)

    @admin.action(description=_("Sign by a new secret (webhooks)"), permissions=["change"])
    def rotate_chosen(self, request: HttpRequest, queryset: QuerySet[Subscriber]) -> None:
        self.each(request, queryset.filter(channel=Channel.WEBHOOK), rotate_secret)

    def person_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Everything about one person, as a file."""
        row = self.get_object(request, object_id)
        if not self.has_change_permission(request, row):
            raise Http404
        body = json.dumps(dossier(row), ensure_ascii=False, indent=2)
        headers = {
            "Content-Disposition": f'attachment; filename="person-{row.pk}.json"',
            "Cache-Control": "no-store",
        }
        return HttpResponse(body, content_type="application/json", headers=headers)

    def test_view(self, request: HttpRequest) -> HttpResponse:
        page = self._page_of_form(request, None)
        if page is None:
            return self._choose_page(request)
        if request.method != "POST":
            return self._test_screen(request, page, self._prefilled(request))
        given = {name: request.POST.get(name, "") for name in ("channel", "address", "kind")}
        try:
            return self._send_test(request, page, given)
        except Refused as refusal:
            return self._test_screen(request, page, given, problem=refusal.message)
        except TooOften as error:
            return self._test_screen(request, page, given, problem=_too_often(error))
        except NotCounting:
            said = gettext("Redis is away, and nothing is sent uncounted. Try again when it is back.")
            return self._test_screen(request, page, given, problem=said)

    def _send_test(self, request: HttpRequest, page: StatusPage, given: dict[str, str]) -> HttpResponse:
        delivery = send_test(page, actor=self.actor(request), **given)
        self.message_user(
            request, gettext("The test is on its way; here is what becomes of it."), messages.SUCCESS
        )
        shown = reverse(
            "admin:notifications_delivery_change", args=[delivery.pk], current_app=self.admin_site.name
        )
        return HttpResponseRedirect(shown)

    def _prefilled(self, request: HttpRequest) -> dict[str, str]:
        """To the subscriber that the address names, else to whoever asks."""
        rows = self.get_queryset(request).filter(pk=request.GET.get("subscriber", ""))
        row = rows.filter(channel__in=channels()).first()
        if row is not None:
            return {"channel": row.channel, "address": row.address}
        return {"channel": Channel.EMAIL, "address": str(getattr(request.user, "email", ""))}

    def _test_screen(
        self, request: HttpRequest, page: StatusPage, given: dict[str, str], **more: Any
    ) -> HttpResponse:
        offered = [(one, Channel(one).label) for one in channels()]
        values = {"page": page, "given": given, "channels": offered, "kinds": KINDS.items()} | more
        return self._screen(request, "test", gettext("Send a test"), **values)


def _too_often(error: TooOften) -> str:
    minutes = max(1, round(error.seconds / 60))
    said = ngettext("Too often: try again in %d minute.", "Too often: try again in %d minutes.", minutes)
    return said % minutes

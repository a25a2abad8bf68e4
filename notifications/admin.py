"""What was told, and what became of it for each recipient: to be read, and sent again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy
from django.utils.translation import ngettext

from common.admin import SiteAdmin, badge
from common.tenancy import current_tenant_id
from events.actor import person_behind
from notifications.actions import allow, replay_all, suppress
from notifications.admin_held import carry_out, is_about_held, shown_to
from notifications.choices import SuppressionReason
from notifications.models import Attempt, Delivery, Notification
from notifications.progress import progress
from pages.admin_base import standing
from pages.models import StatusPage
from tenants.models import Role

_NAMED = ("incident", "component")
# Seconds.
_EVERY = "3"


class OfPagesAdmin(SiteAdmin):
    """The organisation's rows, of those pages on which the member's role allows to look."""

    needs = Role.VIEWER
    list_per_page = 50
    ordering = ["-id"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Names of pages are looked up now: these rows have their ids only."""
        page = StatusPage.objects.filter(pk=OuterRef("page_id"))
        rows = self.model.objects.of(current_tenant_id()).annotate(page_name=Subquery(page.values("name")))
        return cast(QuerySet[Any], rows.filter(page_id__in=self._pages(request)))

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        may = standing(request)
        return may.may_somewhere(self.needs) if obj is None else may.may(self.needs, obj.page_id)

    def _pages(self, request: HttpRequest) -> list[str]:
        """Also pages that are gone: what was told of them stays."""
        known = StatusPage.objects.values_list("pk", flat=True)
        return [page_id for page_id in known if standing(request).may(self.needs, page_id)]

    @admin.display(description=_lazy("page"))
    def page(self, row: Any) -> str:
        return str(row.page_name)

    def _say_sent_again(self, request: HttpRequest, number: int) -> None:
        text = ngettext("%d message is sent again.", "%d messages are sent again.", number) % number
        hint = _("Left out is who has left, is in quarantine or must not be written to.")
        self.message_user(request, f"{text} {hint}", messages.SUCCESS if number else messages.WARNING)


class NotificationAdmin(OfPagesAdmin):
    change_list_template = "admin/notifications/list.html"
    list_display = ["event_at", "kind", "about", "page", "outcome"]
    list_display_links = ["kind"]
    list_filter = ["kind", "event_at"]
    search_fields = ["=incident_id", "=event_id"]
    actions = ["send_again"]
    fields = ["kind", "about", "page", "version", "event_at", "created_at", "outcome", "each_recipient"]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        if is_about_held(request):
            return carry_out(request)
        return super().changelist_view(request, {"held": shown_to(request)} | (extra_context or {}))

    def change_view(self, request: HttpRequest, object_id: str, *args: Any, **kwargs: Any) -> HttpResponse:
        """Looked at anew every few seconds while messages are still to be sent."""
        answer = super().change_view(request, object_id, *args, **kwargs)
        row = self.get_object(request, object_id)
        if row is not None and not progress(row).is_over:
            answer["Refresh"] = _EVERY
        return answer

    @admin.display(description=_lazy("about"))
    def about(self, row: Notification) -> str:
        told: dict[str, Any] = next(
            (row.facts[name] for name in _NAMED if isinstance(row.facts.get(name), dict)), {}
        )
        return str(told.get("name") or told.get("title") or "")

    @admin.display(description=_lazy("what became of it"))
    def outcome(self, row: Notification) -> str:
        return str(progress(row))

    @admin.display(description=_lazy("each recipient"))
    def each_recipient(self, row: Notification) -> SafeString:
        listed = reverse("admin:notifications_delivery_changelist", current_app=self.admin_site.name)
        return format_html('<a href="{}?notification__id__exact={}">{}</a>', listed, row.pk, _("Show them"))

    @admin.action(description=_lazy("Send again what was not delivered"), permissions=["send"])
    def send_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        allowed = [row.pk for row in queryset if standing(request).may(Role.ADMIN, row.page_id)]
        ended = Delivery.objects.of(current_tenant_id()).filter(notification__in=allowed).ended()
        self._say_sent_again(request, replay_all(ended.values_list("pk", flat=True)))

    def has_send_permission(self, request: HttpRequest) -> bool:
        return standing(request).may_somewhere(Role.ADMIN)


class SinceFilter(admin.SimpleListFilter):
    title = _lazy("since")
    parameter_name = "since"
    spans = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(days=7)}

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("hour", _lazy("One hour ago")), ("day", _lazy("One day ago")), ("week", _lazy("A week ago"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        span = self.spans.get(self.value() or "")
        return queryset.filter(created_at__gte=timezone.now() - span) if span else queryset


class AttemptInline(admin.TabularInline):
    model = Attempt
    fields = ("began_at", "ended_at", "provider", "status", "code", "error", "said")
    readonly_fields = ("said",)
    extra = 0
    can_delete = False
    verbose_name_plural = _lazy("attempts")

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    @admin.display(description=_lazy("answer"))
    def said(self, row: Attempt) -> str:
        return row.response


class DeliveryAdmin(OfPagesAdmin):
    """Addresses are people's: only admins see them."""

    needs = Role.ADMIN
    list_display = ["created_at", "target", "channel", "state", "attempts", "short_error"]
    list_display_links = ["target"]
    list_filter = ["status", "channel", SinceFilter]
    list_select_related = ["notification"]
    search_fields = ["=target", "=subscriber_id"]
    actions = ["send_again", "never_write", "write_again"]
    inlines = [AttemptInline]
    fields = [
        ("told", "page"),
        ("target", "channel", "language"),
        ("state", "attempts", "next_try"),
        ("created_at", "accepted_at", "reported_at"),
        ("provider", "provider_message_id"),
        "last_error",
    ]

    def lookup_allowed(self, lookup: str, value: Any, request: HttpRequest) -> bool:
        return lookup == "notification__id__exact" or super().lookup_allowed(lookup, value, request)

    @admin.display(description=_lazy("told"), ordering="notification")
    def told(self, row: Delivery) -> str:
        return row.notification.kind

    @admin.display(description=_lazy("state"), ordering="status")
    def state(self, row: Delivery) -> SafeString:
        return badge(row.status, row.get_status_display())

    @admin.display(description=_lazy("next try"))
    def next_try(self, row: Delivery) -> Any:
        return row.next_attempt_at if row.is_waiting else ""

    @admin.display(description=_lazy("last error"))
    def short_error(self, row: Delivery) -> str:
        return Truncator(row.last_error).chars(60)

    @admin.action(description=_lazy("Send again what was not delivered"))
    def send_again(self, request: HttpRequest, queryset: Any) -> None:
        self._say_sent_again(request, replay_all(queryset.ended().values_list("pk", flat=True)))

    @admin.action(description=_lazy("Never write to these addresses again"))
    def never_write(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        addresses = _addresses(queryset)
        for channel, target_hash in addresses:
            suppress(channel, target_hash, SuppressionReason.MANUAL, person_behind(request))
        text = ngettext("%d address is held back.", "%d addresses are held back.", len(addresses))
        self.message_user(request, text % len(addresses), messages.SUCCESS)

    @admin.action(description=_lazy("Allow writing to these addresses"))
    def write_again(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        number = sum(allow(*one, person_behind(request)) for one in _addresses(queryset))
        text = ngettext("%d address may be written to.", "%d addresses may be written to.", number)
        self.message_user(request, text % number, messages.SUCCESS)


def _addresses(deliveries: QuerySet[Any]) -> set[tuple[str, str]]:
    """Without those that were erased."""
    known = deliveries.filter(~Q(target=""))
    return set(known.order_by().values_list("channel", "target_hash").distinct())

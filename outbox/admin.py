"""What is due, and what needs a person."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from common.admin import SiteAdmin, badge
from outbox.actions import repeat
from outbox.models import OutboxItem


class DeadFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("dead", _("Failed for good")), ("alive", _("Waiting"))]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        chosen = {"dead": queryset.dead, "alive": queryset.alive}.get(self.value() or "", queryset.all)
        return chosen()


class OutboxItemAdmin(SiteAdmin):
    list_display = ["topic", "key", "tenant_id", "state", "due_at", "attempts", "short_error"]
    list_filter = [DeadFilter, "topic"]
    search_fields = ["key", "tenant_id", "last_error"]
    actions = ["repeat_dead"]
    fields = [
        ("topic", "key", "tenant_id"),
        ("state", "due_at", "attempts", "seq"),
        ("created_at", "lease_until", "dead_at"),
        "last_error",
    ]

    @admin.action(description=_("Repeat what failed for good"))
    def repeat_dead(self, request: HttpRequest, queryset: QuerySet[OutboxItem]) -> None:
        number = repeat(queryset.values_list("id", flat=True))
        text = ngettext("%d row is due again.", "%d rows are due again.", number) % number
        self.message_user(request, text, messages.SUCCESS)

    @admin.display(description=_("state"))
    def state(self, row: OutboxItem) -> Any:
        if row.dead_at:
            return badge("dead", _("Failed for good"))
        return badge("leased", _("At work")) if row.lease_token else badge("waiting", _("Waiting"))

    @admin.display(description=_("last error"))
    def short_error(self, row: OutboxItem) -> str:
        return row.last_error.strip().splitlines()[-1][:120] if row.last_error.strip() else ""

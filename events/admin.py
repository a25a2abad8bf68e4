"""The log, to be read."""

from __future__ import annotations

import json
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from common.admin import SiteAdmin
from events.models import Event


class EventAdmin(SiteAdmin):
    list_display = ["at", "name", "who", "object_type", "object_id", "page_id", "version"]
    list_display_links = ["name"]
    list_filter = ["object_type", "name", "at"]
    list_per_page = 50
    # An incident's history is that of its updates as well, whose facts name it.
    search_fields = ["object_id", "page_id", "facts__incident_id"]
    ordering = ["-id"]
    fields = ["at", "name", "who", "object_type", "object_id", "page_id", "version", "indicator", "all_facts"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """People's names are looked up now: the log has ids only, and they may be gone."""
        person = get_user_model().objects.filter(pk=OuterRef("actor_id"))
        return Event.objects.annotate(person=Subquery(person.values("email")[:1]))

    @admin.display(description=_("who"))
    def who(self, row: Any) -> str:
        return row.person or " ".join(filter(None, [row.actor_kind, row.actor_id]))

    @admin.display(description=_("facts"))
    def all_facts(self, row: Event) -> SafeString:
        text = json.dumps(row.facts, indent=2, ensure_ascii=False)
        return format_html("<pre>{}</pre>", text)

"""The two admin sites, and every screen on them."""

from __future__ import annotations

from functools import wraps
from typing import Any

from django.contrib import admin
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from components.admin import ComponentAdmin, ComponentGroupAdmin
from components.models import Component, ComponentGroup
from copies.admin import CopyTargetAdmin
from copies.models import CopyTarget
from dashboard.proven import proof_wanted
from events.admin import EventAdmin
from events.models import Event
from incidents.admin.announcement import AnnouncementAdmin
from incidents.admin.incident import IncidentAdmin
from incidents.admin.maintenance import MaintenanceAdmin
from incidents.admin.postmortem import PostmortemAdmin
from incidents.admin.series import SeriesAdmin
from incidents.admin.template import TemplateAdmin
from incidents.models import (
    Announcement,
    Incident,
    IncidentTemplate,
    MaintenanceSeries,
    MaintenanceWindow,
    Postmortem,
)
from metrics.admin import MetricAdmin, MetricsProviderAdmin
from metrics.models import Metric, MetricsProvider
from notifications.admin import DeliveryAdmin, NotificationAdmin
from notifications.models import Delivery, Notification
from notifications.people import PeopleAdmin
from outbox.admin import OutboxItemAdmin
from outbox.models import OutboxItem
from pages.admin import StatusPageAdmin
from pages.admin_base import common_zone, indicator_badge, standing
from pages.links import page_url
from pages.models import StatusPage
from publishing.preview import preview_url
from subscribers.models import Subscriber
from tenants.access import tenants_of
from tenants.admin import DomainAdmin, MembershipAdmin, TenantAdmin, UserAdmin
from tenants.models import Domain, Membership, Role, Tenant, User

# Django's lookups of any row of any model: no screen here needs them.
_LEFT_OUT = {"view_on_site", "autocomplete"}
_SECTIONS = [
    (gettext_lazy("What happens"), ["Incident", "MaintenanceWindow", "Announcement", "Postmortem"]),
    (gettext_lazy("Prepared"), ["IncidentTemplate", "MaintenanceSeries"]),
    (gettext_lazy("The page"), ["StatusPage", "Component", "ComponentGroup", "Subscriber", "CopyTarget"]),
    (gettext_lazy("Metrics"), ["Metric", "MetricsProvider"]),
    (gettext_lazy("What was told"), ["Notification", "Delivery"]),
    (gettext_lazy("The log"), ["Event"]),
]


class Site(admin.AdminSite):
    """What both have in common."""

    site_url = None
    enable_nav_sidebar = True

    def __init__(self, name: str) -> None:
        super().__init__(name)
        # Deleting goes one by one, by verbs.
        self.disable_action("delete_selected")

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Whoever does what is dangerous has proven a moment ago who they are."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def asked_first(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            asked = proof_wanted(request) if self.has_permission(request) else None
            return asked or guarded(request, *args, **kwargs)

        return asked_first

    def get_urls(self) -> list[URLResolver | URLPattern]:
        return [one for one in super().get_urls() if getattr(one, "name", "") not in _LEFT_OUT]

    def get_log_entries(self, request: HttpRequest) -> Any:
        return []

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return super().each_context(request) | {"organisations": tenants_of(request.user)}


class PlatformSite(Site):
    """For those who run the installation."""

    site_title = site_header = gettext_lazy("Platform")
    index_title = gettext_lazy("Platform")

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Whoever is signed in already is so as somebody who may not come here."""
        if request.user.is_authenticated:
            raise PermissionDenied
        return redirect_to_login(request.GET.get("next", reverse("platform:index")))


class OrganisationSite(Site):
    """For the members of one organisation: the one that the address names (`/o/<slug>/admin/`).

    statuspage/middleware.py has let them in; what each may do is asked of their standing, screen by screen.
    """

    index_template = "admin/organisation_index.html"
    index_title = gettext_lazy("Overview")

    def has_permission(self, request: HttpRequest) -> bool:
        return hasattr(request, "standing")

    def admin_view(self, view: Any, cacheable: bool = False) -> Any:
        """Every screen shows times as the organisation's pages do; a form, as its own page does."""
        guarded = super().admin_view(view, cacheable)

        @wraps(guarded)
        def in_zone(request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
            timezone.activate(common_zone())
            return guarded(request, *args, **kwargs)

        return in_zone

    def preview_url(self, page: StatusPage) -> str:
        """Where a page can be looked at that is not launched yet."""
        return preview_url(page)

    def login(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:index", current_app=self.name))

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        organisation = request.organisation  # type: ignore[attr-defined]
        names = {"site_header": organisation.name, "site_title": organisation.name}
        return super().each_context(request) | names | {"organisation": organisation}

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """By what people look for, not by app."""
        if app_label is not None:
            return super().get_app_list(request, app_label)
        found = {
            model["object_name"]: (app, model)
            for app in super().get_app_list(request)
            for model in app["models"]
        }
        return [
            found[names[0]][0] | {"name": title, "models": [found[name][1] for name in names]}
            for title, wanted in _SECTIONS
            if (names := [name for name in wanted if name in found])
        ]

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        pages = [_on_overview(request, page) for page in StatusPage.objects.present()]
        context = {"pages": pages, "zone": timezone.get_current_timezone_name()}
        return super().index(request, context | (extra_context or {}))


def _on_overview(request: HttpRequest, page: StatusPage) -> dict[str, Any]:
    return {
        "page": page,
        "url": page_url(page),
        "badge": indicator_badge(page),
        "preview": "" if page.published else preview_url(page),
        "may_edit": standing(request).may(Role.EDITOR, page.pk),
        "incidents": page.incidents.incidents().unresolved(),
        "maintenance": page.incidents.maintenance()
        .unresolved()
        .select_related("window")
        .order_by("window__scheduled_for"),
        "components": page.components.present().with_status(),
    }


platform = PlatformSite("platform")
platform.register(Tenant, TenantAdmin)
platform.register(Domain, DomainAdmin)
platform.register(User, UserAdmin)
platform.register(Membership, MembershipAdmin)
platform.register(OutboxItem, OutboxItemAdmin)

organisation = OrganisationSite("organisation")
organisation.register(StatusPage, StatusPageAdmin)
organisation.register(ComponentGroup, ComponentGroupAdmin)
organisation.register(Component, ComponentAdmin)
organisation.register(Incident, IncidentAdmin)
organisation.register(MaintenanceWindow, MaintenanceAdmin)
organisation.register(MaintenanceSeries, SeriesAdmin)
organisation.register(IncidentTemplate, TemplateAdmin)
organisation.register(Postmortem, PostmortemAdmin)
organisation.register(Announcement, AnnouncementAdmin)
organisation.register(Subscriber, PeopleAdmin)
organisation.register(CopyTarget, CopyTargetAdmin)
organisation.register(Metric, MetricAdmin)
organisation.register(MetricsProvider, MetricsProviderAdmin)
organisation.register(Notification, NotificationAdmin)
organisation.register(Delivery, DeliveryAdmin)
organisation.register(Event, EventAdmin)

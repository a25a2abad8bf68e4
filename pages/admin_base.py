"""What the screens of an organisation's admin share: who may, on which page, in which time zone.

The organisation's middleware has checked membership and set `standing`; these screens ask it for each page.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from common.admin import VerbAdmin, VerbForm, badge
from common.errors import Refused
from events.actor import Actor, person_behind
from pages.choices import PageIndicator
from pages.links import page_url
from pages.models import StatusPage
from tenants.access import Standing
from tenants.models import Role


def standing(request: HttpRequest) -> Standing:
    """What the signed-in member may do in the organisation that the address names."""
    return cast(Standing, request.standing)  # type: ignore[attr-defined]


class PageForm(VerbForm):
    """A form about something on `page`."""

    page: StatusPage


class PageBoundAdmin(VerbAdmin):
    """Things that belong to one status page: `page` of the row, or `?page=` when one is added."""

    # What a member's role on the page must allow to look, and to change.
    needs_to_view = Role.VIEWER
    needs = Role.EDITOR
    # Whether there are verbs to add and to delete.
    addable = True
    removable = True
    page_lookup = "page"

    def page_of(self, row: Any) -> StatusPage:
        return cast(StatusPage, row.page)

    def page(self, request: HttpRequest) -> StatusPage:
        """The page that the form of this request is about."""
        return cast(StatusPage, request.page)  # type: ignore[attr-defined]

    def actor(self, request: HttpRequest) -> Actor:
        return person_behind(request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Those of present pages on which the member's role allows to look."""
        present = StatusPage.objects.present().values_list("pk", flat=True)
        seen = [page_id for page_id in present if standing(request).may(self.needs_to_view, page_id)]
        return super().get_queryset(request).filter(**{f"{self.page_lookup}__in": seen})

    def form_attributes(self, request: HttpRequest) -> dict[str, Any]:
        return super().form_attributes(request) | {"page": self.page(request)}

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.needs_to_view, obj)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return self.addable and self._may(request, self.needs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self._may(request, self.needs, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.removable and self._may(request, self.needs, obj)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        page = self._page_of_form(request, object_id)
        if page is None:
            return self._choose_page(request)
        request.page = page  # type: ignore[attr-defined]
        timezone.activate(page.zone)
        return super().changeform_view(request, object_id, form_url, {"page": page} | (extra_context or {}))

    def link(self, row: Any) -> tuple[str, str]:
        return self.link_to(self.page_of(row), self.public_url(row))

    def link_to(self, page: StatusPage, address: str) -> tuple[str, str]:
        """An address on the page and its label; on the page's preview while it is not launched."""
        if page.published or not address:
            return address, _("View on the page")
        # The site knows, because this app knows nothing of publishing.
        preview = cast(Any, self.admin_site).preview_url(page)
        path = address.removeprefix(page_url(page)).lstrip("/")
        return f"{preview}{path}", _("Preview, for whoever has this link")

    def each(self, request: HttpRequest, rows: QuerySet[Any], verb: Callable[..., object]) -> None:
        """An action of the list: `verb(page, row, actor)` for each chosen row; what it refuses is said."""
        done = 0
        for row in rows:
            try:
                self._check_may_change(request, row)
                verb(self.page_of(row), row, self.actor(request))
                done += 1
            except Refused as refusal:
                self.message_user(request, f"{row}: {refusal.message}", messages.ERROR)
        if done:
            text = ngettext("Done, for %d row.", "Done, for %d rows.", done) % done
            self.message_user(request, text, messages.SUCCESS)

    def _check_may_change(self, request: HttpRequest, row: Any) -> None:
        if not self.has_change_permission(request, row):
            raise Refused(_("You may not change this."))

    def _may(self, request: HttpRequest, needs: Role, row: Any = None) -> bool:
        if row is None:
            return standing(request).may_somewhere(needs)
        return standing(request).may(needs, self.page_of(row).pk)

    def _page_of_form(self, request: HttpRequest, object_id: str | None) -> StatusPage | None:
        """The row's page, or the one to add to; None where somebody has to choose one first."""
        if object_id is not None:
            return self.page_of(self.get_object(request, object_id))
        if not self.has_add_permission(request):
            raise PermissionDenied
        pages = self._pages_to_add_to(request)
        if wanted := request.GET.get("page"):
            pages = [page for page in pages if page.pk == wanted]
            if not pages:
                raise Http404
        return pages[0] if len(pages) == 1 else None

    def _pages_to_add_to(self, request: HttpRequest) -> list[StatusPage]:
        may = standing(request).may
        return [page for page in StatusPage.objects.present() if may(self.needs, page.pk)]

    def _choose_page(self, request: HttpRequest) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": _("For which page?"),
            "opts": self.opts,
            "pages": self._pages_to_add_to(request),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/choose_page.html", context)


def common_zone() -> str:
    """The name of the zone that all pages of the organisation have; UTC where they differ."""
    zones = set(StatusPage.objects.present().values_list("time_zone", flat=True))
    return zones.pop() if len(zones) == 1 else "UTC"


def indicator_badge(page: StatusPage) -> SafeString:
    """How the page is, in a word."""
    calm = page.indicator == PageIndicator.NONE
    return badge(page.indicator, _("Operational") if calm else page.get_indicator_display())

"""What the frame around every screen shows. Read only where a template asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language_info

from dashboard.nav import FURTHER_ENTRIES, ORGANISATION_ENTRIES, PAGE_ENTRIES, Entry
from pages.models import StatusPage
from tenants.access import Standing, tenants_of
from tenants.models import Role, Tenant


@dataclass(frozen=True, slots=True)
class Link:
    """An entry of the navigation as it is shown."""

    entry: Entry
    url: str
    current: bool


class Shell:
    """`shell` in templates."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.organisation: Tenant | None = getattr(request, "organisation", None)
        self.standing: Standing | None = getattr(request, "standing", None)

    @property
    def page(self) -> StatusPage | None:
        """The page that this screen is about; elsewhere, the organisation's only one."""
        named: StatusPage | None = getattr(self.request, "page", None)
        return named or (self.pages[0] if len(self.pages) == 1 else None)

    @cached_property
    def organisations(self) -> list[Tenant]:
        return tenants_of(self.request.user)

    @cached_property
    def pages(self) -> list[StatusPage]:
        return list(StatusPage.objects.present()) if self.organisation else []

    @property
    def may_edit(self) -> bool:
        """Whether the member may say something on the page."""
        return bool(self.page and self.standing and self.standing.may(Role.EDITOR, self.page.pk))

    @cached_property
    def page_links(self) -> list[Link]:
        page = self.page
        return self._links(PAGE_ENTRIES, page.pk) if page else []

    @cached_property
    def further_links(self) -> list[Link]:
        page = self.page
        return self._links(FURTHER_ENTRIES, page.pk) if page else []

    @cached_property
    def organisation_links(self) -> list[Link]:
        return self._links(ORGANISATION_ENTRIES) if self.organisation else []

    @property
    def languages(self) -> list[dict[str, Any]]:
        return [dict(get_language_info(code)) for code in settings.DASHBOARD_LANGUAGES]

    def _links(self, entries: tuple[Entry, ...], *arguments: str) -> list[Link]:
        standing = self.standing
        page_id = arguments[0] if arguments else None
        shown = [one for one in entries if standing and standing.may(one.needs, page_id)]
        urls = [reverse(one.name, args=arguments) for one in shown]
        here = max((url for url in urls if self.request.path.startswith(url)), key=len, default=None)
        return [Link(one, url, url == here) for one, url in zip(shown, urls, strict=True)]


def shell(request: HttpRequest) -> dict[str, Any]:
    """The context processor."""
    return {"shell": Shell(request)}

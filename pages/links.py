"""Where a notice is found. From the page's stored primary host, never from a request."""

from __future__ import annotations

from django.conf import settings

from pages.models import StatusPage

_DEFAULT_PORTS = {"http": 80, "https": 443}


def page_url(page: StatusPage) -> str:
    """The page's origin, without a trailing slash: `https://status.example.org`."""
    return origin(page.primary_host)


def lasting_host(page: StatusPage) -> str:
    """The host that a page keeps whatever its others become: ids in feeds and calendars are made with it."""
    return f"{page.pk}.{settings.PAGES_DOMAIN}"


def origin(host: str) -> str:
    """`host` with this installation's scheme, and its port where that is not the scheme's own."""
    scheme, port = settings.PUBLIC_SCHEME, settings.PUBLIC_PORT
    suffix = "" if port == _DEFAULT_PORTS[scheme] else f":{port}"
    return f"{scheme}://{host}{suffix}"


def team_url(organisation: str, page_id: str, path: str) -> str:
    """`path` below a page's screens in the dashboard; `organisation` is its slug."""
    return f"{origin(settings.APP_HOSTS[0])}/o/{organisation}/p/{page_id}/{path}"


def incident_url(page: StatusPage, incident_id: str) -> str:
    return f"{page_url(page)}/incidents/{incident_id}"

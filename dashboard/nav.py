"""What the navigation offers. A screen that is added appends its entry here."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from tenants.models import Role


@dataclass(frozen=True, slots=True)
class Entry:
    """`name`: of an address in dashboard/urls.py, without arguments but the page's id. `icon`: of
    static/dashboard/icons.svg. `needs`: whom it is shown to. `key`: what goes there after g."""

    name: str
    label: str | Promise
    icon: str
    needs: Role = Role.VIEWER
    key: str = ""


PAGE_ENTRIES: tuple[Entry, ...] = (
    Entry("home", _("Home"), "home", key="h"),
    Entry("incidents", _("Incidents"), "incident", key="i"),
    Entry("maintenance", _("Maintenance"), "maintenance", key="w"),
    Entry("components", _("Components"), "components", key="c"),
    Entry("subscribers", _("Subscribers"), "subscribers", Role.ADMIN, key="s"),
    Entry("notifications", _("Notifications"), "notifications", key="t"),
    Entry("appearance", _("Appearance"), "appearance", Role.ADMIN, key="a"),
    Entry("settings", _("Settings"), "settings", Role.ADMIN, key="e"),
)
# Found by name in the palette alone: each is a step away from one of those above.
FURTHER_ENTRIES: tuple[Entry, ...] = (
    Entry("templates", _("Templates"), "book", Role.EDITOR),
    Entry("maintenance_new", _("Plan maintenance"), "calendar", Role.EDITOR),
    Entry("deliveries", _("Not delivered"), "notifications", Role.ADMIN),
    Entry("test_message", _("Send a test"), "send", Role.ADMIN),
    Entry("hosts", _("Addresses"), "globe", Role.ADMIN),
    Entry("sender", _("Sender"), "mail", Role.ADMIN),
    Entry("page_webhooks", _("Webhooks"), "send", Role.ADMIN),
    Entry("copies", _("Copies"), "copy", Role.ADMIN),
    Entry("page_data", _("Import and export"), "download", Role.ADMIN),
    Entry("page_delete", _("Danger zone"), "warning", Role.ADMIN),
)
ORGANISATION_ENTRIES: tuple[Entry, ...] = (
    Entry("members", _("Members"), "members", key="m"),
    Entry("log", _("Log"), "log", Role.ADMIN, key="l"),
    Entry("keys", _("API keys"), "keys", key="k"),
    Entry("organisation_settings", _("Organisation"), "organisation", Role.ADMIN, key="o"),
)

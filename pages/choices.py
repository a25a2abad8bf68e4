"""The words for a page as a whole, and the languages it can be in."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class PageIndicator(TextChoices):
    NONE = "none", _("None")
    MINOR = "minor", _("Minor")
    MAJOR = "major", _("Major")
    CRITICAL = "critical", _("Critical")
    MAINTENANCE = "maintenance", _("Maintenance")


class Language(TextChoices):
    EN = "en", _("English")
    DE = "de", _("German")
    AR = "ar", _("Arabic")


class PageType(TextChoices):
    """Who may read a page."""

    PUBLIC = "public", _("Everybody")
    TEAM = "team", _("Members of the team")
    AUDIENCE = "audience", _("People who are named")


class WayOfTelling(TextChoices):
    """What a page may offer to whoever wants to be told, or not: about what, and by which channel."""

    PAGE = "page"
    INCIDENT = "incident"
    EMAIL = "email"
    SMS = "sms"
    WEBHOOK = "webhook"

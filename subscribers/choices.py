"""The words for who wants to be told what, and how."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class Channel(TextChoices):
    """How a message reaches somebody."""

    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")
    WEBHOOK = "webhook", _("Webhook")
    SLACK = "slack", _("Slack")
    TEAMS = "teams", _("Microsoft Teams")
    DISCORD = "discord", _("Discord")
    GOOGLE_CHAT = "google_chat", _("Google Chat")


# Told by a request to an address of theirs: there is no person who reads it.
MACHINES = frozenset({Channel.WEBHOOK, Channel.SLACK, Channel.TEAMS, Channel.DISCORD, Channel.GOOGLE_CHAT})


class SubscriberState(TextChoices):
    UNCONFIRMED = "unconfirmed", _("Unconfirmed")
    ACTIVE = "active", _("Active")
    QUARANTINED = "quarantined", _("Quarantined")
    UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")


class Reason(TextChoices):
    """Why somebody is in quarantine."""

    TEAM = "team", _("Put there by the page's team.")
    CAME_BACK = "came_back", _("Mail to this address came back.")
    GONE = "gone", _("The machine at this address says that it is gone for good (410).")
    FAILED = "failed", _("The machine at this address has failed for five days.")


class Scope(TextChoices):
    """What of a page somebody follows."""

    PAGE = "page", _("The whole page")
    COMPONENTS = "components", _("Chosen components")
    INCIDENT = "incident", _("One incident")


class Cadence(TextChoices):
    """Which messages of one incident or maintenance somebody wants."""

    ALL = "all", _("Every update")
    FIRST_AND_LAST = "first_and_last", _("Only the first and the last message")


class ConsentSource(TextChoices):
    """How somebody's consent was given."""

    FORM = "form", _("Asked for on the page and confirmed")
    API = "api", _("Asked for through the API and confirmed")
    OPERATOR = "operator", _("Added by the page's team")
    IMPORT = "import", _("Imported")

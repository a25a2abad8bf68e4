"""The words for what is sent and what becomes of it."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

# How the kinds of those notifications begin that are for one subscriber alone.
PERSONAL = "subscriber."
# Of those that are for the page's team.
TEAM = "team."
# Of those, the ones for the owner of a machine's address alone, and all that go to the owner, where known.
FOR_OWNER = frozenset({"subscriber.failing", "subscriber.quarantined"})
OF_ADDRESS = FOR_OWNER | {"subscriber.asked", "subscriber.reminded", "subscriber.asked_again"}


class DeliveryStatus(TextChoices):
    """Where one message to one recipient is."""

    PENDING = "pending", _("Waiting")
    LEASED = "leased", _("Being sent")
    ACCEPTED = "accepted", _("Accepted by the provider")
    DELIVERED = "delivered", _("Delivered")
    BOUNCED = "bounced", _("Refused by the recipient's side")
    FAILED = "failed", _("Refused by the provider")
    DEAD = "dead", _("Given up after every attempt")
    SUPERSEDED = "superseded", _("Replaced by a newer message")
    SUPPRESSED = "suppressed", _("Held back: the recipient must not be written to")


class DeliveryLane(TextChoices):
    """Messages of one lane wait for none of another; critical ones go first."""

    CRITICAL = "critical", _("Confirmations and sign-in")
    CHAT = "chat", _("Chat and webhooks")
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS")


class SuppressionReason(TextChoices):
    BOUNCED = "bounced", _("Mail came back")
    COMPLAINED = "complained", _("Reported as spam")
    OPTED_OUT = "opted_out", _("Opted out")
    MANUAL = "manual", _("Entered by hand")

"""By whom mail leaves: as EMAIL_URL and EMAIL_SECOND_URL say, the preferred first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings

SMTP = "smtp"
# What of a provider's options is for its reports alone; see notifications/tracking.py.
FOR_REPORTS = frozenset(
    ["webhook_secret", "webhook_signing_key", "webhook_verification_key", "webhook_key", "signing_secret"]
)


@dataclass(frozen=True, slots=True)
class Provider:
    """`name` is unique among them; `kind` is smtp, or as anymail calls the service."""

    name: str
    kind: str
    options: Mapping[str, Any]


def providers() -> dict[str, Provider]:
    """By name."""
    return {one["name"]: Provider(**one) for one in settings.EMAIL_PROVIDERS}

"""What is wrong with the settings of accounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

SIGNUPS = ("open", "invited", "closed")


@register(Tags.security)
def signup(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    if settings.SIGNUP in SIGNUPS:
        return []
    text = f"SIGNUP is {settings.SIGNUP!r}: nobody can make an account."
    return [Error(text, hint="It is open, invited or closed.", id="accounts.E001")]


@register(Tags.security)
def providers(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    """Half of what a provider needs is a slip, not a choice."""
    return [
        Error(
            f"{', '.join(missing)} is missing: nobody could sign in by {name}.",
            hint="Set all of them, or none.",
            id="accounts.E002",
        )
        for name, missing in settings.SIGN_IN_BY_MISSING.items()
    ]

"""What templates of accounts ask for. Each is found out only where a template says its name."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from accounts.signup import may_sign_up

# The organisation that wants a second factor, until there is one.
NEEDED_BY = "second_factor_needed_by"


def account_context(request: HttpRequest) -> dict[str, Any]:
    """The context processor."""
    return {
        "may_sign_up": lambda: may_sign_up(request),
        "sign_in_by": settings.SOCIALACCOUNT_PROVIDERS,
        "needed_by": lambda: request.session.get(NEEDED_BY, ""),
    }

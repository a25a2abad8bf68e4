"""What a provider is given to report by: names one attempt at one delivery, and cannot be made up."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.core.signing import BadSignature, Signer

from notifications.letters import Letter
from pages.links import origin


@dataclass(frozen=True, slots=True)
class Reference:
    delivery: int
    attempt: int


def callback_url(provider: str, letter: Letter) -> str:
    """Where the provider says what became of this attempt."""
    made = _signer().sign(f"{letter.id}-{letter.number}")
    return f"{hooks_url(f'/hooks/sms/{provider}/status')}?of={made}"


def hooks_url(path: str) -> str:
    """As it is configured, whatever a request or a proxy says of its host."""
    return f"{origin(settings.APP_HOSTS[0])}{path}"


def read(made: str) -> Reference | None:
    """None for one that is not ours."""
    try:
        delivery, _dash, attempt = _signer().unsign(made).partition("-")
    except BadSignature:
        return None
    return Reference(int(delivery), int(attempt))


def _signer() -> Signer:
    return Signer(salt="notifications.sms", sep=".")

"""What is wrong with the settings of those who send for us."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import phonenumbers
from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution

from notifications.providers import SMTP, providers
from notifications.providers_esp import problem_of
from notifications.sms import gateway
from notifications.sms.providers import PROVIDERS
from notifications.tracking import view_of


@register(Tags.compatibility)
def sms_providers(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for name in settings.SMS_PROVIDERS:
        if name not in PROVIDERS:
            hint = f"It is made of {' and '.join(PROVIDERS)}, the preferred first."
            found.append(Error(f"SMS_PROVIDERS has {name!r}.", hint=hint, id="notifications.E001"))
        elif missing := PROVIDERS[name].missing():
            text = f"SMS go by {name}, but {' and '.join(missing)} is missing."
            hint = "Set it, or as X_FILE; docs/operating.md says what it is."
            found.append(Error(text, hint=hint, id="notifications.E002"))
    if settings.SMS_PROVIDERS and not settings.SMS_COUNTRIES:
        hint = "Set SMS_COUNTRIES to those whose numbers may subscribe, such as DE,AT,CH."
        text = "SMS_COUNTRIES is empty: SMS go nowhere, and nobody is offered them."
        found.append(Caution(text, hint=hint, id="notifications.W001"))
    return found


@register(Tags.compatibility)
def sms_countries(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    return [
        Error(
            f"SMS_COUNTRIES has {one!r}.",
            hint="Countries are two capital letters (ISO 3166), such as DE,AT,CH.",
            id="notifications.E003",
        )
        for one in settings.SMS_COUNTRIES
        if one not in phonenumbers.SUPPORTED_REGIONS
    ]


@register(Tags.security)
def sms_gateway(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    secret = settings.SMS_GATEWAY_SECRET
    if not secret or gateway.is_secret(secret):
        return []
    hint = "It is whsec_ and at least 24 random bytes in Base64, as Standard Webhooks writes secrets."
    return [Error("SMS_GATEWAY_SECRET cannot sign anything.", hint=hint, id="notifications.E004")]


@register(Tags.compatibility)
def mail_services(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    found: list[CheckMessage] = []
    for one in providers().values():
        if one.kind == SMTP:
            continue
        if problem := problem_of(one):
            hint = "Options follow a ?, as anymail calls them: anymail+mailgun://?api_key=…&sender_domain=…"
            found.append(
                Error(f"Mail cannot go by {one.name}: {problem}.", hint=hint, id="notifications.E005")
            )
        elif view_of(one) is None:
            hint = "Add webhook_secret=user:password, or the key by which the service signs, to its options."
            text = f"What becomes of mail by {one.name} is not heard: nothing could prove its reports."
            found.append(Caution(text, hint=hint, id="notifications.W002"))
    return found

"""What is wrong with the settings of caches in front of pages, each with an id and a hint."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from django.apps import AppConfig
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register

from publishing.purging import KINDS
from publishing.purging.generic import METHODS


@register(Tags.compatibility)
def purging(app_configs: Sequence[AppConfig] | None, **_: Any) -> list[CheckMessage]:
    if settings.PURGER == "none":
        return []
    if settings.PURGER not in KINDS:
        hint = f"Set PURGER to one of: none, {', '.join(KINDS)}."
        return [Error(f"PURGER is {settings.PURGER!r}.", hint=hint, id="publishing.E001")]
    return [*_missing(), *_bad_addresses(), *_bad_method()]


def _missing() -> list[CheckMessage]:
    return [
        Error(
            f"{name} is missing: caches cannot be told what to forget.",
            hint=f"PURGER={settings.PURGER} needs it; see docs/operating.md.",
            id="publishing.E002",
        )
        for name in KINDS[settings.PURGER].NEEDS
        if not getattr(settings, name)
    ]


def _bad_addresses() -> list[CheckMessage]:
    hint = "Give addresses such as http://10.0.0.5:6081, separated by commas."
    return [
        Error(f"PURGE_URLS has {url.rpartition('@')[2]!r}.", hint=hint, id="publishing.E003")
        for url in settings.PURGE_URLS
        if urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).netloc
    ]


def _bad_method() -> list[CheckMessage]:
    if settings.PURGE_METHOD in METHODS:
        return []
    text = f"PURGE_METHOD is {settings.PURGE_METHOD!r}."
    return [Error(text, hint=f"It is {' or '.join(METHODS)}.", id="publishing.E004")]

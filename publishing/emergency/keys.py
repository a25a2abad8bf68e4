"""The keys of this installation, as its settings say."""

from __future__ import annotations

from django.conf import settings

from store import emergency


def key_of(page_id: str) -> bytes:
    """Signs the page's notices and seals its lists. Whoever has it can speak on this page and no other."""
    return emergency.page_key(settings.EMERGENCY_KEY or emergency.derived(settings.SECRET_KEY), page_id)

"""Cloudflare: purge by Cache-Tag, which every plan has, up to 100 tags a call.

https://developers.cloudflare.com/api/resources/cache/methods/purge/
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from django.conf import settings

from publishing.purging.asking import CacheError, ask

NEEDS = ("PURGE_TOKEN", "PURGE_SERVICE_ID")
API = "https://api.cloudflare.com/client/v4"


def purge(page_ids: Sequence[str]) -> None:
    base = settings.PURGE_URLS[0] if settings.PURGE_URLS else API
    headers = {"Authorization": f"Bearer {settings.PURGE_TOKEN}", "Content-Type": "application/json"}
    body = json.dumps({"tags": [f"page-{page_id}" for page_id in page_ids]}).encode()
    answer = ask("POST", f"{base}/zones/{settings.PURGE_SERVICE_ID}/purge_cache", headers, body)
    if not _succeeded(answer):
        message = f"Cloudflare did not purge: {answer[:300].decode('utf-8', 'replace')}"
        raise CacheError(message)


def _succeeded(answer: bytes) -> bool:
    """Their answers say so in the body, too."""
    try:
        return json.loads(answer)["success"] is True
    except (ValueError, KeyError, TypeError):
        return False

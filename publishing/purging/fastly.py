"""Fastly: purge by Surrogate-Key, up to 256 keys a call; softly, so that what is kept still answers while the
edge is away.

https://www.fastly.com/documentation/reference/api/purging/
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from django.conf import settings

from publishing.purging.asking import ask

NEEDS = ("PURGE_TOKEN", "PURGE_SERVICE_ID")
API = "https://api.fastly.com"


def purge(page_ids: Sequence[str]) -> None:
    base = settings.PURGE_URLS[0] if settings.PURGE_URLS else API
    headers = {
        "Fastly-Key": settings.PURGE_TOKEN,
        "Fastly-Soft-Purge": "1",
        "Accept": "application/json",
        "Content-Type": "application/json",
    }
    body = json.dumps({"surrogate_keys": [f"page-{page_id}" for page_id in page_ids]}).encode()
    ask("POST", f"{base}/service/{settings.PURGE_SERVICE_ID}/purge", headers, body)

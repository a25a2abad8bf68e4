"""The kit of a page: what `emergency.py` needs to speak on it, from any machine."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

from django.conf import settings

from copies.credentials import opened
from copies.models import CopyTarget, Kind
from copies.targets import directory
from pages.links import page_url
from pages.models import StatusPage
from publishing.emergency.keys import key_of

_NOTE = (
    "Keep this file as you keep a password (chmod 600), off the servers it is about. "
    "python3 emergency.py --kit THIS_FILE status"
)

Place = dict[str, Any]


def kit_of(page: StatusPage, directories: list[str], redis_urls: list[str]) -> dict[str, Any]:
    """`directories` and `redis_urls` of the store, as they are reached from where the kit will be; without
    any, as this machine reaches them. Raises TargetError where the keys of a copy cannot be read any more."""
    if not directories and not redis_urls:
        directories = [str(Path(settings.STORE_DIR).absolute())]
        redis_urls = [settings.STORE_REDIS_URL] if settings.STORE_REDIS_URL else []
    return {
        "note": _NOTE,
        "page": {"id": page.pk, "name": page.name, "url": page_url(page)},
        "key": key_of(page.pk).hex(),
        "stores": [
            *({"kind": "directory", "at": one} for one in directories),
            *({"kind": "redis", "at": one} for one in redis_urls),
            *(_copy(one) for one in page.copy_targets.all()),
        ],
        "allow_nets": list(settings.EGRESS_ALLOW_NETS),
    }


def _copy(target: CopyTarget) -> Place:
    if target.kind == Kind.DIRECTORY:
        return {"kind": "folder", "at": str(directory.place(target).absolute())}
    amazon = f"https://s3.{target.region}.amazonaws.com"
    place = {"endpoint": target.endpoint or amazon, "region": target.region}
    place |= {"bucket": target.bucket, "prefix": target.prefix}
    return {"kind": "bucket", "at": place | asdict(opened(target.credentials))}

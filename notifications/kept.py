"""Where `MESSAGES_DIR` is set nothing leaves the machine: requests become files, as mail does at its sink."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Generator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.utils import timezone

from common import egress
from notifications.posts import Post, Reply

_counter = itertools.count(1)


def keep(posts: Sequence[Post]) -> Generator[Reply, None, list[Post]]:
    """Keep them all, and answer for those to anywhere but this machine; the rest is to be sent."""
    here: list[Post] = []
    for post in posts:
        if post.tells:
            _write(post, Path(settings.MESSAGES_DIR))
        if egress.is_opened(urlsplit(post.url).hostname or ""):
            here.append(post)
        else:
            yield Reply(post.number, timezone.now(), 200, "kept")
    return here


def _write(post: Post, folder: Path) -> None:
    """Whole or not at all, named so that names sort by time."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    host = re.sub(r"[^a-z0-9.-]", "_", (urlsplit(post.url).hostname or "").lower())[:100]
    path = folder / f"{datetime.now(UTC):%Y%m%dT%H%M%S.%fZ}-{next(_counter)}-{host}.json"
    said = {"url": post.url, "headers": dict(post.headers), "body": post.body.decode("utf-8", "replace")}
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(said, ensure_ascii=False), encoding="utf-8")
    unfinished.rename(path)

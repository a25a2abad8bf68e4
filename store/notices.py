"""Where emergency notices lie: `emergency/` on disk, and a hash in Redis. Bytes here; readers check them.

    emergency/<page id>.json   the log of notices
    emergency/<page id>.told   who has been told, sealed

store:emergency        hash: page id -> the log of notices
store:emergency:told   hash: page id -> who has been told
"""

from __future__ import annotations

from pathlib import Path

import redis

from store.disk import Disk, replace
from store.documents import check_name
from store.errors import StoreError
from store.messages import CHANNEL, EMERGENCY, Change
from store.shared import tolerated

_LOGS, _TOLD = "store:emergency", "store:emergency:told"
_LARGEST = 2**21


class Notices:
    def __init__(self, root: Path, client: redis.Redis | None) -> None:
        self._folder = root / "emergency"
        self._client = client

    def stamp(self) -> int | None:
        """A number that changes with any log on disk: they are replaced by rename."""
        return Disk.stamp(self._folder)

    def on_disk(self) -> dict[str, bytes]:
        """Logs by page id."""
        found = {path.stem: _read(path) for path in self._folder.glob("*.json") if _is_name(path.stem)}
        return {page_id: raw for page_id, raw in found.items() if raw is not None}

    def shared(self) -> dict[str, bytes]:
        """The same of Redis; nothing while it is away."""
        with tolerated("read notices"):
            if self._client is not None:
                found: dict[bytes, bytes] = self._client.hgetall(_LOGS)  # type: ignore[assignment]
                named = {key.decode("latin-1"): raw for key, raw in found.items()}
                return {name: raw for name, raw in named.items() if _is_name(name)}
        return {}

    def keep(self, page_id: str, raw: bytes) -> None:
        """On disk alone: what Redis told, for the time when it is away."""
        replace(self._folder / f"{check_name(page_id)}.json", raw)

    def put(self, page_id: str, raw: bytes) -> None:
        """Everywhere, and say so."""
        self.keep(page_id, raw)
        with tolerated(f"publish notices of page {page_id}"):
            if self._client is not None:
                self._client.hset(_LOGS, page_id, raw)
                self._client.publish(CHANNEL, Change(page_id, EMERGENCY, 0).to_bytes())

    def of_page(self, page_id: str) -> list[bytes]:
        """Every copy of the page's log."""
        found = [_read(self._folder / f"{check_name(page_id)}.json"), self.shared().get(page_id)]
        return [raw for raw in found if raw is not None]

    def told(self, page_id: str) -> list[bytes]:
        """Every copy of who was told."""
        found = [_read(self._folder / f"{check_name(page_id)}.told")]
        with tolerated(f"read who was told of page {page_id}"):
            if self._client is not None:
                found.append(self._client.hget(_TOLD, page_id))  # type: ignore[arg-type]
        return [raw for raw in found if raw is not None]


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if path.stat().st_size <= _LARGEST else None
    except OSError:
        return None


def _is_name(name: str) -> bool:
    try:
        check_name(name)
    except StoreError:
        return False
    return True

"""The store in Redis: what machines share, never the only copy. Every method may raise redis.RedisError.

store:page:<page id>:<view>   hash: version, release, data (the manifest as on disk)
store:views                   set of "<page id>:<view>"
store:body:<sha-256>          container as on disk; expires only once no manifest names it
store:hosts                   hash: version, release, data
store:beat                    string
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from store.documents import Hosts, Manifest
from store.messages import CHANNEL, Change

_BATCH = 100
_VIEWS = "store:views"
_HOSTS = "store:hosts"
_BEAT = "store:beat"

logger = logging.getLogger(__name__)

# The newest wins, whoever comes last: compared and set in one step, and told in the same.
_ADVANCE = """
local version = tonumber(redis.call('HGET', KEYS[1], 'version') or '-1')
local release = tonumber(redis.call('HGET', KEYS[1], 'release') or '-1')
local newer = tonumber(ARGV[1]) > version or (tonumber(ARGV[1]) == version and tonumber(ARGV[2]) > release)
if not newer then return 0 end
redis.call('HSET', KEYS[1], 'version', ARGV[1], 'release', ARGV[2], 'data', ARGV[3])
if ARGV[4] ~= '' then redis.call('SADD', KEYS[2], ARGV[4]) end
redis.call('PUBLISH', ARGV[5], ARGV[6])
return 1
"""


def connect(url: str) -> redis.Redis:
    """A client that gives up within a second: the disk is the truth, waiting for Redis only delays."""
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=0.5,
        socket_timeout=1.0,
        retry=Retry(NoBackoff(), 0),
        health_check_interval=30,
    )


@contextmanager
def tolerated(what: str) -> Iterator[None]:
    """Go on without Redis: the disk is done, and `sync` brings Redis up to it."""
    try:
        yield
    except redis.RedisError as error:
        logger.warning("The store goes on without Redis (%s): %s", what, error)


class Shared:
    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        self._advance = client.register_script(_ADVANCE)

    # Manifests

    def order(self, page_id: str, view: str) -> tuple[int, int] | None:
        return _order(self._client.hmget(_page(page_id, view), ["version", "release"]))

    def orders(self) -> Iterator[tuple[str, str, tuple[int, int]]]:
        """(page id, view, order) of every manifest."""
        for names in _batches(self._client.sscan_iter(_VIEWS, count=1000)):
            views = [name.decode().split(":") for name in names]
            pipe = self._client.pipeline(transaction=False)
            for page_id, view in views:
                pipe.hmget(_page(page_id, view), ["version", "release"])
            for (page_id, view), row in zip(views, pipe.execute(), strict=True):
                if found := _order(row):
                    yield page_id, view, found

    def views(self, page_id: str) -> set[str]:
        found = self._client.sscan_iter(_VIEWS, match=f"{page_id}:*", count=1000)
        return {name.decode().split(":")[1] for name in found}

    def manifest(self, page_id: str, view: str) -> bytes | None:
        return _bytes(self._client.hget(_page(page_id, view), "data"))

    def put_manifest(self, manifest: Manifest, raw: bytes) -> bool:
        """Whether it was newer than what Redis held; then those who listen have been told."""
        change = Change(manifest.page_id, manifest.view, manifest.version)
        name = f"{manifest.page_id}:{manifest.view}"
        return self._put(_page(manifest.page_id, manifest.view), manifest.order, raw, name, change)

    def _put(self, key: str, order: tuple[int, int], raw: bytes, name: str, change: Change) -> bool:
        return bool(self._advance(keys=[key, _VIEWS], args=[*order, raw, name, CHANNEL, change.to_bytes()]))

    # Bodies

    def keep(self, digests: Iterable[str]) -> set[str]:
        """Take these bodies out of expiry; the result is those that Redis does not hold."""
        missing = set()
        for batch in _batches(digests):
            pipe = self._client.pipeline(transaction=False)
            for digest in batch:
                pipe.persist(_body(digest))
                pipe.exists(_body(digest))
            missing |= {d for d, held in zip(batch, pipe.execute()[1::2], strict=True) if not held}
        return missing

    def put_bodies(self, blobs: dict[str, bytes]) -> None:
        pipe = self._client.pipeline(transaction=False)
        for digest, blob in blobs.items():
            pipe.set(_body(digest), blob)
        pipe.execute()

    def bodies(self, digests: list[str]) -> dict[str, bytes | None]:
        found = self._client.mget([_body(digest) for digest in digests])
        return dict(zip(digests, map(_bytes, found), strict=True))

    def expire_unnamed(self, named: set[str], grace: timedelta) -> None:
        """Start the time of grace of bodies not in `named`; one that already runs is not prolonged."""
        found = self._client.scan_iter(match=_body("*"), count=1000)
        for keys in _batches(key for key in found if key.decode().rpartition(":")[2] not in named):
            pipe = self._client.pipeline(transaction=False)
            for key in keys:
                pipe.expire(key, grace, nx=True)
            pipe.execute()

    def forget_all(self) -> None:
        """Keys of the store alone: the database may be another's too."""
        for keys in _batches(self._client.scan_iter(match="store:*", count=1000)):
            self._client.delete(*keys)

    # Hosts and heartbeat

    def hosts_order(self) -> tuple[int, int] | None:
        return _order(self._client.hmget(_HOSTS, ["version", "release"]))

    def hosts(self) -> bytes | None:
        return _bytes(self._client.hget(_HOSTS, "data"))

    def put_hosts(self, hosts: Hosts, raw: bytes) -> bool:
        return self._put(_HOSTS, hosts.order, raw, "", Change("", "", hosts.version))

    def beat(self) -> bytes | None:
        return _bytes(self._client.get(_BEAT))

    def put_beat(self, raw: bytes) -> None:
        self._client.set(_BEAT, raw)


def _bytes(raw: bytes | str | None) -> bytes | None:
    """The client is told to decode nothing, which its types cannot know."""
    return raw.encode() if isinstance(raw, str) else raw


def _page(page_id: str, view: str) -> str:
    return f"store:page:{page_id}:{view}"


def _body(digest: str) -> str:
    return f"store:body:{digest}"


def _order(row: list[Any]) -> tuple[int, int] | None:
    return None if row[0] is None or row[1] is None else (int(row[0]), int(row[1]))


def _batches(items: Iterable[Any]) -> Iterator[list[Any]]:
    batch = []
    for item in items:
        batch.append(item)
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch

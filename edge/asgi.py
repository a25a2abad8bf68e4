"""The edge on its own: `uvicorn edge.asgi:application` with STORE_DIR and STORE_REDIS_URL."""

from edge.app import Edge
from edge.environment import emergency_key, limits, stale_after, store_dir, store_redis_url
from store import Store, connect

__all__ = ["Edge", "application"]

_url = store_redis_url()
application = Edge(
    Store(store_dir(), connect(_url) if _url else None),
    redis_url=_url,
    limits=limits(),
    stale_after=stale_after(),
    emergency_key=emergency_key(),
)

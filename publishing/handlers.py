"""What the outbox asks of this app."""

from datetime import timedelta

from copies.asking import COPY, ask_for_copies
from metrics.asking import CHARTS
from outbox.registry import Claimed, Lane, register, register_batch
from pages.change import PUBLISH
from publishing.charting import publish_charts
from publishing.copying import LEASE, copy_to_target
from publishing.hosts import publish_hosts
from publishing.publish import COLD, publish, publish_slice
from publishing.purging import MOST, PURGE, purge, purge_soon
from publishing.repair import REBUILD
from tenants.actions import HOSTS


def publish_page(item: Claimed) -> None:
    publish(item.key)
    # Also where the store had it already: a process may have died in between.
    purge_soon(item.tenant_id, item.key)
    ask_for_copies(item.key)


def publish_anew(item: Claimed) -> None:
    publish(item.key, anew=True)
    purge_soon(item.tenant_id, item.key)
    ask_for_copies(item.key)


def publish_cold(item: Claimed) -> None:
    page_id, slice_name = item.key.split(" ", 1)
    publish_slice(page_id, slice_name)
    purge_soon(item.tenant_id, page_id)
    ask_for_copies(page_id)


def publish_charts_of(item: Claimed) -> None:
    publish_charts(item.key)
    purge_soon(item.tenant_id, item.key)
    ask_for_copies(item.key)


def publish_host_map(_item: Claimed) -> None:
    publish_hosts()


register(PUBLISH, Lane.PUBLISH, publish_page)
register(COLD, Lane.ARCHIVE, publish_cold, lease=timedelta(minutes=1))
register(CHARTS, Lane.ARCHIVE, publish_charts_of, lease=timedelta(minutes=1))
register(REBUILD, Lane.PUBLISH, publish_anew)
register(HOSTS, Lane.PUBLISH, publish_host_map)
register_batch(PURGE, Lane.PURGE, purge, MOST, lease=timedelta(minutes=1))
register(COPY, Lane.COPY, copy_to_target, lease=LEASE)

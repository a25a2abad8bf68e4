"""What the outbox asks of this app."""

from datetime import timedelta

from outbox.registry import Claimed, Lane, register
from pages.change import PUBLISH
from publishing.hosts import publish_hosts
from publishing.publish import COLD, publish, publish_slice
from tenants.actions import HOSTS


def publish_page(item: Claimed) -> None:
    publish(item.key)


def publish_cold(item: Claimed) -> None:
    page_id, slice_name = item.key.split(" ", 1)
    publish_slice(page_id, slice_name)


def publish_host_map(_item: Claimed) -> None:
    publish_hosts()


register(PUBLISH, Lane.PUBLISH, publish_page)
register(COLD, Lane.ARCHIVE, publish_cold, lease=timedelta(minutes=1))
register(HOSTS, Lane.PUBLISH, publish_host_map)

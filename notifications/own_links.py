"""The links that only one recipient has."""

from __future__ import annotations

from collections.abc import Collection

from notifications.letters import Letter
from subscribers.links import confirm_url, leave_url, manage_url

LINKS = {"confirm": confirm_url, "manage": manage_url, "leave": leave_url}


def own_links(letter: Letter, names: Collection[str] = LINKS.keys()) -> dict[str, str]:
    """By the names of LINKS."""
    origin = letter.notification.facts["page"]["url"]
    own = (origin, letter.page_id, letter.subscriber_id, letter.link_version)
    return {name: LINKS[name](*own) for name in names}

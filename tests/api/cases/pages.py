from __future__ import annotations

from typing import Any

BODIES: dict[str, Any] = {
    "patch_change_page": {"page": {"name": "Other", "css_greens": "#0a0", "allow_sms_subscribers": False}},
    "put_change_page": {"page": {"time_zone": "Asia/Tokyo", "url": "https://example.com"}},
    "patch_change_embed": {"status_embed_config": {"position": "top-left", "incident_text_color": "#FFF"}},
    "put_change_embed": {"status_embed_config": {"maintenance_background_color": "#123456"}},
}


def build(world: Any) -> None:
    """The world has its page already."""

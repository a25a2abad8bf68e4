from __future__ import annotations

from typing import Any

BODIES: dict[str, Any] = {}


def build(world: Any) -> None:
    """The world has its page already."""

"""For tables of what is refused: each row says by itself that it was not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from common.errors import Refused


def refusal(verb: Callable[..., object], *arguments: Any, **options: Any) -> Refused | None:
    """What the verb says against these arguments; None where it takes them."""
    try:
        verb(*arguments, **options)
    except Refused as error:
        return error
    return None

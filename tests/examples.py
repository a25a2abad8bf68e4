"""How many examples a property is tried with: all in a whole run of the tests, a fifth while one develops."""

from __future__ import annotations

import os
from typing import Any

import hypothesis

THOROUGH = os.environ.get("THOROUGH", "") not in ("", "false")


def examples(number: int, **more: Any) -> hypothesis.settings:
    # How long an example takes says more about the machine than about the code.
    return hypothesis.settings(
        max_examples=number if THOROUGH else max(5, number // 5), deadline=None, **more
    )

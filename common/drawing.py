"""SVG drawn as PNG, by a library that panics where others raise."""

from __future__ import annotations

from typing import Any

import resvg_py

# What a panic becomes is no Exception, and has no name to import it by.
_PANIC = "PanicException"


class Undrawable(ValueError):
    """Nothing can be drawn of this SVG."""


def draw(svg: str, **how: Any) -> bytes:
    """A PNG; `how` as `resvg_py.svg_to_bytes` takes it. Raises Undrawable."""
    try:
        return bytes(resvg_py.svg_to_bytes(svg_string=svg, **how))
    except Exception as error:
        raise Undrawable(str(error)) from error
    except BaseException as panic:
        if type(panic).__name__ != _PANIC:
            raise
        raise Undrawable(str(panic)) from panic

"""SVG drawn as PNG, by a library that panics where others raise."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import resvg_py

# What a panic becomes is no Exception, and has no name to import it by.
_PANIC = "PanicException"
# As large as anything that somebody uploaded is drawn; what takes longer is made to keep others waiting.
_SIDE = 640
_MOST_SECONDS = 1
_TRY = f"""
import resource, sys
resource.setrlimit(resource.RLIMIT_CPU, ({_MOST_SECONDS}, {_MOST_SECONDS}))
import resvg_py
resvg_py.svg_to_bytes(svg_string=sys.stdin.buffer.read().decode(), width={_SIDE}, height={_SIDE})
"""


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


def try_to_draw(svg: bytes) -> None:
    """In a process of its own: nobody else waits for one that takes long. Raises Undrawable."""
    tried = subprocess.run([sys.executable, "-I", "-c", _TRY], input=svg, capture_output=True, check=False)  # noqa: S603
    if tried.returncode:
        raise Undrawable(tried.stderr.decode(errors="replace")[-200:])

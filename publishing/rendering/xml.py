"""Text and elements of XML 1.0."""

from __future__ import annotations

import re
from xml.sax.saxutils import escape

# What no XML document may hold, not even escaped, and what readers take for another character.
_FORBIDDEN = re.compile("[^\t\n\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_QUOTES = {'"': "&quot;"}


def clean(value: str) -> str:
    return _FORBIDDEN.sub("", value)


def text(value: str) -> str:
    """`value` as content or as the value of an attribute."""
    return escape(clean(value), _QUOTES)

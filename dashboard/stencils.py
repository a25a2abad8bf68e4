"""Parts that a screen has hundreds of, alike but for a name and an id.

Rendering each would be most of the time that a screen with many components takes. So a part is rendered once
for each kind that there is, in each language, and afterwards only filled in.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from functools import lru_cache

from django.template.loader import render_to_string
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language


def fill(template_name: str, kind: Hashable, words: Mapping[str, str]) -> SafeString:
    """The template with `kind` and `words`, which it may only print; in addresses only ids."""
    pieces = list(_pieces(template_name, kind, tuple(words), get_language()))
    said = {name: conditional_escape(word) for name, word in words.items()}
    pieces[1::2] = [said[name] for name in pieces[1::2]]
    return mark_safe("".join(pieces))  # noqa: S308 (escaped above)


@lru_cache(maxsize=512)
def _pieces(template_name: str, kind: Hashable, names: tuple[str, ...], _language: str | None) -> list[str]:
    """Texts, and between each two of them the name of the word that stands there."""
    # No template says these, and neither HTML nor an address spells them otherwise.
    holes = {name: f"~{name}~" for name in names}
    text = render_to_string(template_name, {"kind": kind} | holes)
    return re.split(f"~({'|'.join(names)})~", text)

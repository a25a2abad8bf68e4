"""The page's icon where programs look that read no HTML, as the one kind of image that its name promises."""

import io
from functools import lru_cache

from PIL import Image, ImageOps

from common.drawing import Undrawable, draw
from publishing.rendering import assets
from store import Document

PATH = "/favicon.ico"
# As servers of files say it.
_TYPE = "image/x-icon"
_SIZES = [(16, 16), (32, 32), (48, 48)]


def document(image: bytes, content_type: str) -> Document:
    """`image` is the page's own, a PNG or SVG; where it is empty, the sign is the built-in one."""
    if not image:
        image, content_type = assets.icon("page").body, assets.SVG
    return Document(PATH, _ico(image, content_type), _TYPE)


@lru_cache(maxsize=64)
def _ico(image: bytes, content_type: str) -> bytes:
    png = _drawn(image) if content_type == assets.SVG else image
    drawn, out = Image.open(io.BytesIO(png)).convert("RGBA"), io.BytesIO()
    ImageOps.pad(drawn, _SIZES[-1]).save(out, "ICO", sizes=_SIZES)
    return out.getvalue()


def _drawn(svg: bytes) -> bytes:
    """What cannot be drawn after all keeps no page from being published."""
    # Both: of one the other follows, and it may be without end.
    width, height = _SIZES[-1]
    try:
        return draw(svg.decode(), width=width, height=height)
    except Undrawable:
        return draw(assets.icon("page").body.decode(), width=width, height=height)

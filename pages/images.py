"""Images that people upload: looked at with suspicion, and drawn anew."""

from __future__ import annotations

import hashlib
import io
import struct
import warnings
import zlib

from django.utils.translation import gettext as _
from PIL import Image, ImageOps

from common.errors import Refused
from pages.drawings import clean_drawing, is_drawing
from pages.models import Asset

MAX_BYTES = 2 * 1024 * 1024
MAX_PIXELS = 16_000_000
MAX_SIDE = 800
_FORMATS = ("PNG", "JPEG", "WEBP", "ICO")

# Pillow's own guard, also for images inside of images, such as an icon's: it warns above this number and
# refuses only above twice of it.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
warnings.simplefilter("error", Image.DecompressionBombWarning)


def clean_image(data: bytes, field: str | None = None) -> Asset:
    """The image as a PNG of at most 800 × 800 pixels without metadata, or as an SVG of nothing but shapes, as
    an Asset that is not yet saved.

    `data` is a PNG, JPEG, WebP, ICO or SVG of at most 2 MB and 16 megapixels; of an animation its first frame
    counts. Raises Refused, about `field`, for anything else.
    """
    if len(data) > MAX_BYTES:
        raise Refused(_("An image has at most 2 MB."), field)
    if is_drawing(data):
        return _asset(clean_drawing(data, field), "image/svg+xml")
    return _asset(_png(_decode(data, field)), "image/png")


def _asset(content: bytes, content_type: str) -> Asset:
    return Asset(id=hashlib.sha256(content).hexdigest(), content_type=content_type, content=content)


def _decode(data: bytes, field: str | None) -> Image.Image:
    try:
        image = Image.open(io.BytesIO(data), formats=_FORMATS)
        image.load()
        return ImageOps.exif_transpose(image).convert("RGBA")
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Refused(_("The image has too many pixels."), field) from error
    # What Pillow's decoders raise on files that are broken, on purpose or not.
    except (
        OSError,
        ValueError,
        SyntaxError,
        EOFError,
        KeyError,
        IndexError,
        struct.error,
        zlib.error,
    ) as error:
        raise Refused(_("This is not a PNG, JPEG, WebP or ICO image that can be read."), field) from error


def _png(image: Image.Image) -> bytes:
    image.thumbnail((MAX_SIDE, MAX_SIDE))
    # A fresh image has none of the texts, profiles and positions that came with the upload.
    drawn = Image.new("RGBA", image.size)
    drawn.paste(image)
    out = io.BytesIO()
    drawn.save(out, "PNG", optimize=True)
    return out.getvalue()

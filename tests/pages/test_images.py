"""Uploaded images: what is an image comes out small, plain and clean; nothing else comes out at all."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin

from common.errors import Refused
from pages.images import MAX_BYTES, MAX_PIXELS, clean_image
from tests.examples import examples


def drawn(kind: str, size: tuple[int, int] = (64, 32), mode: str = "RGB", **how: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 1 if mode in ("1", "P", "L") else "red").save(out, kind, **how)
    return out.getvalue()


def opened(asset_content: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(asset_content))
    image.load()
    return image


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "ICO"])
def test_every_allowed_kind_becomes_a_png(kind: str) -> None:
    asset = clean_image(drawn(kind, (32, 32)))

    assert asset.content_type == "image/png"
    image = opened(asset.content)
    assert (image.format, image.size) == ("PNG", (32, 32))
    red, green, blue, opaque = image.getpixel((5, 5))  # type: ignore[misc]
    assert (red > 240, green < 15, blue < 15, opaque) == (True, True, True, 255)


@pytest.mark.parametrize(("mode", "kind"), [("1", "PNG"), ("L", "PNG"), ("P", "PNG"), ("CMYK", "JPEG")])
def test_every_mode_can_be_read(mode: str, kind: str) -> None:
    assert opened(clean_image(drawn(kind, mode=mode)).content).mode == "RGBA"


@pytest.mark.parametrize(
    ("size", "then"), [((1600, 400), (800, 200)), ((400, 1600), (200, 800)), ((4000, 4), (800, 1))]
)
def test_large_ones_are_made_smaller_in_proportion(size: tuple[int, int], then: tuple[int, int]) -> None:
    assert opened(clean_image(drawn("PNG", size)).content).size == then


def test_transparency_is_kept() -> None:
    out = io.BytesIO()
    Image.new("RGBA", (8, 8), (0, 0, 255, 64)).save(out, "PNG")

    assert opened(clean_image(out.getvalue()).content).getpixel((0, 0)) == (0, 0, 255, 64)


def test_the_same_image_is_the_same_asset() -> None:
    assert clean_image(drawn("PNG")).pk == clean_image(drawn("PNG")).pk


def test_no_metadata_comes_along() -> None:
    exif = Image.Exif()
    exif[0x010E] = "taken at 52.5, 13.4"
    said = PngImagePlugin.PngInfo()
    said.add_text("Comment", "secret words")
    hostile = [
        drawn("JPEG", exif=exif, icc_profile=b"secret profile", comment=b"secret words"),
        drawn("PNG", exif=exif, pnginfo=said, icc_profile=b"secret profile"),
        drawn("WEBP", exif=exif.tobytes(), icc_profile=b"secret profile"),
    ]
    for data in hostile:
        content = clean_image(data).content
        assert b"secret" not in content
        assert b"taken" not in content
        assert {kind for kind in (b"tEXt", b"zTXt", b"iTXt", b"eXIf", b"iCCP") if kind in content} == set()


def test_what_hides_behind_an_image_is_left_behind() -> None:
    content = clean_image(drawn("PNG") + b"<script>alert(1)</script>").content

    assert b"script" not in content


def test_a_turned_photo_is_turned_back() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6

    assert opened(clean_image(drawn("JPEG", (64, 32), exif=exif)).content).size == (32, 64)


def test_an_animation_shows_its_first_frame() -> None:
    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "PNG", save_all=True, append_images=frames[1:])

    image = opened(clean_image(out.getvalue()).content)
    assert image.getpixel((0, 0)) == (255, 0, 0, 255)
    assert getattr(image, "n_frames", 1) == 1


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is huge."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    packed = zlib.compress(b"\0" * 1_000_000, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def icon_with(image: bytes) -> bytes:
    """An icon that says it is 16 × 16, around a PNG that is something else."""
    entry = struct.pack("<BBBBHHII", 16, 16, 0, 0, 1, 32, len(image), 22)
    return struct.pack("<HHH", 0, 1, 1) + entry + image


HOSTILE: dict[str, Callable[[], bytes]] = {
    "empty": lambda: b"",
    "text": lambda: b"not an image at all",
    "an svg": lambda: b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
    "html": lambda: b"<!doctype html><script>alert(1)</script>",
    "a gif": lambda: drawn("GIF"),
    "a bmp": lambda: drawn("BMP"),
    "a tiff": lambda: drawn("TIFF"),
    "a postscript": lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
    "a pdf": lambda: b"%PDF-1.4\n",
    "too many bytes": lambda: drawn("PNG") + b"\0" * MAX_BYTES,
    "too many pixels": lambda: drawn("PNG", (MAX_PIXELS // 4000 + 1, 4000)),
    "a bomb": lambda: bomb(60_000, 60_000),
    "a bomb just within what Pillow bears": lambda: bomb(4000, MAX_PIXELS // 4000 + 1),
    "a bomb in an icon": lambda: icon_with(bomb(60_000, 60_000)),
    "a short bomb": lambda: bomb(3000, 3000),
    "no pixels": lambda: bomb(0, 0),
    "a png without its end": lambda: drawn("PNG", (300, 300))[:60],
    "a jpeg without its end": lambda: drawn("JPEG", (300, 300))[:200],
    "a webp without its end": lambda: drawn("WEBP", (300, 300))[:40],
    "an icon of nothing": lambda: struct.pack("<HHH", 0, 1, 0),
    "an icon that points behind itself": lambda: icon_with(drawn("PNG"))[:30],
    "a text of gigabytes in a png": lambda: (
        drawn("PNG")[:33]
        + chunk(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 80_000_000, 9))
        + drawn("PNG")[33:]
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(name: str) -> None:
    with pytest.raises(Refused) as refusal:
        clean_image(HOSTILE[name](), "logo_light")

    assert refusal.value.field == "logo_light"


_WHOLE = [drawn("PNG"), drawn("JPEG"), drawn("WEBP"), drawn("ICO", (16, 16))]


@examples(400)
@given(data=st.data())
def test_a_damaged_file_is_read_or_refused(data: st.DataObject) -> None:
    whole = bytearray(data.draw(st.sampled_from(_WHOLE)))
    for _ in range(data.draw(st.integers(1, 12))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    try:
        asset = clean_image(bytes(whole[:cut] if data.draw(st.booleans()) else whole))
    except Refused:
        return

    assert opened(asset.content).format == "PNG"

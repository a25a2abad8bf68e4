"""A page's colours as the few custom properties that branding may set, kept readable on its backgrounds."""

import re

COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
READABLE = 4.5
"""WCAG AA for text."""

LIGHT_GROUND = "#f3f4f6"
DARK_GROUND = "#23252b"
"""The grounds of page.css against which an accent has least contrast."""


def css(accent: str, accent_dark: str) -> str:
    """Custom properties for both themes, or "" for a page without colours of its own."""
    if not COLOUR.fullmatch(accent):
        return ""
    dark = accent_dark if COLOUR.fullmatch(accent_dark) else accent
    return (
        f"@layer tokens{{:root{{{_properties(accent, LIGHT_GROUND)}}}"
        f"@media(prefers-color-scheme:dark){{:root{{{_properties(dark, DARK_GROUND)}}}}}}}"
    )


def _properties(accent: str, ground: str) -> str:
    shade = readable(accent, ground)
    ink = max(("#ffffff", "#000000"), key=lambda colour: contrast(colour, shade))
    return f"--accent:{shade};--on-accent:{ink}"


def readable(colour: str, ground: str) -> str:
    """`colour`, moved towards black or white in small steps until text in it can be read on `ground`."""
    goal = 0 if luminance(ground) > 0.18 else 255
    channels = _channels(colour)
    for step in range(101):
        moved = "#" + "".join(f"{round(value + (goal - value) * step / 100):02x}" for value in channels)
        if contrast(moved, ground) >= READABLE:
            return moved
    return f"#{goal:02x}{goal:02x}{goal:02x}"


def tint(colour: str, share: float) -> str:
    """White with this share of `colour` in it, from 0 to 1."""
    return "#" + "".join(f"{round(255 - (255 - value) * share):02x}" for value in _channels(colour))


def contrast(one: str, other: str) -> float:
    """WCAG contrast ratio, from 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    """WCAG relative luminance of "#rrggbb", from 0 to 1."""
    red, green, blue = (_linear(value / 255) for value in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(value: float) -> float:
    return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4


def _channels(colour: str) -> list[int]:
    return [int(colour[at : at + 2], 16) for at in (1, 3, 5)]

"""How many messages of the telephone network a text is sent as, and paid for: its segments."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

# GSM 03.38: the alphabet of seven bits, and what takes an escape before it.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)
_ESCAPED = frozenset("\f^{}\\[~]|€")
# One segment alone has more room than each of several, which are numbered.
_GSM, _UCS2 = (160, 153), (70, 67)
# What people type without a thought and would make every message twice as dear.
_PLAIN = str.maketrans(
    {
        "“": '"',
        "”": '"',
        "„": '"',
        "‘": "'",
        "’": "'",
        "–": "-",
        "—": "-",
        "…": "...",
        "\u00a0": " ",
        "\u202f": " ",
        "•": "-",
    }
)


def plain(text: str) -> str:
    """With the typewriter's signs for those of typographers."""
    return text.translate(_PLAIN)


def is_gsm(text: str) -> bool:
    return all(one in _BASIC or one in _ESCAPED for one in text)


def segments(text: str) -> int:
    """Of GSM-7 where its alphabet suffices, else of UCS-2; no sign is divided between two."""
    one, each = _GSM if is_gsm(text) else _UCS2
    widths = list(_gsm_widths(text) if is_gsm(text) else _ucs2_widths(text))
    return 1 if sum(widths) <= one else _filled(widths, each)


def _filled(widths: Iterable[int], room: int) -> int:
    count, used = 1, 0
    for width in widths:
        if used + width > room:
            count, used = count + 1, 0
        used += width
    return count


def _gsm_widths(text: str) -> Iterator[int]:
    return (2 if one in _ESCAPED else 1 for one in text)


def _ucs2_widths(text: str) -> Iterator[int]:
    return (2 if ord(one) > 0xFFFF else 1 for one in text)

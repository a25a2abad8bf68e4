"""What an SMS costs, and that none costs more than two segments."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from notifications.sms.segments import is_gsm, plain, segments
from notifications.sms.texts import SEGMENTS, fitted

URL = "\nhttps://status.acme.example/incidents/abcdefghijkl"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 1),
        ("a" * 160, 1),
        ("a" * 161, 2),
        ("a" * 306, 2),
        ("a" * 307, 3),
        ("€" * 80, 1),
        ("€" * 81, 2),
        # An escape and its sign stay together: 152 in the first, not 153.
        ("€" * 152, 2),
        ("€" * 153, 3),
        ("a" + "€" * 152, 2),
        ("ä" * 160, 1),
        ("ç" * 70, 1),
        ("ç" * 71, 2),
        ("ع" * 134, 2),
        ("ع" * 135, 3),
        ("😀" * 35, 1),
        ("😀" * 36, 2),
        # A pair is not divided either: 33 of 67.
        ("😀" * 66, 2),
        ("😀" * 67, 3),
    ],
)
def test_segments_are_counted_as_the_network_counts(text: str, count: int) -> None:
    assert segments(text) == count


def test_the_typewriters_signs_are_of_the_small_alphabet() -> None:
    assert not is_gsm("“It’s slow” – we’re on it…")
    assert plain("“It’s slow” – we’re on it…") == "\"It's slow\" - we're on it..."
    assert is_gsm(plain("“It’s slow” – we’re on it…"))


@given(st.text(max_size=30), st.text(max_size=500))
@example("مرحبا: ", "تعطّل " * 60)
@example("Acme: ", "a" * 500)
def test_however_long_a_name_is_the_link_stands_whole_in_two_segments(head: str, text: str) -> None:
    said = fitted(head, text, URL)
    assert said.endswith(URL)
    assert segments(said) <= SEGMENTS
    if segments(plain(f"{head}{text}{URL}")) <= SEGMENTS:
        assert said == plain(f"{head}{text}{URL}")

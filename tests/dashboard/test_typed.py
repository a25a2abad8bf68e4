"""What was typed is kept for whoever signs in again, and for few at a time."""

from __future__ import annotations

from typing import Any

from dashboard import typed
from tests.dashboard.conftest import Place, Visitor


def test_of_one_network_so_many_forms_are_kept_and_no_more(place: Place, monkeypatch: Any) -> None:
    monkeypatch.setattr(typed, "_AN_HOUR", 2)
    address = f"{place.incidents}new"
    kept = []
    for number in range(4):
        stranger = Visitor()
        answer: Any = stranger.post(
            address,
            {"name": f"Form {number}"},
            HTTP_REFERER=f"http://localhost{address}",
            REMOTE_ADDR=f"2001:db8:77::{number}",
        )
        assert answer.status_code == 302
        kept.append("typed" in stranger.session)
    assert kept == [True, True, False, False]

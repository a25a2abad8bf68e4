"""What was typed is kept for whoever signs in again: of people who were here, and few forms at a time."""

from __future__ import annotations

from typing import Any

import pytest

from dashboard import typed
from tenants.models import User
from tests.dashboard.conftest import Place, Visitor


def _late(visitor: Visitor, place: Place, **form: str) -> dict[str, str] | None:
    """Send a form without a session; what is kept of it."""
    visitor.cookies.pop("session", None)
    address = f"{place.incidents}new"
    answer: Any = visitor.post(address, form, HTTP_REFERER=f"http://localhost{address}")
    assert answer.status_code == 302
    # Where nothing is kept, there is no session either.
    return visitor.session["typed"] if "session" in answer.cookies else None


def test_nothing_is_kept_of_strangers(place: Place) -> None:
    """A header says that the form is ours, and anybody can write a header."""
    stranger = Visitor()
    assert _late(stranger, place, name="Bait") is None
    stranger.cookies["known"] = "somebody:1vM1lX:forged"
    assert _late(stranger, place, name="Bait") is None


def test_of_one_person_so_many_forms_are_kept_and_no_more(
    place: Place, people: dict[str, User | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typed, "_AN_HOUR", 2)
    kept = []
    for number in range(4):
        editor = Visitor(people["editor"])
        editor.see(place.incidents)
        kept.append(_late(editor, place, name=f"Form {number}") is not None)
    assert kept == [True, True, False, False]


def test_secrets_and_books_are_not_kept(place: Place, editor: Visitor) -> None:
    editor.see(place.incidents)
    kept = _late(editor, place, name="X", secret_access_key="s3cret", csrfmiddlewaretoken="t")
    assert kept is not None
    assert kept["data"] == "name=X"
    assert _late(editor, place, body="x" * 60_001) is None


def test_nobody_sees_what_another_typed_in_the_same_browser(
    place: Place, editor: Visitor, people: dict[str, User | None]
) -> None:
    shown = []
    for name in ("admin", "editor"):
        editor.force_login(people["editor"])  # type: ignore[arg-type]
        editor.see(place.incidents)
        assert _late(editor, place, name="Half a sentence")
        # As signing in does: what an anonymous session holds stays in it.
        editor.force_login(people[name])  # type: ignore[arg-type]
        shown.append("Half a sentence" in editor.see(f"{place.incidents}new"))
    assert shown == [False, True]

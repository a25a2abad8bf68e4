"""What keeps strangers out of every screen: nothing of others, nothing inline, no frames, no forged forms, no
way elsewhere."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.template.loader import render_to_string

from common.tenancy import in_tenant
from events.models import Event
from tenants.models import Membership, Tenant, User
from tests.accounts.test_signing_in import ELSEWHERE
from tests.admin.browser import said_by
from tests.conftest import CANARY
from tests.dashboard.conftest import Place, Visitor
from tests.dashboard.test_permissions import MATRIX, PERSONS, address, parts  # noqa: F401 (a fixture)

# Scripts, handlers and styles that no policy of ours would run.
INLINE = re.compile(
    r"<script(?![^>]*\bsrc=)(?![^>]*application/json)|<[a-z][^>]*\s(?:on[a-z]+|style|srcdoc)\s*=|<style|javascript:",
    re.IGNORECASE,
)
# Shown in a frame of another screen of ours.
FRAMED = {"mail_preview"}


def weak(name: str, answer: HttpResponse) -> list[str]:
    """What an answer says too little of, or too much."""
    policy, frames = answer.headers["Content-Security-Policy"], answer.headers["X-Frame-Options"]
    faults = {
        "its policy allows what is inline": "unsafe" in policy,
        "its policy has no default": "default-src" not in policy,
        "others may frame it": name not in FRAMED
        and (frames != "DENY" or "frame-ancestors 'none'" not in policy),
        "it may be kept": "no-store" not in answer.headers["Cache-Control"],
        "its kind may be guessed": answer.headers["X-Content-Type-Options"] != "nosniff",
        "its address is told to others": answer.headers["Referrer-Policy"] != "same-origin",
        "a cookie can be read by scripts": any(
            not one["httponly"] for one in answer.cookies.values() if one.key != settings.CSRF_COOKIE_NAME
        ),
        "a cookie is sent for others": any(not one["samesite"] for one in answer.cookies.values()),
        "a cookie is for other hosts too": any(one["domain"] for one in answer.cookies.values()),
    }
    found = INLINE.search(said_by(answer)) if "html" in answer.headers["Content-Type"] else None
    return [*(fault for fault, is_so in faults.items() if is_so), *([found[0]] if found else [])]


def test_no_screen_shows_what_is_others_or_runs_what_is_not_ours(
    visitors: dict[str, Visitor],
    place: Place,
    parts: dict[str, dict[str, object]],  # noqa: F811
) -> None:
    found = {}
    for name, row in MATRIX.items():
        if row[PERSONS.index("owner")] == 200:
            answer = visitors["owner"].get(address(name, place.page.pk, parts))
            assert CANARY not in said_by(answer), name
            found[name] = weak(name, answer)

    assert {name: faults for name, faults in found.items() if faults} == {}


def test_nothing_is_done_for_a_form_that_is_not_ours(
    people: dict[str, User],
    acme: Tenant,
    place: Place,
    parts: dict[str, dict[str, object]],  # noqa: F811
) -> None:
    """Also where what was typed into a form of ours is kept for another try."""
    forged = Visitor(people["owner"], enforce_csrf_checks=True)

    def state() -> tuple[Any, ...]:
        with in_tenant(acme.id):
            return Event.objects.count(), Membership.objects.count(), User.objects.count()

    before = state()
    for name in MATRIX:
        url = address(name, place.page.pk, parts)
        for origin in ({"HTTP_ORIGIN": "https://evil.example"}, {"HTTP_REFERER": f"http://localhost{url}"}):
            answer = forged.post(url, {"name": "X", "status": "resolved", "role": "owner"}, **origin)
            assert answer.status_code in (302, 403, 405), name
            assert answer.headers.get("Location", "/").startswith(("/o/acme/", "/")), name
            assert "//" not in answer.headers.get("Location", ""), name
    assert state() == before


def test_nothing_leads_elsewhere(people: dict[str, User], place: Place) -> None:
    people["owner"].set_password("long enough")
    people["owner"].save(update_fields=["password"])
    owner = Visitor(people["owner"])
    for path in ELSEWHERE:
        told = [
            owner.post("/language", {"language": "en", "next": path}),
            owner.post(f"{place.home}held/1", {"then": "tell", "next": path}),
            owner.get("/accounts/again/", {"next": path}),
        ]
        again = "/accounts/reauthenticate/?next=%2Fo%2F"
        assert [one["Location"] for one in told] == ["/", place.home, again], path


def test_what_no_form_offers_is_not_kept_among_rendered_parts(
    editor: Visitor, place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    rendered = []

    def counted(name: str, context: dict[str, Any]) -> str:
        rendered.append(context["kind"])
        return render_to_string(name, context)

    monkeypatch.setattr("dashboard.stencils.render_to_string", counted)
    for number in range(3):
        forged = {f"statuses-{one.pk}": f"forged {number}" for one in (place.api, place.website)}
        assert "Nothing was saved yet" in said_by(editor.post(f"{place.incidents}new", forged))
    assert set(rendered) <= {(False, "")}

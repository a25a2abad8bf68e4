"""Every screen of accounts is in our frame and in both languages, and loads nothing that is forbidden."""

from __future__ import annotations

import re

import pytest

from tenants.models import User
from tests.accounts.conftest import sign_in
from tests.admin.browser import Browser

OUTSIDE = [
    "login/",
    "signup/",
    "password/reset/",
    "password/reset/done/",
    "password/reset/key/done/",
    "password/reset/key/abc-def/",
    "confirm-email/",
    "confirm-email/abc/",
    "inactive/",
    "invitation/abc/",
]
INSIDE = [
    "",
    "email/",
    "password/change/",
    "2fa/",
    "2fa/totp/activate/",
    "2fa/webauthn/",
    "2fa/webauthn/add/",
    "sessions/",
    "logout/",
    "reauthenticate/",
    "3rdparty/",
]
_FORBIDDEN = re.compile(r'<script(?![^>]*(src=|type="application/json"))|\son[a-z]+="|\sstyle="|<style')


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("inside", [False, True])
def test_screens_are_ours(browser: Browser, ann: User, inside: bool, language: str) -> None:
    browser.cookies["language"] = language
    if inside:
        sign_in(browser)
    for path in INSIDE if inside else OUTSIDE:
        answer = browser.get(f"/accounts/{path}")
        html = answer.content.decode()
        assert answer.status_code in (200, 410), (path, answer)
        assert f'<html lang="{language}">' in html, path
        assert "css/accounts.css" in html, path
        assert not _FORBIDDEN.search(html), (path, _FORBIDDEN.search(html))
        assert html.count("<h1") == 1, path


def test_the_account_is_named(browser: Browser, ann: User) -> None:
    sign_in(browser)
    browser.post("/accounts/", {"name": "Ann\x07 Other"})

    assert User.objects.get(pk=ann.pk).name == "Ann Other"
    assert browser.get("/accounts/").status_code == 200
    assert Browser().get("/accounts/")["Location"] == "/accounts/login/?next=/accounts/"

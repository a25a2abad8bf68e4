"""Second factors: set up, asked for, lost; and sessions that are ended."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import hotp_value
from django.core.cache import cache
from django.db import connection

from accounts.models import AccountMail
from tenants.models import User
from tests.accounts.conftest import mails, sign_in
from tests.admin.browser import Browser


def code_of(secret: str) -> str:
    return f"{hotp_value(secret, int(time.time()) // 30):06}"


@pytest.fixture
def secured(browser: Browser, ann: User) -> tuple[str, list[str]]:
    """Ann has codes from an app: its secret, and her recovery codes."""
    sign_in(browser)
    html = browser.get("/accounts/2fa/totp/activate/").content.decode()
    found = re.search(r'id="authenticator_secret"[^>]*value="([A-Z2-7]+)"', html)
    assert found
    browser.post("/accounts/2fa/totp/activate/", {"code": code_of(found[1])})
    shown = browser.get("/accounts/2fa/recovery-codes/").content.decode()
    cache.clear()
    return found[1], re.findall(r"\b[0-9]{8}\b", shown)


def entering(code: str) -> Any:
    """Somebody with the password, and this code."""
    browser = Browser()
    assert sign_in(browser)["Location"] == "/accounts/2fa/authenticate/"
    assert browser.get("/o/").status_code == 302
    browser.post("/accounts/2fa/authenticate/", {"code": code})
    return browser.get("/o/").status_code


def test_a_code_is_asked_for_after_the_password(secured: Any) -> None:
    secret, _codes = secured

    assert entering("000000") == 302
    assert entering(code_of(secret)) == 200


def test_no_code_works_twice(secured: Any) -> None:
    secret, codes = secured
    code = code_of(secret)
    assert [entering(code), entering(code)] == [200, 302]
    assert len(codes) == 10
    assert [entering(codes[0]), entering(codes[0]), entering(codes[1])] == [200, 302, 200]


def test_codes_cannot_be_read_in_the_database(secured: Any) -> None:
    secret, codes = secured
    with connection.cursor() as cursor:
        cursor.execute("SELECT data::text FROM mfa_authenticator")
        kept = str(cursor.fetchall())

    assert secret not in kept
    assert not [code for code in codes if code in kept]
    assert Authenticator.objects.count() == 2


def test_recovery_codes_are_shown_once(browser: Browser, secured: Any) -> None:
    again = browser.get("/accounts/2fa/recovery-codes/").content.decode()
    assert not [code for code in secured[1] if code in again]


def test_guessing_codes_is_slowed_down(secured: Any) -> None:
    secret, _codes = secured
    browser = Browser()
    sign_in(browser)
    for _ in range(5):
        browser.post("/accounts/2fa/authenticate/", {"code": "000000"})
    browser.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})

    assert browser.get("/o/").status_code == 302


def test_people_are_told_of_what_changes_their_account(
    browser: Browser, secured: Any, django_capture_on_commit_callbacks: Any
) -> None:
    AccountMail.objects.all().delete()
    with django_capture_on_commit_callbacks(execute=True):
        browser.post("/accounts/2fa/totp/deactivate/")

    assert mails()[0]["subject"] == "Codes from an app no longer protect your account"
    assert "127.0.0.1" in mails()[0]["text"]


# What asks who is there, where that was not asked for a while.
GUARDED = [
    "/accounts/2fa/totp/activate/",
    "/accounts/2fa/webauthn/add/",
    "/accounts/2fa/recovery-codes/generate/",
]


@pytest.mark.parametrize("path", GUARDED)
def test_what_asks_again(browser: Browser, ann: User, path: str) -> None:
    sign_in(browser)
    session = browser.session
    session["account_authentication_methods"] = [{"method": "password", "at": time.time() - 601}]
    session.save()

    assert browser.get(path)["Location"].startswith("/accounts/reauthenticate/")


def test_other_sessions_are_ended_and_this_one_stays(browser: Browser, ann: User) -> None:
    other = Browser()
    sign_in(other)
    sign_in(browser)
    assert "End all others" in browser.get("/accounts/sessions/").content.decode()
    browser.post("/accounts/sessions/")

    assert other.get("/accounts/").status_code == 302
    assert browser.get("/accounts/").status_code == 200


def test_a_new_password_ends_other_sessions(browser: Browser, ann: User) -> None:
    other = Browser()
    sign_in(other)
    sign_in(browser)
    given = {"oldpassword": "correct horse battery", "password1": "another long one"}
    browser.post("/accounts/password/change/", given | {"password2": "another long one"})

    assert other.get("/accounts/").status_code == 302
    assert browser.get("/accounts/").status_code == 200


def test_an_address_is_changed_only_once_it_is_proven(browser: Browser, ann: User) -> None:
    sign_in(browser)
    browser.post("/accounts/email/", {"email": "New@Acme.example", "action_add": "1"})
    ann.refresh_from_db()
    assert ann.email == "ann@acme.example"
    (mail,) = [one for one in mails() if one["to"] == "new@acme.example"]
    found = re.search(r"http://localhost:8000(/accounts/confirm-email/\S+)", mail["text"])
    assert found
    browser.post(found[1])
    ann.refresh_from_db()

    assert ann.email == "new@acme.example"
    # Whoever reads the old mailbox hears of it.
    assert "ann@acme.example" in [one["to"] for one in mails()]


def test_an_address_of_somebody_else_is_not_taken(browser: Browser, ann: User) -> None:
    User.objects.create_user("ben@acme.example")
    sign_in(browser)
    browser.post("/accounts/email/", {"email": "ben@acme.example", "action_add": "1"})
    # Nothing on the screen says that the address is known; the link does nothing.
    (mail,) = [one for one in mails() if one["to"] == "ben@acme.example"]
    found = re.search(r"http://localhost:8000(/accounts/confirm-email/\S+)", mail["text"])
    assert found
    browser.post(found[1])
    ann.refresh_from_db()

    assert ann.email == "ann@acme.example"
    assert sign_in(Browser(), "ben@acme.example").status_code == 200

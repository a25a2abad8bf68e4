"""Signing in, up and out; addresses that are verified; passwords that were forgotten."""

from __future__ import annotations

import re
from typing import Any

import pytest
from allauth.account.models import EmailAddress

from accounts.models import AccountMail
from outbox.models import OutboxItem
from tenants.models import User
from tests.accounts.conftest import PASSWORD, mails, sign_in
from tests.admin.browser import Browser

NEW = {"email": "New@Example.org", "password1": "a long new password", "name": "Nia"}
_KEY = re.compile(r"(?:http|https)://localhost:8000(/accounts/\S+)")


def link_in(mail: dict[str, Any]) -> str:
    """The path that a message leads to."""
    found = _KEY.search(mail["text"])
    assert found, mail["text"]
    return found[1]


def test_signing_up_needs_the_address_to_be_proven(browser: Browser) -> None:
    answer = browser.post("/accounts/signup/?next=/o/", NEW)
    assert answer["Location"] == "/accounts/confirm-email/"
    assert browser.get("/o/").status_code == 302
    (mail,) = mails()
    assert mail["to"] == "new@example.org"

    browser.post(link_in(mail))

    user = User.objects.get(email="new@example.org")
    assert (user.name, user.is_staff) == ("Nia", False)
    assert EmailAddress.objects.get(user=user).verified
    assert browser.get("/o/").status_code == 200


def test_mail_waits_in_the_outbox_and_cannot_be_read_in_the_database(browser: Browser) -> None:
    browser.post("/accounts/signup/", NEW)

    mail = AccountMail.objects.get()
    assert OutboxItem.objects.filter(topic="account_mail", key=mail.pk).exists()
    assert "confirm-email" not in mail.content


@pytest.mark.parametrize(("mode", "status"), [("open", 302), ("invited", 200), ("closed", 200)])
def test_signing_up_can_be_closed(browser: Browser, settings: Any, mode: str, status: int) -> None:
    settings.SIGNUP = mode

    assert browser.post("/accounts/signup/", NEW).status_code == status
    assert User.objects.filter(email="new@example.org").exists() == (mode == "open")


def test_links_lead_to_the_host_of_the_settings(browser: Browser, ann: User) -> None:
    """Not to the one that the request names."""
    given = {"email": ann.email}
    browser.post("/accounts/password/reset/", given, HTTP_HOST="127.0.0.1:6666")

    assert "127.0.0.1" not in mails()[0]["text"] + mails()[0]["html"]
    assert link_in(mails()[0]).startswith("/accounts/password/reset/key/")


def test_a_forgotten_password_is_set_anew_once(browser: Browser, ann: User) -> None:
    browser.post("/accounts/password/reset/", {"email": "Ann@Acme.example"})
    link = link_in(mails()[0])
    form = browser.get(link)["Location"]
    browser.post(form, {"password1": "another long one", "password2": "another long one"})

    assert sign_in(Browser(), password="another long one").status_code == 302
    assert sign_in(Browser()).status_code == 200
    assert "another long one" not in str(mails())
    # The link has been used.
    assert browser.get(link).status_code == 200


@pytest.mark.parametrize("path", ["/accounts/login/", "/accounts/password/reset/", "/accounts/signup/"])
def test_nothing_says_whether_an_address_has_an_account(ann: User, path: str) -> None:
    """The same answer, the same place, and one message either way."""
    seen = []
    for address in (ann.email, "nobody@acme.example"):
        browser, before = Browser(), AccountMail.objects.count()
        given = {
            "login": address,
            "email": address,
            "password": "wrong one",
            "password1": "a long new password",
        }
        answer = browser.post(path, given)
        page = browser.get(answer["Location"]) if answer.status_code == 302 else answer
        text = re.sub(r'value="[^"]*"|[\w.]+@acme.example', "", page.content.decode())
        seen.append((answer.status_code, answer.get("Location"), text, AccountMail.objects.count() - before))

    assert seen[0] == seen[1]


def test_a_session_is_a_new_one_after_signing_in(browser: Browser, ann: User) -> None:
    browser.get("/accounts/login/?next=/o/")
    browser.session["planted"] = "x"
    browser.session.save()
    before = browser.session.session_key
    sign_in(browser)

    assert browser.session.session_key != before


ELSEWHERE = [
    "https://evil.example/",
    "//evil.example/",
    "///evil.example",
    "http:evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "javascript:alert(1)",
    "https://localhost@evil.example/",
    " //evil.example",
    "http://127.0.0.1:9999/o/",
]


@pytest.mark.parametrize("path", ELSEWHERE)
def test_next_leads_nowhere_else(browser: Browser, ann: User, path: str) -> None:
    assert sign_in(browser, next=path)["Location"] == "/o/"


def test_next_is_kept(browser: Browser, ann: User) -> None:
    assert sign_in(browser, next="/o/acme/x/?a=b")["Location"] == "/o/acme/x/?a=b"


def test_forms_of_others_are_refused(ann: User) -> None:
    browser = Browser()
    browser.handler.enforce_csrf_checks = True

    assert sign_in(browser).status_code == 403


def test_guessing_is_slowed_down(browser: Browser, ann: User) -> None:
    for _ in range(5):
        assert "correct" in sign_in(browser, password="wrong").content.decode()

    assert "Too many" in sign_in(browser).content.decode()
    assert Browser().get("/accounts/login/").status_code == 200


def test_without_redis_people_sign_in_and_guessing_is_slowed_down(
    browser: Browser, ann: User, settings: Any, monkeypatch: Any
) -> None:
    monkeypatch.setattr("notifications.shared._silent_until", float("inf"))
    assert sign_in(browser).status_code == 302
    for _ in range(6):
        answer = sign_in(Browser(), password="wrong")

    assert "Too many" in answer.content.decode()


def test_cookies_are_of_app_hosts_alone(browser: Browser, ann: User) -> None:
    assert sign_in(browser).cookies
    for path in ("/accounts/login/", "/accounts/signup/"):
        answer = Browser().get(path, HTTP_HOST="acme.localhost")
        assert (answer.status_code, dict(answer.cookies)) == (404, {})


def test_whoever_is_locked_out_is_told_so_only_with_the_right_password(browser: Browser, ann: User) -> None:
    ann.is_active = False
    ann.save(update_fields=["is_active"])

    assert sign_in(browser, password="wrong").status_code == 200
    assert sign_in(browser, password=PASSWORD)["Location"] == "/accounts/inactive/"

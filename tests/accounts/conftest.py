"""People who sign in, and their mail."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.core.cache import cache

from accounts.models import AccountMail
from common.encryption import decrypt
from tenants.models import User
from tests.admin.browser import Browser
from tests.admin.conftest import browsers, people  # noqa: F401 who works for acme

PASSWORD = "correct horse battery"


@pytest.fixture(autouse=True)
def no_attempts_yet() -> Iterator[None]:
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def ann(db: None) -> User:
    return User.objects.create_user("ann@acme.example", PASSWORD, name="Ann")


@pytest.fixture
def browser(db: None) -> Browser:
    return Browser()


def mails() -> list[dict[str, Any]]:
    """What waits to be sent, oldest first."""
    return [
        {"to": one.to, **json.loads(decrypt(one.content, "account mail"))}
        for one in AccountMail.objects.all()
    ]


def sign_in(browser: Browser, email: str = "ann@acme.example", password: str = PASSWORD, **more: str) -> Any:
    return browser.post("/accounts/login/", {"login": email, "password": password, **more})

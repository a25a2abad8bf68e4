"""A browser at acme's page host, with nothing but headers: no cookies are kept."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

import pytest
import time_machine
from django.core.cache import caches
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from pages.models import StatusPage
from tests.mailing import mail, subscribed

__all__ = ["mail", "subscribed"]


@dataclass
class Browser:
    """`origin` is what it says of where a form came from."""

    host: str = "acme.localhost:8000"
    site: str | None = "same-origin"
    ip: str = "192.0.2.1"

    def get(self, path: str) -> HttpResponse:
        return self._do("get", path)

    def post(self, path: str, data: dict[str, Any] | None = None, **headers: str) -> HttpResponse:
        return self._do("post", path, data or {}, **headers)

    def _do(self, method: str, path: str, data: Any = None, **headers: str) -> HttpResponse:
        schema = connection.schema_name  # type: ignore[attr-defined]
        known = {"Sec-Fetch-Site": self.site} if self.site else {}
        client = Client(headers=known | headers)
        try:
            answer = getattr(client, method)(path, data, HTTP_HOST=self.host, REMOTE_ADDR=self.ip)
        finally:
            connection.set_schema(schema)  # type: ignore[attr-defined]
        assert not answer.cookies, "page hosts have no cookies"
        return answer  # type: ignore[no-any-return]


@pytest.fixture
def browser(page: StatusPage) -> Browser:
    caches["limits"].clear()
    return Browser()


@pytest.fixture
def fill_in(browser: Browser) -> Callable[..., HttpResponse]:
    """Opens the form, takes ten seconds, and sends it; again on the same day without opening it again."""

    @cache
    def ticket(_day: date) -> str:
        with time_machine.travel(timezone.now() - timedelta(seconds=10), tick=True):
            return hidden(browser.get("/subscriptions/new"), "ticket")

    def send(address: str, **answers: Any) -> HttpResponse:
        known = {"email": address, "incidents": "1", "maintenance": "1", "scope": "page"} | answers
        if "ticket" not in known:
            known["ticket"] = ticket(timezone.now().date())
        return browser.post("/subscriptions/new-email", known)

    return send


def hidden(answer: HttpResponse, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]+)"', answer.content.decode())
    assert found, answer.content.decode()
    return found[1]


def links(text: str) -> list[str]:
    """Paths of the links to subscriptions in a mail."""
    return re.findall(r"http://acme\.localhost:8000(/subscriptions/\S+)", text)

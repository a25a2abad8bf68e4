"""Whatever is sent as a form gets an answer in words."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote_from_bytes

import pytest
from django.core.cache import caches
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from hypothesis import HealthCheck, example, given
from hypothesis import strategies as st

from pages.models import StatusPage
from subscribers.links import Purpose, token
from subscribers.models import Subscriber
from tests.examples import examples
from tests.mailing import Add
from tests.public.conftest import Browser
from tests.public.test_subscribing import earlier_ticket

URLENCODED = "application/x-www-form-urlencoded"
FIELDS = [
    "email",
    "scope",
    "components",
    "groups",
    "incidents",
    "maintenance",
    "cadence",
    "website",
    "ticket",
]
VALUES = st.one_of(
    st.sampled_from([b"components", b"page", b"incident", b"all", b"\0", b"\xed\xa0\x80", b"a@example.org"]),
    st.binary(max_size=40),
)
ANSWERS = st.lists(st.tuples(st.sampled_from(FIELDS), VALUES), max_size=8)


def send(path: str, body: bytes, kind: str, ip: str = "192.0.2.1") -> HttpResponse:
    caches["limits"].clear()
    client = Client(headers={"Sec-Fetch-Site": "same-origin"}, raise_request_exception=False)
    schema = connection.schema_name  # type: ignore[attr-defined]
    try:
        known = {"HTTP_HOST": "acme.localhost:8000", "REMOTE_ADDR": ip}
        return client.generic("POST", path, body, kind, **known)  # type: ignore[return-value,arg-type]
    finally:
        connection.set_schema(schema)  # type: ignore[attr-defined]


def form(answers: list[tuple[str, bytes]]) -> bytes:
    return "&".join(f"{name}={quote_from_bytes(value)}" for name, value in answers).encode()


def parts(answers: list[tuple[str, bytes]]) -> bytes:
    head = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n%s\r\n'
    return b"".join(head % (name.encode(), value) for name, value in answers) + b"--x--\r\n"


@examples(60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    answers=ANSWERS, charset=st.sampled_from(["", "utf-8", "utf-7", "hex", "latin-1"]), split=st.booleans()
)
@example(answers=[("scope", b"components"), ("components", b"\0")], charset="", split=False)
@example(answers=[("scope", b"components"), ("groups", b"+2AA-")], charset="utf-7", split=True)
@example(answers=[("email", b"\xed\xa0\x80"), ("scope", b"page")], charset="hex", split=True)
def test_no_form_is_answered_with_an_error_of_ours(
    answers: list[tuple[str, bytes]], charset: str, split: bool, browser: Browser, subscribed: Add
) -> None:
    one = Subscriber.objects.first() or subscribed("ada")
    good = [("email", b"a@example.org"), ("incidents", b"1"), ("ticket", earlier_ticket(browser).encode())]
    kind = "multipart/form-data; boundary=x" if split else URLENCODED
    kind += f"; charset={charset}" if charset else ""
    # The last of two answers counts.
    body = parts(good + answers) if split else form(good + answers)
    manage = f"/subscriptions/{token(Purpose.MANAGE, one.page_id, one.pk, one.token_version)}"
    for path in ("/subscriptions/new-email", manage):
        answer = send(path, body, kind)
        assert answer.status_code in {200, 302, 422}, answer.content[:500]


@pytest.mark.parametrize("value", [b"\0", b"", b"A" * 12, b"a" * 33, "ä".encode(), b"a b", b"a\n"])
def test_what_is_no_id_is_said_to_be_none(value: bytes, page: StatusPage, browser: Browser) -> None:
    ticket = earlier_ticket(browser).encode()
    answers = [("email", b"a@example.org"), ("incidents", b"1"), ("ticket", ticket), ("scope", b"components")]
    answer = send("/subscriptions/new-email", form([*answers, ("components", value)]), URLENCODED)
    assert answer.status_code == 422
    assert "This cannot be chosen here" in answer.content.decode()


@pytest.mark.parametrize("ip", ["fe80::1%eth0", "unix:", "", "junk", "::ffff:192.0.2.1", "2001:db8::1"])
def test_a_visitor_of_any_address_or_none_is_taken(ip: str, page: StatusPage, browser: Browser) -> None:
    ticket = earlier_ticket(browser).encode()
    answers = [("email", b"a@example.org"), ("incidents", b"1"), ("ticket", ticket)]
    assert send("/subscriptions/new-email", form(answers), URLENCODED, ip).status_code == 302


def test_visitors_without_an_address_are_counted_together(browser: Browser, fill_in: Any) -> None:
    for number in range(20):
        browser.ip = f"socket {number}"
        assert fill_in(f"p{number}@example.org").status_code == 302
    browser.ip = "another"
    assert fill_in("last@example.org").status_code == 429

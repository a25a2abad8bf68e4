"""What a log line may not say."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import structlog
from django.core.cache import caches
from django.db import IntegrityError, OperationalError, connection, transaction
from django.test import Client

from pages.actions import update_page
from pages.models import StatusPage
from publishing.preview import preview_url
from statuspage import logs
from subscribers.actions import Who, add_confirmed
from subscribers.links import Purpose, confirm_url, leave_url, manage_url, token
from subscribers.models import Subscriber
from tests.conftest import ACTOR

Read = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Read]:
    """Reads what was logged since the test began."""
    stream = io.StringIO()
    configuration = logs.configuration("json")
    configuration["handlers"]["stderr"]["stream"] = stream
    logs.configure(configuration)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logs.configure(logs.configuration("json"))


def test_secrets_and_addresses_are_hidden(lines: Read) -> None:
    structlog.get_logger("x").info("sent", address="ada@example.com", api_token="s3cret", tenant="t1")
    [line] = lines()

    assert line["address"] == line["api_token"] == "[hidden]"
    assert line["tenant"] == "t1"


def test_what_is_bound_is_on_every_line(lines: Read) -> None:
    with structlog.contextvars.bound_contextvars(request_id="r1", page="p1"):
        logging.getLogger("somebody.else").warning("hello")
    [line] = lines()

    assert (line["request_id"], line["page"], line["event"]) == ("r1", "p1", "hello")


def test_the_databases_quotes_of_rows_are_left_out(lines: Read, page: StatusPage) -> None:
    try:
        with transaction.atomic():
            Subscriber.objects.create(
                page=page, address="ada@example.com", address_hash="x", state="nonsense"
            )
    except IntegrityError:
        structlog.get_logger("x").exception("failed")
    [line] = lines()

    assert "IntegrityError" in str(line["exception"])
    assert "ada@example.com" not in json.dumps(line)


def ask(method: str, host: str, path: str) -> int:
    """The status that is answered, as a browser would ask."""
    schema = connection.schema_name  # type: ignore[attr-defined]
    client = Client(headers={"host": host, "Sec-Fetch-Site": "same-origin"}, raise_request_exception=False)
    try:
        return int(getattr(client, method)(path, {"scope": "nonsense"}).status_code)
    finally:
        connection.set_schema(schema)  # type: ignore[attr-defined]


def test_no_signed_link_gets_into_a_line_whatever_is_answered(
    lines: Read, page: StatusPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    caches["limits"].clear()
    one = add_confirmed(page, Who("ada@example.com"), ACTOR, "test")
    own = ("", page.pk, one.pk, one.token_version)
    manage, confirm, leave = manage_url(*own), confirm_url(*own), leave_url(*own)
    wrong = f"/subscriptions/{token(Purpose.MANAGE, 'x', one.pk, 1)}"
    host = "acme.localhost:8000"
    answered = [
        ask("post", host, manage),
        *(ask("put", host, path) for path in (manage, confirm, leave)),
        *(
            ask("get", host, path)
            for path in (wrong, f"{wrong}/nothing", f"/subscriptions/confirm/{own[1]}x")
        ),
    ]
    update_page(page, ACTOR, published=False)
    preview = urlsplit(preview_url(page)).path
    answered += [ask("post", "localhost", preview), ask("get", "localhost", f"{preview}nothing")]
    monkeypatch.setattr("subscribers.models.SubscriberQuerySet.of_page", _away)
    update_page(page, ACTOR, published=True)
    answered.append(ask("get", host, manage))

    assert {404, 405, 422, 503} <= set(answered)
    said = lines()
    text = json.dumps(said)
    assert {line["status_code"] for line in said if line["logger"] == "django.request"} >= {
        404,
        405,
        422,
        503,
    }
    assert "/subscriptions/[hidden]/unsubscribe" in text
    assert "/subscriptions/confirm/[hidden]" in text
    assert "/preview/[hidden]/" in text
    assert one.pk not in text
    for signed in (manage, confirm, leave, preview, wrong):
        assert max(signed.split("/"), key=len) not in text


def _away(*_args: object) -> None:
    message = "the connection is closed"
    raise OperationalError(message)


def test_extras_and_tracebacks_are_no_way_around(lines: Read, page: StatusPage) -> None:
    made = token(Purpose.MANAGE, page.pk, "x" * 12, 1)
    message = f"https://x.example/subscriptions/{made}?a=1"
    try:
        raise ValueError(message)
    except ValueError:
        logging.getLogger("x").exception("Failed", extra={"request": made, "path": f"/subscriptions/{made}"})
    structlog.get_logger("x").info("asked", path=f"/preview/{made}/history")

    failed, asked = lines()
    assert made not in json.dumps(failed)
    assert "/subscriptions/[hidden]?a=1" in failed["exception"]
    assert asked["path"] == "/preview/[hidden]/history"


def test_paths_without_secrets_stay_readable(lines: Read) -> None:
    for path in ("/subscriptions/new-email", "/api/v2/summary.json", "/incidents/0123456789ab"):
        logging.getLogger("django.request").warning("Not Found: %s", path)

    assert [line["event"].removeprefix("Not Found: ") for line in lines()] == [
        "/subscriptions/new-email",
        "/api/v2/summary.json",
        "/incidents/0123456789ab",
    ]

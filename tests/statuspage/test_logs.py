"""What a log line may not say."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog
from django.db import IntegrityError, transaction

from pages.models import StatusPage
from statuspage import logs
from subscribers.models import Subscriber

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

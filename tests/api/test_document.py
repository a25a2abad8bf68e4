"""The API's document: as it was looked at, true, and readable in a browser."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import schemathesis
from django.contrib.staticfiles import finders
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings

from api.operations import Operation
from api.schema.document import document
from pages.models import StatusPage
from tenants.models import Tenant, User
from tests.api.cases import TABLE, build
from tests.api.conftest import Machine, machine
from tests.api.promised import lies
from tests.api.undoing import undone
from tests.examples import THOROUGH
from tests.golden import Golden


def test_the_document_is_as_it_was_looked_at(golden: Golden) -> None:
    golden.check("api/openapi.json", json.dumps(document(), indent=1, ensure_ascii=False) + "\n")


def test_every_operation_is_in_the_document() -> None:
    named = {one["operationId"] for methods in document()["paths"].values() for one in methods.values()}
    assert named == set(TABLE)
    for methods in document()["paths"].values():
        for one in methods.values():
            assert one["summary"].endswith("."), one["operationId"]


def test_whatever_the_document_allows_is_answered_as_it_says(
    page: StatusPage, owner: User, acme: Tenant
) -> None:
    """Bodies and queries made out of the document, on rows that there are: never a 500."""
    world, key = build(page, acme.pk), machine(owner, acme, per_minute=100_000)
    schema = schemathesis.openapi.from_dict(document())
    for found in schema.get_all_operations():
        made = found.ok()
        operation = TABLE[made.definition.raw["operationId"]]
        if operation.takes or operation.parameters:
            try_each(made, operation, key, world)


def try_each(made: Any, operation: Operation, key: Machine, world: Any) -> None:
    # What was made is shown as it is: making it smaller takes longer than reading it.
    @settings(
        max_examples=3 if THOROUGH else 2,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    @given(case=made.as_strategy())
    def attempt(case: Any) -> None:
        query = "&".join(f"{name}={value}" for name, value in (case.query or {}).items())
        path = world.path(operation) + (f"?{re.sub(r'[^!-~]', '%20', query)}" if query else "")
        body = case.body if isinstance(case.body, dict | list | str | int) else None
        with undone():
            answer = key.ask(operation.method, path, body)
        assert lies(operation, answer.status, answer.json) == [], (path, body)

    attempt()


def test_the_document_can_be_read_and_tried() -> None:
    answer = Client().get("/api/docs", headers={"Host": "localhost"})
    policy = answer.headers["Content-Security-Policy"]
    assert answer.status_code == 200
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assets = re.findall(r'(?:src|href)="/static/([^"]+)"', answer.content.decode())
    assert len(assets) == 3
    assert all(finders.find(asset) for asset in assets)
    assert not re.search(r"(src|href)=.https?:|<script>|style=|onload", answer.content.decode())
    assert Client().get("/api/openapi.json", headers={"Host": "localhost"}).json() == json.loads(
        json.dumps(document())
    )


@pytest.mark.parametrize("path", ["/api/docs", "/api/openapi.json"])
def test_the_document_is_only_read(path: str) -> None:
    assert Client().post(path, headers={"Host": "localhost"}).status_code == 405

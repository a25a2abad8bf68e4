"""A machine with a key, at acme's app host."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.cache import caches
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connection
from django.test import Client
from django.test.client import ClientHandler

from pages.models import StatusPage
from tenants.actions import set_role
from tenants.keys import create_key
from tenants.models import Role, Scope, Tenant, User
from tests.conftest import ACTOR

EVERYTHING = [scope.value for scope in Scope]
# One for all clients: each would make every middleware anew.
_HANDLER = ClientHandler(enforce_csrf_checks=False)


@dataclass
class Answer:
    """`json` is None where there is no body."""

    status: int
    json: Any
    headers: dict[str, str]


@dataclass
class Machine:
    """`base` is what addresses begin with."""

    token: str = ""
    base: str = "/v1"
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, **headers: str) -> Answer:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.ask("POST", path, body, **headers)

    def patch(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.ask("PATCH", path, body, **headers)

    def put(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.ask("PUT", path, body, **headers)

    def delete(self, path: str, body: Any = None, **headers: str) -> Answer:
        return self.ask("DELETE", path, body, **headers)

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """`body`: JSON, unless it is bytes."""
        kind = "application/json" if body is not None and not isinstance(body, bytes) else ""
        return self.send(method, path, body, kind, **headers)

    def send(self, method: str, path: str, body: Any, content_type: str, **headers: str) -> Answer:
        if not isinstance(body, bytes):
            body = b"" if body is None else json.dumps(body, cls=DjangoJSONEncoder).encode()
        known = {"Authorization": f"OAuth {self.token}"} if self.token else {}
        schema = connection.schema_name  # type: ignore[attr-defined]
        client = Client(headers=known | self.headers | {k.replace("_", "-"): v for k, v in headers.items()})
        client.handler = _HANDLER
        try:
            found = client.generic(
                method, self.base + path, body, content_type, HTTP_HOST="localhost", REMOTE_ADDR="192.0.2.1"
            )
            assert connection.schema_name == "public"  # type: ignore[attr-defined]
        finally:
            connection.set_schema(schema)  # type: ignore[attr-defined]
        assert not found.cookies
        assert found.headers.get("Content-Type") == (None if found.status_code == 204 else "application/json")
        return Answer(found.status_code, found.json() if found.content else None, dict(found.headers))


def person(email: str, tenant: Tenant, role: Role | None = Role.OWNER) -> User:
    found = User.objects.create_user(email)
    if role is not None:
        set_role(found, tenant, role, ACTOR)
    return found


def machine(user: User, tenant: Tenant, scopes: list[str] | None = None, **fields: Any) -> Machine:
    issued = create_key(user, tenant, ACTOR, name="Test", scopes=scopes or EVERYTHING, **fields)
    return Machine(issued.token)


@pytest.fixture
def owner(acme: Tenant) -> User:
    caches["limits"].clear()
    return person("owner@example.com", acme)


@pytest.fixture
def api(owner: User, acme: Tenant, page: StatusPage) -> Machine:
    """A key of acme's owner that may do everything; addresses begin at acme's page."""
    known = machine(owner, acme, per_minute=100_000)
    known.base = f"/v1/pages/{page.pk}"
    return known

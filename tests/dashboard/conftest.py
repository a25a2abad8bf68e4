"""The people of the admin's tests, at the dashboard; and a page that has one of everything."""

from __future__ import annotations

from dataclasses import dataclass
from html.parser import HTMLParser
from typing import Any

import pytest
from django.db import connection
from django.http import HttpResponse

from components.actions import create_component
from components.models import Component
from incidents.actions.incident import open_incident
from incidents.models import Incident
from incidents.steps import Words
from pages.models import StatusPage
from tenants.models import User
from tests.admin.browser import Arriving
from tests.admin.conftest import people  # noqa: F401 (a fixture)
from tests.conftest import ACTOR


class Forms(HTMLParser):
    """The forms of a document, each with its address and what it would send."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, Any]]] = []
        self._list = self._area = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append((given.get("action", ""), {}))
        elif self.found and tag in ("input", "select", "option", "textarea"):
            getattr(self, f"_{tag}")(given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._list = ""
        elif tag == "textarea":
            self._area = ""

    def handle_data(self, data: str) -> None:
        if self._area:
            self._values[self._area] += data.removeprefix("\n")

    @property
    def _values(self) -> dict[str, Any]:
        return self.found[-1][1]

    def _input(self, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        if "name" not in given or (kind in ("checkbox", "radio") and "checked" not in given):
            return
        self._values[given["name"]] = given.get("value", "on" if kind == "checkbox" else "")

    def _select(self, given: dict[str, str]) -> None:
        self._list = given["name"]

    def _option(self, given: dict[str, str]) -> None:
        if self._list and (self._list not in self._values or "selected" in given):
            self._values[self._list] = given.get("value", "")

    def _textarea(self, given: dict[str, str]) -> None:
        self._area = given["name"]
        self._values[self._area] = ""


class Visitor(Arriving):
    """A browser without JavaScript at the app host."""

    def request(self, **request: Any) -> Any:
        """The connection stays in the schema of the test, which requests leave."""
        before = connection.tenant  # type: ignore[attr-defined]
        try:
            return super().request(**request)
        finally:
            connection.set_tenant(before)  # type: ignore[attr-defined]

    def see(self, address: str) -> str:
        answer = self.get(address, follow=True)
        assert answer.status_code == 200, answer
        return answer.content.decode()

    def fill(self, address: str, has: str) -> dict[str, Any]:
        """What the form that has the field `has` holds, on the screen at `address`."""
        forms = [values for _action, values in Forms(self.see(address)).found if has in values]
        assert forms, f"No form at {address} has {has}."
        return forms[0]

    def send(self, address: str, has: str, /, **typed: Any) -> HttpResponse:
        """Fill in the form that has the field `has`, and send it to its own screen."""
        data = self.fill(address, has) | typed
        origin = {"HTTP_REFERER": f"http://localhost{address}"}
        return self.post(address, {k: v for k, v in data.items() if v is not None}, **origin)  # type: ignore[return-value]


@dataclass
class Place:
    """A page of acme with two components and one open incident, and its addresses."""

    page: StatusPage
    api: Component
    website: Component
    incident: Incident

    @property
    def home(self) -> str:
        return f"/o/acme/p/{self.page.pk}/"

    @property
    def incidents(self) -> str:
        return f"{self.home}incidents/"

    @property
    def shown(self) -> str:
        return f"{self.incidents}{self.incident.pk}/"


@pytest.fixture
def place(page: StatusPage) -> Place:
    api, website = (create_component(page, ACTOR, name=name) for name in ("API", "Website"))
    words = Words("investigating", "We are looking.", components={api.pk: "partial_outage"})
    return Place(page, api, website, open_incident(page, ACTOR, words, name="Slow answers"))


@pytest.fixture
def visitors(people: dict[str, User | None]) -> dict[str, Visitor]:  # noqa: F811
    return {name: Visitor(user) for name, user in people.items()}


@pytest.fixture
def editor(visitors: dict[str, Visitor]) -> Visitor:
    return visitors["editor"]

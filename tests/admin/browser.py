"""What a person does with a form: what it holds when it is shown, with some of it changed, is sent."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

from asgiref.sync import async_to_sync
from django.http import HttpResponse
from django.test import Client

from tenants.models import User


class Fields(HTMLParser):
    """The successful controls of the last form of a document (the first ones are the header's)."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.values: dict[str, Any] = {}
        self._select = self._textarea = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        getattr(self, f"_on_{tag}", lambda given: None)(given)

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = ""
        if tag == "textarea":
            self._textarea = ""

    def handle_data(self, data: str) -> None:
        if self._textarea:
            # Browsers drop the line break that follows the tag.
            self.values[self._textarea] += data.removeprefix("\n")

    def _on_form(self, given: dict[str, str]) -> None:
        self.values = {}

    def _on_input(self, given: dict[str, str]) -> None:
        kind = given.get("type", "text")
        if (
            "name" not in given
            or kind in ("submit", "file")
            or (kind in ("checkbox", "radio") and "checked" not in given)
        ):
            return
        value = given.get("value", "on" if kind == "checkbox" else "")
        if kind == "checkbox" and given["name"] in self.values:
            value = [*_listed(self.values[given["name"]]), value]  # type: ignore[assignment]
        self.values[given["name"]] = value

    def _on_select(self, given: dict[str, str]) -> None:
        self._select = given["name"]

    def _on_option(self, given: dict[str, str]) -> None:
        first = self._select not in self.values
        if self._select and (first or "selected" in given):
            self.values[self._select] = given.get("value", "")

    def _on_textarea(self, given: dict[str, str]) -> None:
        self._textarea = given["name"]
        self.values[self._textarea] = ""


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def said_by(answer: Any) -> str:
    """The text of an answer, also of one that comes in parts."""

    async def collected() -> bytes:
        return b"".join([part async for part in answer])

    return str((async_to_sync(collected)() if answer.streaming else answer.content).decode())


class Arriving(Client):
    """At the app host. `user` is signed in, or nobody."""

    def __init__(self, user: User | None = None, **more: Any) -> None:
        super().__init__(HTTP_HOST="localhost", HTTP_USER_AGENT="tests", **more)
        self._arriving = user

    def generic(self, *args: Any, **kwargs: Any) -> Any:
        self.arrive()
        return super().generic(*args, **kwargs)

    @property
    def session(self) -> Any:
        self.arrive()
        return super().session

    def arrive(self) -> None:
        """Whoever asks for nothing need not sign in."""
        if self._arriving is not None:
            self.force_login(self._arriving)

    def force_login(self, user: Any, backend: str | None = None) -> None:
        self._arriving = None
        super().force_login(user, backend)


class Browser(Arriving):
    def shown(self, address: str) -> dict[str, Any]:
        """What the form at `address` holds."""
        response = self.get(address)
        assert response.status_code == 200, response
        return Fields(response.content.decode()).values

    def send(self, address: str, /, **changed: Any) -> HttpResponse:
        """Fill in the form at `address` and save it."""
        return self.post(address, self.shown(address) | changed)  # type: ignore[return-value]

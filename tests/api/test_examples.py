"""What docs/api.md shows works as it stands there."""

from __future__ import annotations

import re
import shlex

import pytest

from components.models import Component
from pages.models import StatusPage
from tests.api.conftest import Machine
from tests.repository.tree import ROOT

EXAMPLES = re.findall(r"(?s)```sh\n(curl .*?)```", (ROOT / "docs" / "api.md").read_text(encoding="utf-8"))


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 5


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_works(api: Machine, page: StatusPage, component: Component, example: str) -> None:
    for name, value in (("$PAGE", page.pk), ("$COMPONENT", component.pk), ("$KEY", api.token)):
        example = example.replace(name, value)
    words = shlex.split(example.replace("\\\n", " "))
    method, address, headers, data = "GET", "", {}, []
    for place, word in enumerate(words):
        if word == "-X":
            method = words[place + 1]
        elif word == "-H":
            name, _colon, value = words[place + 1].partition(": ")
            headers[name] = value
        elif word == "-d":
            data.append(words[place + 1])
        elif word.startswith("$BASE"):
            address = word.removeprefix("$BASE")
    # What curl says where nobody says anything.
    kind = headers.pop("Content-Type", "application/x-www-form-urlencoded")
    answer = Machine(base="").send(method, address, "&".join(data).encode(), kind, **headers)
    assert answer.status in {200, 201}, answer.json
    assert answer.json

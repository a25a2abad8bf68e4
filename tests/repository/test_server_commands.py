"""However the service is started, its server keeps no log of requests and takes the short way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from statuspage.supervisor.programs import Setup, service
from tests.repository.tree import ROOT

_COMMAND = re.compile(r"uvicorn (?:edge|statuspage)\.asgi:application(?:[^\n`|\\]|\\\n)*")


def written() -> list[str]:
    """What documentation and examples say."""
    files = [ROOT / "docs" / "operating.md", *(ROOT / "docs" / "examples").iterdir()]
    return [command for file in files if file.is_file() for command in _COMMAND.findall(file.read_text())]


def started() -> str:
    """What `make run` does."""
    setup = Setup(ROOT, {}, 8000, None, Path("mail"), "instance")
    programs = [program for stage in service(setup).stages for program in stage]
    return next(" ".join(program.command) for program in programs if program.name == "web")


def test_there_is_something_to_look_at() -> None:
    assert len(written()) >= 5


@pytest.mark.parametrize("command", [*written(), started()])
def test_a_server_keeps_no_log_of_requests(command: str) -> None:
    """Links in mail carry their token in the path."""
    assert "--no-access-log" in command
    assert "--http edge.protocol:Protocol" in command

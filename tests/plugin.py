"""Starts the servers that tests need before Django reads its settings (`-p tests.plugin`)."""

from __future__ import annotations

import atexit
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import pytest

from tests.services import postgres, valkey

_servers = ExitStack()
# Also where pytest gives up before it has begun.
atexit.register(_servers.close)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests() -> Iterator[None]:
    base = Path(_servers.enter_context(tempfile.TemporaryDirectory(prefix="statuspage-tests-")))
    for name in ("postgres", "valkey", "store"):
        (base / name).mkdir()
    os.environ.update(
        DEBUG="true",
        SECRET_KEY="only for tests",
        STORE_DIR=str(base / "store"),
        DATABASE_POOL="0",
        PUBLIC_PORT="8000",
        LOG_FORMAT="json",
        DATABASE_URL=_servers.enter_context(postgres(base / "postgres")),
        REDIS_URL=f"{_servers.enter_context(valkey(base / 'valkey'))}/0",
    )
    return (yield)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--snapshot-update", action="store_true", help="write the golden files anew")


def pytest_configure() -> None:
    # How long an example takes says more about the machine than about the code.
    hypothesis.settings.register_profile("statuspage", deadline=None)
    hypothesis.settings.load_profile("statuspage")


def pytest_unconfigure() -> None:
    _servers.close()

"""Starts the servers that tests need before Django reads its settings (`-p tests.plugin`)."""

from __future__ import annotations

import atexit
import gc
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import pytest

from tests import prepared
from tests.examples import examples
from tests.services import postgres, valkey

# Objects: a test makes many, and leaves few in circles.
_LOOKED_THROUGH_AFTER = 20_000
_servers = ExitStack()
# Also where pytest gives up before it has begun.
atexit.register(_servers.close)


@pytest.hookimpl(wrapper=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Iterator[None]:
    # What is imported and collected stays, and would be looked through again and again.
    gc.disable()
    os.environ.update(
        DEBUG="true",
        SECRET_KEY="only for tests",
        DATABASE_POOL="0",
        PUBLIC_PORT="8000",
        LOG_FORMAT="json",
    )
    # Who only hands tests out to workers needs no servers; each worker has its own.
    if early_config.known_args_namespace.numprocesses and "PYTEST_XDIST_WORKER" not in os.environ:
        os.environ.update(DATABASE_URL="postgresql://127.0.0.1:1/none", STORE_DIR=os.devnull)
    else:
        _start_servers()
    return (yield)


def _start_servers() -> None:
    base = Path(_servers.enter_context(tempfile.TemporaryDirectory(prefix="statuspage-tests-")))
    for name in ("postgres", "valkey", "store"):
        (base / name).mkdir()
    prepared.copy_to(base / "postgres")
    os.environ.update(
        STORE_DIR=str(base / "store"),
        DATABASE_URL=_servers.enter_context(postgres(base / "postgres")),
        REDIS_URL=f"{_servers.enter_context(valkey(base / 'valkey'))}/0",
    )


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--snapshot-update", action="store_true", help="write the golden files anew")


def pytest_collection_finish() -> None:
    gc.freeze()
    gc.set_threshold(_LOOKED_THROUGH_AFTER)
    gc.enable()


def pytest_configure() -> None:
    hypothesis.settings.register_profile("statuspage", examples(100))
    hypothesis.settings.load_profile("statuspage")


def pytest_unconfigure() -> None:
    _servers.close()

"""Clients of the original, as PyPI and npm have them, against a real web process.

They are installed once into `var/clients`, apart from what we depend on ourselves: some ask for old versions.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from statuspage.supervisor.children import Program
from statuspage.supervisor.ports import is_free
from tests.api import original
from tests.api.cases import TABLE
from tests.live import ROOT, Live
from tests.services import any_port, running

CLIENTS = ROOT / "tests" / "clients"
pytestmark = [pytest.mark.process, pytest.mark.timeout(600)]

# A page that is not launched: nobody waits until it is published.
_WORLD = """
from events.actor import SYSTEM
from pages.actions import create_page, update_page
from tenants.keys import create_key
from tenants.models import Role
from tests.api.cases import build
from tests.api.conftest import EVERYTHING, person
with in_tenant(acme.id):
    page = update_page(create_page(SYSTEM, name="Acme", slug="acme"), SYSTEM, published=False)
    world = build(page, acme.id)
    owner = person("owner@example.com", acme)
    issued = create_key(owner, acme, SYSTEM, name="Client", scopes=EVERYTHING, per_minute=100_000)
    rows = {}
    for one in TABLE.values():
        path = world.path(one)
        ids = [part for part, name in zip(path[1:].split("/"), one.path.split("/")) if name.startswith("{")]
        rows[f"{one.method} {place(one.path)}"] = [ids, world.body(one)]
answer({"key": issued.token, "ids": world.ids, "rows": rows})
"""
_IMPORTS = "from tests.api.cases import TABLE\nfrom tests.api.original import place\n"
# What api.md says does not work on the original either.
_TYPOS = {
    "page_get_list_unsubscribed",
    "page_get_histogram_of_subscribers_with_state",
    "page_update_incident_updates",
}


@dataclass
class Served:
    base: str
    key: str
    ids: dict[str, str]
    rows: dict[str, Any]


@pytest.fixture(scope="session")
def installed() -> Path:
    """A folder with the clients from PyPI, kept until what is asked for changes."""
    asked = (CLIENTS / "requirements.txt").read_bytes()
    folder = ROOT / "var" / "clients" / f"python-{hashlib.sha256(asked).hexdigest()[:16]}"
    if not (folder / "installed").exists():
        uv = Path(sys.executable).with_name("uv")
        command = [str(uv), "pip", "install", "--quiet", "--no-deps", "--target", str(folder)]
        done = subprocess.run(
            [*command, "-r", str(CLIENTS / "requirements.txt")], capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr
        (folder / "installed").touch()
    return folder


@pytest.fixture
def served(live: Live, tmp_path: Path) -> Iterator[Served]:
    """A page with something of everything, and the address of a web process that serves its API."""
    made = live.run(_IMPORTS + _WORLD)
    port = any_port()
    command = [sys.executable, "-m", "uvicorn", "statuspage.asgi:application", "--port", str(port)]
    listens = Program(
        "web",
        [*command, "--no-access-log"],
        live.env,
        is_ready=lambda _pid: not is_free(port),
        ready_seconds=60,
        port=port,
    )
    with running(listens, tmp_path):
        yield Served(f"http://127.0.0.1:{port}", **made)


def ask(installed: Path, name: str, served: Served, **more: Any) -> Any:
    """What the script of that name prints."""
    given = {"base": served.base, "key": served.key, "ids": served.ids, "now": int(time.time())} | more
    done = subprocess.run(
        [sys.executable, str(CLIENTS / name)],
        input=json.dumps(given | {"metrics": "add_metric" in TABLE}),
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def failures(found: dict[str, str]) -> dict[str, str]:
    return {name: said for name, said in found.items() if said != "ok"}


def test_atlassian_python_api_works(installed: Path, served: Served) -> None:
    said = ask(installed, "atlassian_python.py", served)
    assert failures(said["found"]) == {}
    assert set(said["offered"]) - said["found"].keys() == _TYPOS


def test_crunch_statuspageio_works(installed: Path, served: Served) -> None:
    said = ask(installed, "crunch.py", served)
    assert failures(said["found"]) == {}
    assert set(said["offered"]) == said["found"].keys()


def test_atlassian_statuspage_works(installed: Path, served: Served) -> None:
    """It takes the id of a page for a number where it reads a source of metrics: api.md, section 1."""
    found = ask(installed, "swagger.py", served, rows=served.rows)
    assert len(found) >= len(original.operations()) - 2
    assert failures(found) == {}

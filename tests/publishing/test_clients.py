"""Clients of Statuspage, as npm has them, against a real edge.

They are installed once into `var/clients`. Where there is no Node.js the tests cannot run: they say so,
and with CI set they fail.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from components.actions import create_component, create_group
from incidents.actions.incident import open_incident
from incidents.actions.maintenance import schedule_maintenance
from incidents.steps import Words
from pages.models import StatusPage
from publishing.storage import store
from store import HostEntry
from tests.conftest import ACTOR
from tests.publishing.published import drain_publishing
from tests.services import any_port

ROOT = Path(__file__).parents[2]
CLIENTS = ROOT / "tests" / "clients"
pytestmark = pytest.mark.process


@pytest.fixture(scope="session")
def installed() -> Path:
    """A folder with the clients, kept until what is asked for changes."""
    if not shutil.which("npm") or not shutil.which("node"):
        message = "Node.js and npm are missing: clients of Statuspage are NOT tested here."
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    asked = (CLIENTS / "package-lock.json").read_bytes()
    folder = ROOT / "var" / "clients" / hashlib.sha256(asked).hexdigest()[:16]
    if not (folder / "installed").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(CLIENTS / name, folder)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        (folder / "installed").touch()
    return folder


@pytest.fixture
def served(page: StatusPage) -> Iterator[str]:
    """The address of an edge that serves a page with something of everything."""
    inside = create_component(page, ACTOR, name="API")
    create_component(page, ACTOR, name="Web")
    create_group(page, ACTOR, name="Backend", components=[inside.pk])
    words = Words("investigating", "We are looking.", components={inside.pk: "major_outage"})
    open_incident(page, ACTOR, words, name="Slow answers")
    begin = timezone.now() + timedelta(days=1)
    schedule_maintenance(
        page,
        ACTOR,
        name="New machines",
        scheduled_for=begin,
        scheduled_until=begin + timedelta(hours=1),
        components=[inside.pk],
    )
    drain_publishing()
    hosts = ("127.0.0.1", f"{page.pk}.localhost")
    store().put_hosts(10**9, {host: HostEntry(page.pk, page.primary_host, "id", True) for host in hosts})
    with edge() as address:
        yield address


class edge:  # noqa: N801 used as a function
    """A process of the edge over the test's own store."""

    def __enter__(self) -> str:
        port = any_port()
        command = [sys.executable, "-m", "uvicorn", "edge.asgi:application", "--port", str(port)]
        environment = {name: value for name, value in os.environ.items() if not name.endswith("REDIS_URL")}
        self.process = subprocess.Popen(
            [*command, "--log-level", "warning"],
            cwd=ROOT,
            env=environment | {"STORE_DIR": str(settings.STORE_DIR)},
        )
        address = f"http://127.0.0.1:{port}"
        for _ in range(1_000):
            time.sleep(0.1)
            try:
                urllib.request.urlopen(f"{address}/api/v2/status.json", timeout=1)  # noqa: S310 loopback
            except OSError:
                assert self.process.poll() is None, "The edge has ended."
            else:
                return address
        message = "The edge does not answer."
        raise AssertionError(message)

    def __exit__(self, *_: object) -> None:
        self.process.terminate()
        self.process.wait(60)


def ask(folder: Path, client: str, address: str, page: StatusPage) -> Any:
    script = shutil.copy(CLIENTS / "ask.js", folder)
    command = ["node", str(script), client, address, f"{page.pk}.localhost"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_clients_of_statuspage_read_our_pages(installed: Path, served: str, page: StatusPage) -> None:
    """One server for all of them, for it takes longest."""
    rest = {"components": ["Backend", "API", "Web"], "upcoming": ["New machines"]}
    line = {"indicator": "major", "description": "Partial System Outage"}

    counted = {"incidents": ["Slow answers"], "all": 1}
    assert ask(installed, "statuspage.io", served, page) == line | rest | counted

    aero = ask(installed, "@aero/statuspage", served, page)
    assert aero | {"summary": None} == line | rest | {"incidents": ["Slow answers"], "summary": None}

    dated = ask(installed, "statuspage.js", served, page)
    assert dated.pop("updated").endswith("Z")
    assert dated == line | {"components": rest["components"], "incidents": ["We are looking."]}

    assert "Partial System Outage" in ask(installed, "@statuspage/status-widget", served, page)["text"]

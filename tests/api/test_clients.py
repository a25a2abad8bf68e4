"""Clients of the original, as PyPI and npm have them, against a real web process.

They are installed once into `var/clients`, apart from what we depend on ourselves: some ask for old versions.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.api.web import web
from tests.live import ROOT, Live
from tests.programs import program

CLIENTS = ROOT / "tests" / "clients"
MANAGEMENT = CLIENTS / "management"
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
_POINTS = """
from metrics.models import MetricPoint
with in_tenant(acme.id):
    answer(MetricPoint.objects.count())
"""
_IMPORTS = "from tests.api.cases import TABLE\nfrom tests.api.original import place\n"
# What api.md says does not work on the original either.
_TYPOS = {
    "page_get_list_unsubscribed",
    "page_get_histogram_of_subscribers_with_state",
    "page_update_incident_updates",
}
# Its calls without a body, of operations that are nothing without one.
_WITHOUT_BODY = {
    "ComponentsApi.post_pages_page_id_components_component_id_page_access_groups",
    "ComponentsApi.post_pages_page_id_components_component_id_page_access_users",
}
HOST = "api.statuspage.io"
_NO_NUMBER = "ValueError: invalid literal for int()"


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


@pytest.fixture(scope="session")
def node_clients() -> Path:
    """A folder with the clients from npm."""
    if not shutil.which("npm") or not shutil.which("node"):
        message = "Node.js and npm are missing: clients of Statuspage are NOT tested here."
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    asked = (MANAGEMENT / "package-lock.json").read_bytes()
    folder = ROOT / "var" / "clients" / f"management-{hashlib.sha256(asked).hexdigest()[:16]}"
    if not (folder / "installed").exists():
        folder.mkdir(parents=True, exist_ok=True)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(MANAGEMENT / name, folder)
        command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        (folder / "installed").touch()
    return folder


@pytest.fixture
def served(live: Live, tmp_path: Path) -> Iterator[Served]:
    """A page with something of everything, and the address of a web process that serves its API."""
    made = live.run(_IMPORTS + _WORLD)
    with web(live, tmp_path) as port:
        yield Served(f"http://127.0.0.1:{port}", **made)


def ask(installed: Path, name: str, served: Served, **more: Any) -> Any:
    """What the script of that name prints."""
    given = {"base": served.base, "key": served.key, "ids": served.ids, "now": int(time.time())} | more
    done = subprocess.run(
        [sys.executable, str(CLIENTS / name)],
        input=json.dumps(given),
        env=os.environ | {"PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def failures(found: dict[str, str]) -> str:
    """A line for each call that did not do what it should."""
    return "\n".join(f"{name}: {said}" for name, said in found.items() if said != "ok")


def test_atlassian_python_api_works(installed: Path, served: Served) -> None:
    said = ask(installed, "atlassian_python.py", served)
    assert failures(said["found"]) == ""
    assert set(said["offered"]) - said["found"].keys() == _TYPOS


def test_crunch_statuspageio_works(installed: Path, served: Served) -> None:
    said = ask(installed, "crunch.py", served)
    assert failures(said["found"]) == ""
    assert set(said["offered"]) == said["found"].keys()


def test_atlassian_statuspage_works(installed: Path, served: Served) -> None:
    """Some of its calls take a body by the original's document, and it has no way to send one."""
    found = ask(installed, "swagger.py", served, rows=served.rows)
    assert all(found.pop(name).startswith("ApiException") for name in _WITHOUT_BODY)
    # It takes the id of a page for a number where it reads a source of metrics, as api.md knows.
    sources = [name for name in found if name.startswith("MetricProvidersApi.")]
    odd = {name: found.pop(name) for name in sources if found[name].startswith(_NO_NUMBER)}
    assert 0 < len(odd) < len(sources)
    assert failures(found) == ""
    assert len(found) > 90


# With a fixed host --------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A folder with `chain.pem` and `key.pem` for the original's own host."""
    made = ["-keyout", str(tmp_path / "key.pem"), "-out", str(tmp_path / "chain.pem"), "-days", "2"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=tests"]
    names = ["-addext", f"subjectAltName=DNS:{HOST}"]
    command = [program("openssl"), "req", "-x509", *kind, *names, *made]
    subprocess.run(command, check=True, capture_output=True)
    return tmp_path


def test_clients_with_a_fixed_host_work(
    node_clients: Path, live: Live, certificate: Path, tmp_path: Path
) -> None:
    made = live.run(_IMPORTS + _WORLD)
    tls = ["--ssl-keyfile", str(certificate / "key.pem"), "--ssl-certfile", str(certificate / "chain.pem")]
    with web(live, tmp_path, *tls, APP_HOSTS=f"localhost,127.0.0.1,{HOST}") as port:
        own = {"NODE_EXTRA_CA_CERTS": str(certificate / "chain.pem"), "ONWARD_PORT": str(port)}

        backstage = ask_node(node_clients, "@axis-backstage/plugin-statuspage-backend", made, own)
        assert ["API", False] in backstage["components"]
        assert ["Group", True] in backstage["components"]
        assert backstage["groups"] == [["Group", 1]]

        graphout = ask_node(node_clients, "graphout-output-statuspage-io", made, own)
        assert graphout["levels"] == ["debug", "info"], graphout["said"]
    assert live.run(_POINTS) == 1


def ask_node(folder: Path, client: str, made: dict[str, Any], own: dict[str, str]) -> Any:
    for name in ("ask.js", "onward.js"):
        shutil.copy(MANAGEMENT / name, folder)
    command = ["node", "-r", "./onward.js", "ask.js", client, made["key"], made["ids"]["page_id"]]
    done = subprocess.run(
        command, cwd=folder, env=os.environ | own, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)

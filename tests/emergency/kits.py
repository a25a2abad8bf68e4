"""A published page, a kit for it, and `emergency.py` as an operator's laptop runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from publishing import render
from publishing.emergency import ready
from publishing.rendering import badges, texts
from store import Document, Store
from store.emergency import TARGETS, page_key, seal
from tests.edge.visitor import HOSTS
from tests.live import ROOT
from tests.publishing import samples
from tests.store.builders import ACME, GLOBEX, manifest, publish

INSTALLATION = "the emergency key of the tests"
KEY = page_key(INSTALLATION, ACME)
URL = "https://acme.localhost"
_PAGE = {
    "id": ACME,
    "name": "Acme",
    "url": URL,
    "time_zone": "Etc/UTC",
    "updated_at": "2026-11-20T05:00:00.000Z",
}
_STATUS = {"indicator": "none", "description": "All Systems Operational"}
_JSON: dict[str, dict[str, Any]] = {
    "status": {"status": _STATUS},
    "summary": {"status": _STATUS, "components": [], "incidents": []},
    "incidents": {"incidents": []},
    "incidents/unresolved": {"incidents": []},
    "components": {"components": []},
}


def documents(targets: list[dict[str, Any]]) -> list[Document]:
    snapshot = samples.calm()
    return [
        render.render_status(snapshot),
        render.render_about(snapshot.page, samples.about()),
        render.render_not_found(snapshot.page),
        *render.assets(snapshot.page),
        *(_json(name, members) for name, members in _JSON.items()),
        *badges.of_page(snapshot),
        *texts.headings(snapshot.page, "All systems operational"),
        *ready.documents(snapshot.page),
        Document(TARGETS, seal(KEY, "targets", json.dumps(targets).encode()), "application/octet-stream"),
    ]


def _json(name: str, members: dict[str, Any]) -> Document:
    body = json.dumps({"page": _PAGE} | members).encode()
    return Document(f"/api/v2/{name}.json", body, "application/json; charset=utf-8")


def publish_acme(store: Store, targets: list[dict[str, Any]] | None = None, version: int = 1) -> None:
    """And another tenant's page beside it."""
    new = documents(targets or [])
    assert store.put(manifest(version, new), new)
    publish(store, version, GLOBEX)
    store.put_hosts(1, HOSTS)


def target(number: int, address: str, channel: str = "webhook", **more: Any) -> dict[str, Any]:
    known = {"id": f"sub{number:09}", "channel": channel, "address": address, "keys": []}
    return known | {"min_impact": "none", "every": True} | more


def make_kit(path: Path, *stores: dict[str, Any], key: bytes = KEY, allow: tuple[str, ...] = ()) -> Path:
    kit = {"page": {"id": ACME, "name": "Acme", "url": URL}, "key": key.hex(), "stores": list(stores)}
    path.write_text(json.dumps(kit | {"allow_nets": list(allow)}))
    return path


def directory(root: Path) -> dict[str, Any]:
    return {"kind": "directory", "at": str(root)}


def command(kit: Path, *words: str) -> list[str]:
    """Isolated, and without anything that is installed."""
    return [sys.executable, "-I", "-S", str(ROOT / "emergency.py"), "--kit", str(kit), *words]


def tool(kit: Path, *words: str, asked: bool = False, said: str = "") -> subprocess.CompletedProcess[str]:
    """Run to its end; not asked for confirmation unless `asked`."""
    options = () if asked else ("--yes",)
    found = subprocess.run(
        command(kit, *options, *words),
        env={},
        cwd="/",
        input=said,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert "Traceback" not in found.stderr, found.stderr
    return found


def done(kit: Path, *words: str) -> str:
    found = tool(kit, *words)
    assert found.returncode == 0, found.stdout + found.stderr
    return found.stdout

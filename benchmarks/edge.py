"""One process of the edge, beside nginx with the same bytes in files; each on the same processor in turn."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import which
from statistics import median

from benchmarks.figures import Table, duration
from benchmarks.load import CONNECTIONS, Run, ask, load, only_child, serving
from benchmarks.made import import_spread, migrate
from common.tenancy import in_tenant
from outbox.drain import drain
from pages.change import PUBLISH
from pages.models import StatusPage
from publishing.storage import store
from store import Manifest
from tenants.actions import HOSTS, create_tenant
from tests.services import any_port

_COMPONENTS, _ROUNDS, _SECONDS = 20, 7, 3
_RATE, _CPU, _P99 = 0.5, 20e-6, 1.5
_HEADINGS = ("", "a second", "CPU each", "p99", "aim")
_NO_WRK = "The edge is not measured: that needs wrk, and nginx to compare with."
_HOST = "bench.localhost"
_NGINX = """
{user} daemon off; worker_processes 1; error_log {base}/error.log; pid {base}/pid;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_body_temp_path {base}/body; proxy_temp_path {base}/proxy;
  fastcgi_temp_path {base}/fastcgi; uwsgi_temp_path {base}/uwsgi; scgi_temp_path {base}/scgi;
  sendfile on; tcp_nopush on; keepalive_requests 100000000; gzip_static on; open_file_cache max=1000;
  types {{ text/html html; application/json json; }}
  server {{ listen 127.0.0.1:{port} backlog=4096; root {base}/files; }}
}}
"""


@dataclass(frozen=True, slots=True)
class Server:
    name: str
    port: int
    pid: int


@dataclass(frozen=True, slots=True)
class Shape:
    """One way to ask. `again`: with the ETag of what the server has answered before."""

    name: str
    path: str
    again: bool = False


SHAPES = (
    Shape("a full page", "/"),
    Shape("a 304", "/", again=True),
    Shape("/api/v2/status.json", "/api/v2/status.json"),
)


def measure(*options: str) -> None:
    rounds, seconds = (2, 1) if "--quick" in options else (_ROUNDS, _SECONDS)
    if not which("wrk"):
        print(f"\n{_NO_WRK}")
        return
    manifest = recorded_page()
    with ExitStack() as servers:
        edge = servers.enter_context(_edge())
        nginx = servers.enter_context(_nginx(manifest)) if which("nginx") else None
        size = len(store().body(manifest.entries["/"].hash, "gzip") or b"")
        table = Table(
            f"The edge, {CONNECTIONS} connections, a page of {size / 1000:.1f} kB compressed", _HEADINGS
        )
        for shape in SHAPES:
            _compare(table, shape, edge, nginx, rounds, seconds)


def recorded_page(
    publish: Callable[[StatusPage], object] = lambda _page: drain([PUBLISH, HOSTS]),
) -> Manifest:
    """The recorded page with twenty components, published: its hot documents, or what `publish` does."""
    migrate()
    tenant = create_tenant("Bench", "bench")
    with in_tenant(tenant.id):
        page = import_spread(_COMPONENTS, "bench")
        publish(page)
    manifest = store().manifest(page.pk)
    assert manifest is not None
    return manifest


@contextmanager
def _edge() -> Iterator[Server]:
    port = any_port()
    with serving(edge_command(port), port) as pid:
        yield Server("edge", port, pid)


def edge_command(port: int) -> list[str]:
    """As docs/operating.md starts it."""
    command = [sys.executable, "-m", "uvicorn", "edge.asgi:application", "--http", "edge.protocol:Protocol"]
    command += ["--no-access-log", "--no-server-header", "--no-proxy-headers", "--log-level", "warning"]
    return [*command, "--port", str(port)]


@contextmanager
def _nginx(manifest: Manifest) -> Iterator[Server]:
    port, base = any_port(), Path(os.environ["STORE_DIR"]).parent / "nginx"
    base.mkdir()
    _file(base / "files" / "index.html", manifest, "/")
    _file(base / "files" / "api" / "v2" / "status.json", manifest, "/api/v2/status.json")
    # As root, nginx would otherwise become somebody who may not read our folder.
    user = "" if os.getuid() else "user root;"
    (base / "nginx.conf").write_text(_NGINX.format(base=base, port=port, user=user))
    with serving(["nginx", "-c", str(base / "nginx.conf"), "-p", str(base)], port) as pid:
        yield Server("nginx", port, only_child(pid))


def _file(path: Path, manifest: Manifest, document: str) -> None:
    """Plain and, as nginx looks for it, compressed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = manifest.entries[document].hash
    path.write_bytes(store().body(digest) or b"")
    path.with_name(f"{path.name}.gz").write_bytes(store().body(digest, "gzip") or b"")


def _compare(
    table: Table, shape: Shape, edge: Server, nginx: Server | None, rounds: int, seconds: int
) -> None:
    servers = [edge] if nginx is None else [edge, nginx]
    headers = {server.name: _headers(server, shape) for server in servers}
    runs: dict[str, list[Run]] = {server.name: [] for server in servers}
    for number in range(rounds + 1):
        for server in servers:
            run = load(server.port, server.pid, shape.path, headers[server.name], seconds)
            # The first round warms both up.
            if number:
                runs[server.name].append(run)
    _tell(table, shape, runs["edge"], runs.get("nginx", []))


def _headers(server: Server, shape: Shape) -> dict[str, str]:
    headers = {"Host": _HOST, "Accept-Encoding": "gzip"}
    found = ask(server.port, shape.path, headers)
    if shape.again:
        headers["If-None-Match"] = found.etag
    status = ask(server.port, shape.path, headers).status
    assert (found.status, status) == (200, 304 if shape.again else 200), (server.name, found.status, status)
    return headers


def _tell(table: Table, shape: Shape, edge: list[Run], nginx: list[Run]) -> None:
    own = _middle(edge)
    if nginx:
        _row(table, f"{shape.name}: nginx", _middle(nginx))
    _row(table, f"{shape.name}: edge", own, _verdict(f"≤ {_CPU * 1e6:.0f} µs", own.cpu <= _CPU))
    if nginx:
        rate = median(one.rate / other.rate for one, other in zip(edge, nginx, strict=True))
        cpu = median(one.cpu / other.cpu for one, other in zip(edge, nginx, strict=True))
        p99 = median(one.p99 / other.p99 for one, other in zip(edge, nginx, strict=True))
        aims = f"{_verdict(f'≥ {_RATE}', rate >= _RATE)}; {_verdict(f'≤ {_P99}', p99 <= _P99)}"
        table.row(f"{shape.name}: edge ÷ nginx", f"{rate:.2f}", f"{cpu:.2f}", f"{p99:.2f}", aims)


def _middle(runs: list[Run]) -> Run:
    return Run(*(median(getattr(run, name) for run in runs) for name in ("rate", "cpu", "p99")))


def _row(table: Table, what: str, run: Run, aim: str = "") -> None:
    table.row(what, f"{run.rate:,.0f}", f"{run.cpu * 1e6:.1f} µs", duration(run.p99), aim)


def _verdict(aim: str, met: bool) -> str:
    return f"{aim}: {'met' if met else 'missed'}"

"""The proxies of docs/examples, as an operator would run them, before a real edge and a real web process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from statuspage.supervisor.children import Child, Program
from statuspage.supervisor.ports import is_free
from tests.live import ROOT, TEMPLATE, Live
from tests.programs import program
from tests.proxies.visitor import APP_HOST, OWN_HOST, PAGE_HOST, Visitor
from tests.services import any_port, running

EXAMPLES = ROOT / "docs" / "examples"
STREAMS_PER_ADDRESS = 3
PAGE = """
from events.actor import SYSTEM
from pages.actions import create_page, update_page
from pages.models import StatusPage
from outbox.drain import drain
from outbox.models import OutboxItem
from django.utils import timezone
def finish():
    mine = OutboxItem.objects.filter(topic__in=["publish", "cold", "hosts"], tenant_id__in=["", acme.id])
    while mine.exists():
        mine.update(due_at=timezone.now())
        drain(["publish", "cold", "hosts"])
"""


@dataclass
class Service:
    """An edge and a web process over one store, with `acme.status.example.com` published."""

    live: Live
    folder: Path
    web_port: int
    edge_port: int

    def rename(self, name: str) -> None:
        change = f'update_page(StatusPage.objects.get(slug="acme"), SYSTEM, name="{name}")'
        self.live.run(f"{PAGE}\nwith in_tenant(acme.id):\n    {change}\nfinish()")

    def publish(self) -> None:
        make = 'create_page(SYSTEM, name="Acme", slug="acme")'
        self.live.run(f"{PAGE}\nwith in_tenant(acme.id):\n    {make}\nfinish()")

    def serve_at(self, host: str) -> None:
        """A domain of the organisation's own, as if DNS had proved it."""
        found = f'add_host(StatusPage.objects.get(slug="acme"), SYSTEM, "{host}")'
        proved = f"settle({found}, [Finding(Code.PROVED)])"
        imported = "from pages.own_hosts import Code, Finding, add_host, settle"
        self.live.run(f"{PAGE}\n{imported}\nwith in_tenant(acme.id):\n    {proved}\nfinish()")

    def edge(self) -> AbstractContextManager[Child]:
        return self._serving("edge", "edge.asgi:application", self.edge_port)

    def web(self) -> AbstractContextManager[Child]:
        return self._serving("web", "statuspage.asgi:application", self.web_port)

    def _serving(self, name: str, application: str, port: int) -> AbstractContextManager[Child]:
        options = ["--port", str(port), "--no-access-log", "--timeout-graceful-shutdown", "1"]
        command = [sys.executable, "-m", "uvicorn", application, "--http", "edge.protocol:Protocol", *options]
        return running(_listener(name, command, port, self.live.env), self.folder)


@pytest.fixture(scope="module")
def service(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("service")
    with pytest.MonkeyPatch.context() as patch, Live.start(TEMPLATE, folder) as live:
        patch.setenv("APP_HOSTS", APP_HOST)
        patch.setenv("PAGES_DOMAIN", PAGE_HOST.partition(".")[2])
        patch.setenv("PUBLIC_SCHEME", "https")
        patch.setenv("BEHIND_PROXY", "true")
        patch.setenv("EVENT_STREAMS_PER_ADDRESS", str(STREAMS_PER_ADDRESS))
        found = Service(live, folder, any_port(), any_port())
        found.publish()
        found.serve_at(OWN_HOST)
        yield found


@pytest.fixture(scope="module")
def processes(service: Service) -> Iterator[dict[str, Child]]:
    with service.edge() as edge, service.web() as web:
        yield {"edge": edge, "web": web}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with `fullchain.pem` and `privkey.pem`, good for both kinds of hosts."""
    folder = tmp_path_factory.mktemp("certificate")
    names = f"subjectAltName=DNS:{APP_HOST},DNS:*.{PAGE_HOST.partition('.')[2]}"
    made = ["-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem"), "-days", "2"]
    kind = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=tests"]
    command = [program("openssl"), "req", "-x509", *kind, "-addext", names, *made]
    subprocess.run(command, check=True, capture_output=True)
    return folder


@dataclass
class Proxy:
    visitor: Visitor
    plain_port: int
    folder: Path


@pytest.fixture(scope="module")
def nginx(service: Service, certificate: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("nginx")
    plain, secure = any_port(), any_port()
    replacements = {
        "listen 80;": f"listen 127.0.0.1:{plain};",
        "listen 443 ": f"listen 127.0.0.1:{secure} ",
        "/var/cache/nginx/statuspage": str(folder / "cache"),
        **_upstreams(service, certificate),
    }
    (folder / "statuspage.conf").write_text(adapted("nginx.conf", replacements))
    # Its workers have to get at a folder that is ours alone.
    user = "user root;" if os.getuid() == 0 else ""
    (folder / "nginx.conf").write_text(_NGINX.format(folder=folder, user=user))
    command = [program("nginx"), "-p", str(folder), "-e", str(folder / "error.log"), "-c", "nginx.conf"]
    with running(_listener("nginx", command, secure), folder):
        yield Proxy(Visitor(secure), plain, folder)


# What Debian's own nginx.conf does around a file in conf.d, in a folder of the test's own.
_NGINX = """
daemon off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    gzip on;
    include {folder}/statuspage.conf;
}}
"""


@pytest.fixture(scope="module")
def caddy(service: Service, certificate: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    folder = tmp_path_factory.mktemp("caddy")
    plain, secure = any_port(), any_port()
    ports = f"\thttp_port {plain}\n\thttps_port {secure}\n\tdefault_bind 127.0.0.1\n\tskip_install_trust\n"
    replacements = {
        "\tadmin off\n": f"\tadmin off\n{ports}",
        # Certificates of its own authority.
        "\t\ton_demand\n": "\t\ton_demand\n\t\tissuer internal\n",
        **_upstreams(service, certificate),
    }
    (folder / "Caddyfile").write_text(adapted("Caddyfile", replacements))
    command = [program("caddy"), "run", "--config", str(folder / "Caddyfile"), "--adapter", "caddyfile"]
    own = {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "HOME": str(folder)}
    with running(_listener("caddy", command, secure, {"PATH": os.environ["PATH"], **own}), folder):
        yield Proxy(Visitor(secure), plain, folder)


@pytest.fixture(params=["nginx", "caddy"])
def proxy(request: pytest.FixtureRequest, processes: dict[str, Child]) -> Proxy:
    found: Proxy = request.getfixturevalue(request.param)
    return found


@contextmanager
def away(*children: Child) -> Iterator[None]:
    """While the block lasts they do not run."""
    for child in children:
        child.stop()
    try:
        yield
    finally:
        for child in children:
            child.start()
            child.wait_until_ready()


def adapted(name: str, replacements: dict[str, str]) -> str:
    """The file as it is shown, on the test's own ports and paths."""
    text = (EXAMPLES / name).read_text()
    for old, new in replacements.items():
        assert old in text, f"{name} does not say {old!r}"
        text = text.replace(old, new)
    return text


def _upstreams(service: Service, certificate: Path) -> dict[str, str]:
    return {
        "127.0.0.1:8000": f"127.0.0.1:{service.web_port}",
        "127.0.0.1:8001": f"127.0.0.1:{service.edge_port}",
        "/etc/ssl/statuspage": str(certificate),
    }


def _listener(
    name: str, command: Sequence[str], port: int, environment: dict[str, str] | None = None
) -> Program:
    is_ready: Callable[[int], bool] = lambda _pid: not is_free(port)  # noqa: E731
    return Program(name, command, environment, is_ready=is_ready, port=port)

"""Open event streams: on one process of the edge beside as many on nginx with nchan, and on several."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median

from benchmarks.crowd import HOST, Crowds, Heard, crowds
from benchmarks.figures import Table
from benchmarks.load import memory, only_child, processor, serving
from benchmarks.servers import folder
from store import Document, Entry, HostEntry, Manifest, Store, connect
from tests.services import any_port, valkey

_MANY, _FEW = 10_000, 1_000
_PROCESSES = 4
_ROUNDS, _REST = 5, 20.0
_BYTES = 1_000
_KILOBYTES, _SECONDS = 10.0, 2.0
_PAGE = "acmeacmeacme"
_NCHAN = Path("/usr/lib/nginx/modules/ngx_nchan_module.so")
_NGINX = """
load_module {module};
daemon off; worker_processes 1; worker_rlimit_nofile 20000; error_log {base}/error.log; pid {base}/pid;
events {{ worker_connections 18000; }}
http {{
  access_log off; client_body_temp_path {base}/body; proxy_temp_path {base}/proxy;
  fastcgi_temp_path {base}/fastcgi; uwsgi_temp_path {base}/uwsgi; scgi_temp_path {base}/scgi;
  nchan_shared_memory_size 512M;
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location /publish {{ nchan_publisher; nchan_channel_id page; nchan_store_messages off; }}
    location /events {{
      nchan_subscriber eventsource; nchan_channel_id page; nchan_eventsource_ping_interval 15;
    }}
  }}
}}
"""


@dataclass(frozen=True)
class Server:
    """Processes, each with its port; `publish` sends the next word to all of their streams."""

    name: str
    pids: Sequence[int]
    ports: Sequence[int]
    word: Callable[[], str]
    publish: Callable[[], None]


def measure(*options: str) -> None:
    count = _FEW if "--quick" in options else _MANY
    reference = None
    table = Table(f"{count:,} open event streams on one process")
    if _NCHAN.exists():
        with _nchan() as server:
            reference = _figures(server, count, table)
    else:
        table.count("nginx with nchan", "not here")
    with _edge(1) as server:
        _figures(server, count, table, kilobytes=_KILOBYTES, last=reference, reference=reference)
    table = Table(f"{_PROCESSES * count:,} open event streams on {_PROCESSES} processes")
    with _edge(_PROCESSES) as server:
        _figures(server, count, table, kilobytes=_KILOBYTES, last=_SECONDS)


def _figures(
    server: Server,
    count: int,
    table: Table,
    *,
    kilobytes: float | None = None,
    last: float | None = None,
    reference: float | None = None,
) -> float:
    """The rows of a server with `count` streams on each port, and its aims; seconds to the last client."""
    name, streams = server.name, count * len(server.ports)
    before = _all(memory, server)
    begun = time.monotonic()
    with crowds(server.ports, count) as clients:
        table.time(f"{name}: all connected", time.monotonic() - begun)
        each = (_all(memory, server) - before) / streams / 1024
        table.count(f"{name}: memory of a stream", f"{each:.1f} KB", _verdict(each, kilobytes))
        table.count(f"{name}: processor at rest", f"{_rest(server):.1%}")
        heard, spent = _rounds(server, clients)
        table.time(f"{name}: publish to first client", median(one.first for one in heard))
        slowest = median(one.last for one in heard)
        table.time(f"{name}: publish to last client", slowest, reference=reference, aim=last)
        table.count(f"{name}: processor for an event to a stream", f"{spent / streams * 1e6:.0f} µs")
        each = (_all(memory, server) - before) / streams / 1024
        table.count(f"{name}: memory of a stream afterwards", f"{each:.1f} KB")
        missed = streams * _ROUNDS - sum(one.count for one in heard)
        table.count(f"{name}: events that did not arrive", str(missed), "0: missed" if missed else "0: met")
    return slowest


def _rounds(server: Server, clients: Crowds) -> tuple[list[Heard], float]:
    """What came of each round, and the seconds of processors that the server used for one."""
    used = _all(processor, server)
    heard = [clients.hear(server.word(), server.publish) for _ in range(_ROUNDS)]
    return heard, (_all(processor, server) - used) / _ROUNDS


def _rest(server: Server) -> float:
    used = _all(processor, server)
    time.sleep(_REST)
    return (_all(processor, server) - used) / _REST


def _all(what: Callable[[int], float], server: Server) -> float:
    return sum(what(pid) for pid in server.pids)


def _verdict(value: float, aim: float | None) -> str:
    return f"≤ {aim:.0f} KB: {'met' if value <= aim else 'missed'}" if aim else ""


@contextmanager
def _edge(processes: int) -> Iterator[Server]:
    """Processes of the edge that share a disk and Valkey, each on its port."""
    with ExitStack() as stack:
        base = stack.enter_context(folder())
        (base / "valkey").mkdir()
        url = f"{stack.enter_context(valkey(base / 'valkey'))}/1"
        store = Store(base / "store", connect(url))
        store.put_hosts(1, {HOST: HostEntry(_PAGE, HOST, "slug", True)})
        _put(store, 1)
        environment = {"STORE_DIR": str(base / "store"), "STORE_REDIS_URL": url}
        environment |= {"EVENT_STREAMS": "20000", "EVENT_STREAMS_PER_ADDRESS": "20000"}
        ports = [any_port() for _ in range(processes)]
        pids = [stack.enter_context(serving(_uvicorn(port), port, **environment)) for port in ports]
        versions = iter(range(2, 1_000))
        version = 1

        def word() -> str:
            nonlocal version
            version = next(versions)
            return f'"version":{version},'

        yield Server("edge", pids, ports, word, lambda: _put(store, version))


def _uvicorn(port: int) -> list[str]:
    command = [sys.executable, "-m", "uvicorn", "edge.asgi:application", "--port", str(port)]
    command += ["--http", "edge.protocol:Protocol"]
    return [*command, "--backlog", "4096", "--no-access-log", "--log-level", "warning"]


@contextmanager
def _nchan() -> Iterator[Server]:
    port = any_port()
    number = 0

    def word() -> str:
        nonlocal number
        number += 1
        return f"word {number} "

    with folder() as base:
        (base / "nginx.conf").write_text(_NGINX.format(module=_NCHAN, base=base, port=port))
        with serving(["nginx", "-c", str(base / "nginx.conf"), "-p", str(base)], port) as pid:
            publish = lambda: _post(port, f"word {number} " + "x" * _BYTES)  # noqa: E731
            yield Server("nginx + nchan", [only_child(pid)], [port], word, publish)


def _put(store: Store, version: int) -> None:
    """A page of which about 1 KB changes with every version."""
    text = f"{version} ".ljust(_BYTES, "x")
    body = (
        f'<title>At {version}</title><main id="main" data-live><div id="now" data-live '
        f'data-version="{version}">{text}</div><!--/now--></main><!--/main-->'
    ).encode()
    document = Document("/", body, "text/html; charset=utf-8")
    entries = {"/": Entry.of(document)}
    now = "2026-11-20T05:00:00+00:00"
    assert store.put(Manifest(_PAGE, "public", version, 0, now, entries), [document])


def _post(port: int, text: str) -> None:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/publish", text)
    connection.getresponse().read()
    connection.close()

"""Open event streams on one process of the edge, beside as many on nginx with nchan."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from typing import cast

import uvloop

from benchmarks.figures import Table
from benchmarks.servers import ROOT, clean_environment, folder
from store import Document, Entry, HostEntry, Manifest, Store, connect
from tests.services import any_port, valkey

_MANY, _FEW = 10_000, 1_000
_ROUNDS, _REST = 5, 20.0
_AT_ONCE = 100
_BYTES = 1_000
_AIM_KILOBYTES = 10.0
_HOST, _PAGE = "acme.localhost", "acmeacmeacme"
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


def measure(*options: str) -> None:
    count = _FEW if "--quick" in options else _MANY
    table = Table(f"{count:,} open event streams on one process")
    with folder() as base:
        reference = None
        if _NCHAN.exists():
            (base / "nchan").mkdir()
            reference = uvloop.run(_nchan(base / "nchan", count, table))
        else:
            table.count("nginx with nchan", "not here")
        (base / "valkey").mkdir()
        with valkey(base / "valkey") as url:
            uvloop.run(_edge(base / "store", f"{url}/1", count, table, reference))


class Crowd:
    """Streams that note when a word reaches them."""

    def __init__(self) -> None:
        self.word = b""
        self.times: list[float] = []
        self.open = 0
        self.everybody = asyncio.Event()
        self._members: list[Member] = []

    async def join(self, port: int, count: int) -> None:
        loop = asyncio.get_running_loop()
        while len(self._members) < count:
            joining = [
                loop.create_connection(lambda: Member(self), "127.0.0.1", port)
                for _ in range(min(_AT_ONCE, count - len(self._members)))
            ]
            self._members += [member for _, member in await asyncio.gather(*joining)]
        async with asyncio.timeout(60):
            while self.open < count:
                await asyncio.sleep(0.1)

    async def hear(self, word: bytes, publish: Callable[[], Awaitable[None]]) -> tuple[float, float]:
        """Seconds from publishing until the first and until the last have heard the word."""
        self.word, self.times = word, []
        self.everybody.clear()
        begun = time.perf_counter()
        await publish()
        async with asyncio.timeout(30):
            await self.everybody.wait()
        return min(self.times) - begun, max(self.times) - begun

    def leave(self) -> None:
        for member in self._members:
            member.transport.abort()

    def heard(self) -> None:
        self.times.append(time.perf_counter())
        if len(self.times) == len(self._members):
            self.everybody.set()


class Member(asyncio.Protocol):
    transport: asyncio.Transport

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._greeted = False
        self._tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are none by type.
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(
            f"GET /events HTTP/1.1\r\nHost: {_HOST}\r\nAccept: text/event-stream\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        if not self._greeted:
            assert data.startswith(b"HTTP/1.1 200 "), data
            self._greeted = True
            self._crowd.open += 1
        seen = self._tail + data
        if self._crowd.word and self._crowd.word in seen:
            self._crowd.heard()
            seen = b""
        self._tail = seen[-32:]


async def _edge(directory: Path, url: str, count: int, table: Table, reference: float | None) -> None:
    store = Store(directory, connect(url))
    store.put_hosts(1, {_HOST: HostEntry(_PAGE, _HOST, "slug", True)})
    _put(store, 1)
    port = any_port()
    environment = {"STORE_DIR": str(directory), "STORE_REDIS_URL": url}
    limits = {"EVENT_STREAMS": str(count + 1), "EVENT_STREAMS_PER_ADDRESS": str(count + 1)}
    command = [sys.executable, "-m", "uvicorn", "edge.asgi:application", "--port", str(port)]
    command += ["--backlog", "4096", "--no-access-log", "--log-level", "warning"]
    version = 1

    async def publish() -> None:
        nonlocal version
        version += 1
        await asyncio.to_thread(_put, store, version)

    def word() -> bytes:
        return b'"version":%d,' % (version + 1)

    with _running(command, clean_environment() | environment | limits, port) as pid:
        await _figures("edge", port, pid, count, table, publish, word, reference)


async def _nchan(base: Path, count: int, table: Table) -> float:
    port = any_port()
    (base / "nginx.conf").write_text(_NGINX.format(module=_NCHAN, base=base, port=port))
    number = 0

    async def publish() -> None:
        nonlocal number
        number += 1
        await asyncio.to_thread(_post, port, f"word {number} " + "x" * _BYTES)

    def word() -> bytes:
        return b"word %d " % (number + 1)

    with _running(["nginx", "-c", str(base / "nginx.conf"), "-p", str(base)], dict(os.environ), port) as pid:
        worker = int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
        return await _figures("nginx + nchan", port, worker, count, table, publish, word, None)


async def _figures(
    name: str,
    port: int,
    pid: int,
    count: int,
    table: Table,
    publish: Callable[[], Awaitable[None]],
    word: Callable[[], bytes],
    reference: float | None,
) -> float:
    """Prints the rows of one server; the seconds until the last of its clients has heard."""
    crowd = Crowd()
    before = _memory(pid)
    begun = time.perf_counter()
    await crowd.join(port, count)
    table.time(f"{name}: all connected", time.perf_counter() - begun)
    each = (_memory(pid) - before) / count / 1024
    table.count(f"{name}: memory of a stream", f"{each:.1f} KB", _verdict(each) if name == "edge" else "")
    await _rest(name, pid, table)
    used = _processor(pid)
    heard = [await crowd.hear(word(), publish) for _ in range(_ROUNDS)]
    spent = (_processor(pid) - used) / _ROUNDS / count
    first = median(one for one, _ in heard)
    last = median(one for _, one in heard)
    table.time(f"{name}: publish to first client", first)
    table.time(f"{name}: publish to last client", last, reference=reference, aim=reference)
    table.count(f"{name}: processor for an event to a stream", f"{spent * 1e6:.0f} µs")
    each = (_memory(pid) - before) / count / 1024
    table.count(f"{name}: memory of a stream afterwards", f"{each:.1f} KB")
    crowd.leave()
    return last


async def _rest(name: str, pid: int, table: Table) -> None:
    used = _processor(pid)
    await asyncio.sleep(_REST)
    share = (_processor(pid) - used) / _REST
    table.count(f"{name}: processor at rest", f"{share:.1%}")


def _verdict(kilobytes: float) -> str:
    return f"< {_AIM_KILOBYTES:.0f} KB: {'met' if kilobytes < _AIM_KILOBYTES else 'missed'}"


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


@contextmanager
def _running(command: list[str], environment: dict[str, str], port: int) -> Iterator[int]:
    process = subprocess.Popen(command, cwd=ROOT, env=environment)
    try:
        _wait(port)
        yield process.pid
    finally:
        process.terminate()
        process.wait(30)


def _wait(port: int) -> None:
    for _ in range(500):
        try:
            connection = HTTPConnection("127.0.0.1", port, timeout=2)
            connection.request("GET", "/", headers={"Host": _HOST})
            connection.getresponse().read()
        except OSError:
            time.sleep(0.02)
        else:
            return
        finally:
            connection.close()
    message = f"Nothing answers on port {port}."
    raise RuntimeError(message)


def _memory(pid: int) -> int:
    """Bytes that the process itself holds."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) * 1024


def _processor(pid: int) -> float:
    """Seconds that the process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

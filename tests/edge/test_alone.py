"""The edge as a process of its own."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.clocks import Stopwatch, until
from tests.edge.visitor import ACME_HOST, HOSTS
from tests.services import any_port
from tests.store.builders import ACME, opened, publish, text

pytestmark = pytest.mark.process


@contextmanager
def serving(**environment: str) -> Iterator[int]:
    port = any_port()
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "edge.asgi:application",
        "--port",
        str(port),
        "--http",
        "edge.protocol:Protocol",
        "--no-access-log",
    ]
    process = subprocess.Popen(command, env={"PATH": os.environ["PATH"], **environment})
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        assert process.wait(60) in (0, -15)


def get(port: int, path: str = "/", method: str = "GET", **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request(method, path, headers={"Host": f"{ACME_HOST}:{port}", **headers})
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, body


def test_an_edge_alone_serves_the_store(tmp_path: Path, redis_url: str) -> None:
    store = opened(tmp_path / "publisher", redis_url)
    publish(store, 1)
    store.put_hosts(1, HOSTS)
    secret = tmp_path / "url"
    secret.write_text(f"{redis_url}\n")
    with serving(STORE_DIR=str(tmp_path / "edge"), STORE_REDIS_URL_FILE=str(secret)) as port:
        assert get(port) == (200, text(ACME, "/", 1))
        assert get(port, method="HEAD") == (200, b"")
        assert get(port, "/nothing")[0] == 404
        assert get(port, "/subscriptions/new", "POST")[0] == 503
        publish(store, 2)
        until(lambda: get(port) == (200, text(ACME, "/", 2)), seconds=0.5)


def test_an_edge_alone_starts_with_everything_else_down(tmp_path: Path) -> None:
    publish(opened(tmp_path, None), 1)
    opened(tmp_path, None).put_hosts(1, HOSTS)
    dead = f"redis://127.0.0.1:{any_port()}"
    with serving(STORE_DIR=str(tmp_path), REDIS_URL=dead) as port:
        assert get(port) == (200, text(ACME, "/", 1))


def test_serving_a_page_imports_neither_django_nor_a_database() -> None:
    program = (
        "import sys, json, edge.asgi; print(json.dumps(sorted({n.partition('.')[0] for n in sys.modules})))"
    )
    found = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {"django", "psycopg", "celery", "statuspage"} & set(json.loads(found.stdout))


def test_a_secret_file_that_is_missing_is_named(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "STORE_REDIS_URL_FILE": str(tmp_path / "gone")}
    found = subprocess.run(
        [sys.executable, "-c", "import edge.asgi"], env=environment, capture_output=True, text=True
    )
    assert found.returncode == 1
    assert found.stderr.startswith("STORE_REDIS_URL_FILE names ")
    assert "Traceback" not in found.stderr


def _wait(port: int) -> None:
    watch = Stopwatch()
    while True:
        try:
            get(port, "/nothing")
        except OSError:
            assert watch.seconds < 10
            time.sleep(0.05)
        else:
            return


def test_a_wrong_number_of_streams_is_refused_in_words() -> None:
    command = [sys.executable, "-c", "import edge.asgi"]
    environment = {"PATH": os.environ["PATH"], "EVENT_STREAMS": "many"}
    found = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert found.stderr == "EVENT_STREAMS must be a whole number, not 'many'.\n"

"""A copy, served by nginx with the file that the documents offer."""

from __future__ import annotations

import http.client
import re
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from tests.clocks import Stopwatch
from tests.live import ROOT
from tests.programs import program
from tests.services import any_port

EXAMPLE = ROOT / "docs" / "examples" / "nginx-copy.conf"


# What is answered to a form that is kept for later: no copy takes forms.
KEPT_FOR_LATER = "/202"


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


@contextmanager
def nginx(copy: Path, directory: Path) -> Iterator[int]:
    """The port at which nginx serves `copy`, with the example's own lines but those of TLS and of places."""
    executable, port = program("nginx"), any_port()
    text = EXAMPLE.read_text()
    text, places = re.subn(r"(?m)^    root .*;$", f"    root {copy};", text)
    text, ports = re.subn(r"listen 443 ssl http2;", f"listen 127.0.0.1:{port};", text)
    assert (places, ports) == (1, 1)
    text = re.sub(r"(?m)^    ssl_.*\n", "", text)
    directory.mkdir()
    (directory / "copy.conf").write_text(text)
    whole = f"""
        daemon off; pid {directory}/pid; error_log {directory}/error.log; worker_processes 1;
        events {{}}
        http {{
            access_log off;
            client_body_temp_path {directory}/body; proxy_temp_path {directory}/proxy;
            fastcgi_temp_path {directory}/fastcgi; uwsgi_temp_path {directory}/uwsgi;
            scgi_temp_path {directory}/scgi;
            include {directory}/copy.conf;
        }}
        user root;
    """
    (directory / "nginx.conf").write_text(whole)
    command = [executable, "-p", str(directory), "-c", str(directory / "nginx.conf")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        _wait(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(60)
        if process.stderr is not None:
            process.stderr.close()


def ask(port: int, path: str, **headers: str) -> Answer:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", quote(path, safe="/?=&"), headers=headers)
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, named, answer.read())
    finally:
        connection.close()


def _wait(port: int, process: subprocess.Popen[bytes]) -> None:
    watch = Stopwatch()
    while True:
        try:
            ask(port, "/")
        except OSError:
            assert process.poll() is None, process.stderr and process.stderr.read().decode()
            assert watch.seconds < 15
            time.sleep(0.05)
        else:
            return

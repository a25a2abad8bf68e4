"""Both kinds of places, seen from outside: what is there, and how to break it."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import boto3

from common.tenancy import current_tenant_id
from copies.actions import add_copy_target
from copies.held import Held
from copies.models import CopyTarget
from copies.names import CONFIRMED, MANIFEST, as_file, as_key
from pages.models import StatusPage
from publishing.storage import store
from tests.clocks import Stopwatch
from tests.conftest import ACTOR
from tests.services import any_port

BUCKET = "acme-copies"
KEYS = {"access_key_id": "AKIATESTTESTTEST", "secret_access_key": "tests/secret+sentinel"}
OWN = {CONFIRMED, MANIFEST}


@dataclass
class Folder:
    """`root` is where COPIES_ROOT points to."""

    root: Path
    kind: str = "directory"

    def add(self, page: StatusPage, name: str = "status") -> CopyTarget:
        return add_copy_target(page, ACTOR, kind="directory", folder=name)

    def path(self, target: CopyTarget) -> Path:
        return self.root / current_tenant_id() / target.folder

    def files(self, target: CopyTarget) -> dict[str, bytes]:
        root = self.path(target)
        return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}

    def put(self, target: CopyTarget, name: str, body: bytes) -> None:
        path = self.path(target) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)

    def name(self, path: str, content_type: str) -> str:
        return as_file(path, content_type)


@cache
def _client(url: str) -> Any:
    """Making one takes a tenth of a second."""
    return boto3.session.Session().client(
        "s3",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id=KEYS["access_key_id"],
        aws_secret_access_key=KEYS["secret_access_key"],
    )


# By the server's digest of it.
_bodies: dict[str, bytes] = {}


@dataclass
class Buckets:
    """A server that speaks S3."""

    url: str
    kind: str = "bucket"

    @property
    def client(self) -> Any:
        return _client(self.url)

    def empty(self) -> None:
        with urlopen(f"{self.url}/moto-api/reset", data=b"") as answer:  # noqa: S310 our own server
            assert answer.status == 200
        self.client.create_bucket(Bucket=BUCKET)

    def add(self, page: StatusPage, name: str = "status") -> CopyTarget:
        place = {"endpoint": self.url, "bucket": BUCKET, "prefix": name}
        return add_copy_target(page, ACTOR, kind="bucket", **place, **KEYS)

    def objects(self, target: CopyTarget) -> dict[str, Any]:
        """name -> the answer to asking for it."""
        start = f"{target.prefix}/"
        names = [one["Key"] for one in self._listed(start)]
        return {name.removeprefix(start): self._object(name) for name in names}

    def files(self, target: CopyTarget) -> dict[str, bytes]:
        return self.below(f"{target.prefix}/")

    def below(self, start: str) -> dict[str, bytes]:
        """The body of every key that begins so, by the rest of it. No body is asked for twice."""
        listed = self._listed(start)
        for one in listed:
            if one["ETag"] not in _bodies:
                _bodies[one["ETag"]] = self._object(one["Key"])["Body"].read()
        return {one["Key"].removeprefix(start): _bodies[one["ETag"]] for one in listed}

    def _listed(self, start: str) -> list[dict[str, Any]]:
        found = self.client.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=start)
        return [one for part in found for one in part.get("Contents", ())]

    def _object(self, name: str) -> Any:
        return self.client.get_object(Bucket=BUCKET, Key=name)

    def put(self, target: CopyTarget, name: str, body: bytes) -> None:
        self.client.put_object(Bucket=BUCKET, Key=f"{target.prefix}/{name}", Body=body)

    def name(self, path: str, content_type: str) -> str:
        return as_key(path, content_type)


Place = Folder | Buckets


@contextmanager
def s3_server() -> Iterator[str]:
    """The URL of a server without any bucket."""
    port = any_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(f"http://127.0.0.1:{port}/moto-api/", process)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(60)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    watch = Stopwatch()
    while True:
        try:
            urlopen(url).close()  # noqa: S310 our own server
        except OSError:
            assert process.poll() is None
            assert watch.seconds < 30
            time.sleep(0.1)
        else:
            return


def documents(files: dict[str, bytes]) -> dict[str, bytes]:
    """Without what the copy says of itself."""
    return {name: body for name, body in files.items() if name not in OWN}


def stored_files(place: Place, page: StatusPage) -> dict[str, bytes]:
    """What the store has of the page, as this kind of place names it."""
    manifest = store().manifest(page.pk)
    entries = manifest.entries if manifest else {}
    found = {place.name(path, entry.type): store().body(entry.hash) for path, entry in entries.items()}
    return {name: body for name, body in found.items() if body is not None}


def assert_copied(place: Place, target: CopyTarget) -> None:
    files = place.files(target)
    assert documents(files) == stored_files(place, target.page)
    assert Held.from_bytes(files[MANIFEST]).unsure == frozenset()

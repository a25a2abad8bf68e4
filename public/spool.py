"""Requests to be told that come while the database is away: sealed on this machine's disk, and folded in when
it is back.

Each is a file of its own, encrypted and on the disk before its sender is told: it survives `kill -9` and a
loss of power. The spool is bounded: beyond that, people are asked to come again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from fcntl import LOCK_EX, LOCK_NB, LOCK_UN, flock
from pathlib import Path

import structlog
from django.conf import settings

from common.encryption import Unreadable, decrypt, encrypt
from common.ids import new_id

MOST = 10_000
LARGEST = 16_384
_PURPOSE = "public.spool"
_SEALED = ".sealed"
_LOCK = ".lock"
log = structlog.get_logger(__name__)


class Full(Exception):
    """The spool takes no more."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked for, by whom, and when. `answers` as the form sent them."""

    host: str
    channel: str
    answers: Mapping[str, list[str]]
    ip: str
    agent: str
    at: datetime


def seal(request: Request) -> None:
    """Keep a request: on the disk when this returns. Raises Full, and OSError where the disk has no room."""
    text = json.dumps(asdict(request) | {"at": request.at.isoformat()})
    folder: Path = settings.SPOOL_DIR
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if len(text) > LARGEST or sum(1 for _ in _files(folder)) >= MOST:
        raise Full
    name = f"{request.at:%Y%m%dT%H%M%S%f}-{new_id()}"
    made = folder / f"{name}.tmp"
    with open(made, "xb", opener=_private) as file:
        file.write(encrypt(text, _PURPOSE).encode())
        file.flush()
        os.fsync(file.fileno())
    made.rename(folder / f"{name}{_SEALED}")
    _settle(folder)


def sealed() -> list[Path]:
    """The files that wait, oldest first."""
    return sorted(_files(settings.SPOOL_DIR))


def opened(file: Path) -> Request | None:
    """What a file holds; None for one that cannot be read, as with another SECRET_KEY: it is put aside."""
    try:
        said = json.loads(decrypt(file.read_text("ascii"), _PURPOSE))
        return Request(**said | {"at": datetime.fromisoformat(said["at"])})
    except (Unreadable, ValueError, TypeError, KeyError) as error:
        log.error("spool.unreadable", file=file.name, error=type(error).__name__)
        file.rename(file.with_suffix(".unreadable"))
        return None


def done(file: Path) -> None:
    file.unlink(missing_ok=True)


@contextmanager
def alone() -> Iterator[bool]:
    """Whether nobody else of this machine is folding in; nobody begins before this ends."""
    with open(settings.SPOOL_DIR / _LOCK, "ab", opener=_private) as lock:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except BlockingIOError:
            yield False
            return
        try:
            yield True
        finally:
            flock(lock, LOCK_UN)


def _files(folder: Path) -> Iterator[Path]:
    if folder.is_dir():
        yield from folder.glob(f"*{_SEALED}")


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _settle(folder: Path) -> None:
    """The new name is on the disk as well."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

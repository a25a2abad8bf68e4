"""A folder on a disk of the server, for any server of files."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from common.errors import Refused
from common.tenancy import current_tenant_id
from copies.models import CopyTarget
from copies.names import as_file, checked
from copies.target import File, TargetError
from store.disk import replace

FIELDS = ("folder",)
_FOLDER = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}")


def check(row: CopyTarget) -> None:
    """Raises Refused, naming the field, where no such target can be."""
    if not settings.COPIES_ROOT:
        message = _("This installation has no folder for copies. Whoever runs it can set COPIES_ROOT.")
        raise Refused(message, "kind")
    if not _FOLDER.fullmatch(row.folder):
        message = _("The name of a folder has only a–z, 0–9, dots, dashes and underscores.")
        raise Refused(message, "folder")


def open_target(row: CopyTarget) -> Directory:
    """Below the tenant's own folder, so that no tenant can name another's."""
    if not settings.COPIES_ROOT:
        message = "This installation has no folder for copies any more."
        raise TargetError(message)
    return Directory(place(row))


def place(row: CopyTarget) -> Path:
    """Where the copy is, on the machines that run workers."""
    return Path(settings.COPIES_ROOT) / current_tenant_id() / row.folder


class Directory:
    """Files below `root`, which is made where it is missing."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def name(self, path: str, content_type: str) -> str:
        return as_file(path, content_type)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Alone, also among processes: the folder itself is locked."""
        with _told():
            self.root.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.root, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            _lock(descriptor)
            self._drop_leftovers()
            yield
        finally:
            os.close(descriptor)

    def is_empty(self) -> bool:
        with _told():
            return not any(self.root.iterdir())

    def read(self, name: str) -> bytes | None:
        with _told(), suppress(FileNotFoundError, NotADirectoryError):
            return self._path(name).read_bytes()
        return None

    def write(self, file: File) -> None:
        with _told():
            replace(self._path(file.name), file.body)

    def remove(self, name: str) -> None:
        path = self._path(name)
        with _told(), suppress(FileNotFoundError, NotADirectoryError):
            path.unlink()
        # Folders that are left empty go, too.
        with suppress(OSError):
            for folder in path.parents:
                if folder == self.root:
                    break
                folder.rmdir()

    def _path(self, name: str) -> Path:
        return self.root / checked(name)

    def _drop_leftovers(self) -> None:
        """Of writers that were killed half-way."""
        with _told():
            for path in self.root.rglob(".*.tmp"):
                path.unlink(missing_ok=True)


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        message = "Another process is writing this copy."
        raise TargetError(message) from error


@contextmanager
def _told() -> Iterator[None]:
    """What the system says, without the paths of the server."""
    try:
        yield
    except OSError as error:
        message = f"The folder cannot be used: {error.strerror or type(error).__name__}."
        raise TargetError(message) from error

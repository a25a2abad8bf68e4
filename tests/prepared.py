"""A database server's data with both tenants in it: made once, and copied wherever tests need a server.

`python -m tests.prepared DIRECTORY` makes it. It is kept in .pytest_cache for as long as nothing changes that
it is made of.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services import postgres

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / ".pytest_cache" / "databases"
# Whatever migrates, or runs when a tenant is made.
MADE_OF = (
    "requirements.txt",
    "statuspage/settings.py",
    "statuspage/supervisor/postgres.py",
    "tests/prepared.py",
    "tests/services.py",
    "common/*.py",
    "events/*.py",
    "outbox/*.py",
    "tenants/*.py",
    "*/migrations/*.py",
)
PARTS = ("data", "password")


def copy_to(directory: Path) -> None:
    """Fill an empty folder with what `services.postgres` then runs over."""
    kept = KEPT / _digest()
    with _alone():
        if not kept.exists():
            _make(kept)
        for part in PARTS:
            _copy(kept / part, directory / part)


def _digest() -> str:
    found = hashlib.sha256()
    for path in sorted(path for pattern in MADE_OF for path in ROOT.glob(pattern)):
        found.update(f"{path.relative_to(ROOT)}\0".encode())
        found.update(path.read_bytes())
    return found.hexdigest()[:16]


@contextmanager
def _alone() -> Iterator[None]:
    """Of several processes that want it made, one makes it."""
    KEPT.mkdir(parents=True, exist_ok=True)
    with (KEPT / "lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _make(kept: Path) -> None:
    for former in KEPT.iterdir():
        if former.is_dir():
            shutil.rmtree(former)
    unfinished = kept.with_name(f"{kept.name}.unfinished")
    unfinished.mkdir()
    command = [sys.executable, "-m", "tests.prepared", str(unfinished)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    unfinished.rename(kept)


def _copy(source: Path, target: Path) -> None:
    """With owners: PostgreSQL minds whose its files are."""
    if source.is_dir():
        target.mkdir(mode=0o700)
        for path in source.iterdir():
            _copy(path, target / path.name)
    else:
        shutil.copy(source, target)
    if os.geteuid() == 0:
        os.chown(target, source.stat().st_uid, source.stat().st_gid)


def _fill() -> None:
    import django

    django.setup()
    from django.core.management import call_command

    from tenants.actions import create_tenant

    call_command("migrate_schemas", shared=True, verbosity=0)
    create_tenant("Acme", "acme")
    create_tenant("Globex", "globex")


if __name__ == "__main__":
    with postgres(Path(sys.argv[1])) as url:
        os.environ.update(DATABASE_URL=url, REDIS_URL="", DJANGO_SETTINGS_MODULE="statuspage.settings")
        _fill()

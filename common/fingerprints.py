"""What files of this release are made from, as a hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cache
from importlib.metadata import version
from pathlib import Path

from django.conf import settings


@cache
def of_migrations() -> str:
    """Of those that this process goes by: it knows no others until it is started again."""
    apps = [*settings.SHARED_APPS, *settings.TENANT_APPS]
    folders = (settings.BASE_DIR / app / "migrations" for app in apps if "." not in app)
    # Those of libraries are known by their versions.
    versions = " ".join(version(name) for name in ("Django", "django-allauth"))
    return of_files((file for folder in folders for file in folder.glob("*.py")), versions)


def of_files(files: Iterable[Path], more: str = "") -> str:
    """Of their names and contents; `more` is what else it changes with."""
    total = hashlib.sha256(more.encode())
    for file in sorted(file for file in files if file.is_file()):
        total.update(str(file.relative_to(settings.BASE_DIR)).encode() + b"\0" + file.read_bytes())
    return total.hexdigest()

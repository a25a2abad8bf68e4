"""What this release's migrations and documents are made from, as a hash."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path

from django.conf import settings

_DOCUMENTS = ("templates/page", "static/page", "publishing", "common/markdown.py", "components/uptime.py")


def of_migrations() -> str:
    apps = [*settings.SHARED_APPS, *settings.TENANT_APPS]
    folders = (settings.BASE_DIR / app / "migrations" for app in apps if "." not in app)
    # Those of libraries are known by their versions.
    versions = " ".join(version(name) for name in ("Django", "django-allauth"))
    return _hash((file for folder in folders for file in folder.glob("*.py")), versions)


def of_documents() -> str:
    """Changes with whatever makes the same page render differently."""
    files = (file for name in _DOCUMENTS for file in _files(settings.BASE_DIR / name))
    return _hash(files, f"{settings.PUBLIC_SCHEME}:{settings.PUBLIC_PORT}")


def _files(path: Path) -> Iterable[Path]:
    return [path] if path.is_file() else (file for file in path.rglob("*") if file.suffix != ".pyc")


def _hash(files: Iterable[Path], more: str = "") -> str:
    total = hashlib.sha256(more.encode())
    for file in sorted(file for file in files if file.is_file()):
        total.update(str(file.relative_to(settings.BASE_DIR)).encode() + b"\0" + file.read_bytes())
    return total.hexdigest()

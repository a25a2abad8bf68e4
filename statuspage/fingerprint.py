"""What this release's documents are made from, as a hash."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from django.conf import settings

from common.fingerprints import of_files

_DOCUMENTS = (
    "templates/page",
    "static/page",
    "static/embed",
    "locale",
    "publishing",
    "common/markdown.py",
    "components/uptime.py",
)


def of_documents() -> str:
    """Changes with whatever makes the same page render differently."""
    files = (file for name in _DOCUMENTS for file in _files(settings.BASE_DIR / name))
    return of_files(files, f"{settings.PUBLIC_SCHEME}:{settings.PUBLIC_PORT}")


def _files(path: Path) -> Iterable[Path]:
    return [path] if path.is_file() else (file for file in path.rglob("*") if file.suffix != ".pyc")

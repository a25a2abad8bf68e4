"""A source that lies in a folder: the v2 documents of one page, each as `.json` or `.json.gz`."""

from __future__ import annotations

import gzip
import zlib
from pathlib import Path

from importing.documents import Source, assemble
from importing.fields import ImportFailed, Record, parse_document

# The full lists first: of what several documents list, the first listing holds.
DOCUMENTS = ("components.json", "incidents.json", "scheduled-maintenances.json", "summary.json")
LARGEST_DOCUMENT = 128 * 1024 * 1024


def read_folder(folder: Path) -> Source:
    """The source in `folder`, of those of the four documents that are there; ImportFailed if it is none."""
    if not folder.is_dir():
        message = f"{folder}: there is no such folder (and a URL begins with https://)"
        raise ImportFailed(message)
    found = [record for name in DOCUMENTS if (record := _read(folder, name)) is not None]
    if not found:
        message = f"{folder}: holds none of {', '.join(DOCUMENTS)} (or the same with .gz)"
        raise ImportFailed(message)
    return assemble(found)


def _read(folder: Path, name: str) -> Record | None:
    plain, packed = folder / name, folder / f"{name}.gz"
    if not plain.exists() and not packed.exists():
        return None
    try:
        with plain.open("rb") if plain.exists() else gzip.open(packed) as stream:
            body = stream.read(LARGEST_DOCUMENT + 1)
    except (OSError, EOFError, zlib.error) as error:
        message = f"{name}: cannot be read ({error})"
        raise ImportFailed(message) from None
    if len(body) > LARGEST_DOCUMENT:
        message = f"{name}: is larger than {LARGEST_DOCUMENT // 1024**2} MB"
        raise ImportFailed(message)
    return parse_document(name, body)

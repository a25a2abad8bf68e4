from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from importing.fields import ImportFailed
from importing.folder import LARGEST_DOCUMENT, read_folder
from tests.importing.server import RECORDED, recorded


def test_the_recorded_page_is_read_whole() -> None:
    source = read_folder(RECORDED)
    assert (len(source.notices), len(source.components)) == (819, 12)
    assert sum(len(notice.updates) for notice in source.notices) == 4570
    assert sum(notice.maintenance for notice in source.notices) == 18
    assert source.known_until.isoformat() == "2026-08-22T22:15:57.599000+00:00"
    assert source.notes == ()


def test_plain_and_packed_documents_are_the_same(tmp_path: Path) -> None:
    for path in RECORDED.glob("*.json.gz"):
        (tmp_path / path.stem).write_bytes(gzip.decompress(path.read_bytes()))
    assert read_folder(tmp_path) == read_folder(RECORDED)


def test_a_summary_alone_is_enough(tmp_path: Path) -> None:
    (tmp_path / "summary.json").write_text(json.dumps(recorded("summary.json")))
    source = read_folder(tmp_path)
    assert (len(source.components), source.notices) == (12, ())


# Without the time in it: workers must find tests of the same names.
EMPTY = gzip.compress(b"{}", mtime=0)


@pytest.mark.parametrize(
    ("name", "body", "sentence"),
    [
        ("other.json", b"{}", "holds none of components.json"),
        ("incidents.json.gz", b"no gzip", "incidents.json: cannot be read"),
        ("incidents.json.gz", EMPTY[:-4], "incidents.json: cannot be read"),
        ("incidents.json.gz", EMPTY[:-12] + b"x" * 12, "incidents.json: cannot be read"),
        ("incidents.json", b"[1]", "incidents.json: is not a JSON object"),
    ],
)
def test_what_cannot_be_read_is_said_in_a_sentence(
    tmp_path: Path, name: str, body: bytes, sentence: str
) -> None:
    (tmp_path / name).write_bytes(body)
    with pytest.raises(ImportFailed) as failure:
        read_folder(tmp_path)
    assert sentence in str(failure.value)


def test_what_unpacks_to_too_much_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "incidents.json.gz").write_bytes(gzip.compress(bytes(LARGEST_DOCUMENT + 1), 1))
    with pytest.raises(ImportFailed, match=r"incidents\.json: is larger than 128 MB"):
        read_folder(tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ImportFailed, match="nowhere: there is no such folder"):
        read_folder(tmp_path / "nowhere")

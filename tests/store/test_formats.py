from __future__ import annotations

import gzip
import json
from dataclasses import replace

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from store import Document, Entry, HostEntry, Hosts, Manifest, StoreError
from store.packing import compress, pack, unpack
from store.sealed import seal
from tests.store.builders import PUBLISHED_AT, documents, manifest

names = st.from_regex(r"[0-9a-z]{1,20}", fullmatch=True)
paths = st.text(st.characters(codec="utf-8", min_codepoint=0x21, exclude_characters="\x7f"), max_size=60).map(
    "/".__add__
)
counts = st.integers(0, 2**53)
entries = st.builds(
    Entry,
    st.binary(min_size=32, max_size=32).map(bytes.hex),
    st.sampled_from(["text/html; charset=utf-8", "application/json", "image/svg+xml"]),
    st.integers(200, 599),
    counts,
    st.booleans(),
)
manifests = st.builds(
    Manifest,
    names,
    names,
    counts,
    counts,
    st.datetimes(timezones=st.timezones()).map(lambda at: at.isoformat()),
    st.dictionaries(paths, entries, max_size=8),
    st.lists(names, max_size=3).map(tuple),
)
host_maps = st.builds(
    Hosts,
    counts,
    st.dictionaries(
        names, st.builds(HostEntry, names, names, st.sampled_from(["slug", "id"]), st.booleans())
    ),
)


@given(manifests)
def test_a_manifest_comes_back_as_it_was_written(written: Manifest) -> None:
    assert Manifest.from_bytes(written.to_bytes()) == written


@given(host_maps)
def test_a_map_of_hosts_comes_back_as_it_was_written(written: Hosts) -> None:
    assert Hosts.from_bytes(written.to_bytes()) == written


@given(manifests, st.data())
def test_a_changed_byte_of_a_manifest_is_noticed(written: Manifest, data: st.DataObject) -> None:
    raw = bytearray(written.to_bytes())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(StoreError):
        Manifest.from_bytes(bytes(raw))


@given(manifests, st.data())
def test_a_cut_manifest_is_noticed(written: Manifest, data: st.DataObject) -> None:
    raw = written.to_bytes()
    with pytest.raises(StoreError):
        Manifest.from_bytes(raw[: data.draw(st.integers(0, len(raw) - 1))])


@given(st.binary(max_size=200))
def test_other_bytes_are_no_manifest(raw: bytes) -> None:
    with pytest.raises(StoreError):
        Manifest.from_bytes(raw)


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"entries": []},
        {"page": "../etc", "view": "public", "version": 1, "release": 0, "published_at": PUBLISHED_AT},
        {"page": "a", "view": "public", "version": "1", "release": 0, "published_at": PUBLISHED_AT},
        {"page": "a", "view": "public", "version": True, "release": 0, "published_at": PUBLISHED_AT},
        {"page": "a", "view": "public", "version": -1, "release": 0, "published_at": PUBLISHED_AT},
        {"page": "a", "view": "public", "version": 1, "release": 0, "published_at": "yesterday"},
        {"page": "a", "view": "public", "version": 1, "release": 0, "published_at": "2026-11-20T05:00:00"},
        {"page": "a", "view": "public", "version": 1, "release": 0, "published_at": PUBLISHED_AT, "more": 1},
        {
            "page": "a",
            "view": "public",
            "version": 1,
            "release": 0,
            "published_at": PUBLISHED_AT,
            "awaited": 1,
        },
        {
            "page": "a",
            "view": "public",
            "version": 1,
            "release": 0,
            "published_at": PUBLISHED_AT,
            "awaited": [1],
        },
    ],
)
def test_a_sealed_object_of_another_shape_is_no_manifest(members: dict[str, object]) -> None:
    with pytest.raises(StoreError):
        Manifest.from_bytes(seal({"entries": {}} | members))


GOOD = ["0" * 64, "text/html", 200, 1, False]


@pytest.mark.parametrize(
    ("path", "row"),
    [
        ("history", GOOD),
        ("/a b", GOOD),
        ("/a\n", GOOD),
        ("/" + "a" * 1024, GOOD),
        ("/", ["0" * 63, *GOOD[1:]]),
        ("/", ["Z" * 64, *GOOD[1:]]),
        ("/", [GOOD[0], "text/html\r\nset-cookie: a=b", *GOOD[2:]]),
        ("/", [GOOD[0], "html", *GOOD[2:]]),
        ("/", [*GOOD[:2], 99, *GOOD[3:]]),
        ("/", [*GOOD[:3], -1, False]),
        ("/", [*GOOD[:4], "no"]),
        ("/", GOOD[:4]),
        ("/", None),
    ],
)
def test_a_broken_entry_breaks_the_manifest(path: str, row: list[object] | None) -> None:
    sound = json.loads(manifest(1, documents(1)).to_bytes())
    del sound["sha256"]
    Manifest.from_bytes(seal(sound | {"entries": {"/": GOOD}}))
    with pytest.raises(StoreError):
        Manifest.from_bytes(seal(sound | {"entries": {path: row}}))


def test_a_manifest_is_plain_json_for_others() -> None:
    raw = manifest(7, documents(7)).to_bytes()
    assert json.loads(raw)["version"] == 7
    assert json.loads(raw)["entries"]["/history"][1:3] == ["text/html; charset=utf-8", 200]


def test_versions_come_before_releases() -> None:
    first = manifest(1, documents(1), release=5)
    assert sorted(
        [replace(first, version=2, release=0), replace(first, release=6), first], key=lambda m: m.order
    )[-1].order == (2, 0)


@given(st.binary(max_size=3000) | st.text(st.sampled_from("ab "), max_size=3000).map(str.encode))
def test_a_body_comes_back_from_every_encoding_that_is_kept(body: bytes) -> None:
    packed = unpack(pack(compress(body)), Document("/", body, "text/plain").hash)
    assert packed is not None
    assert {name: _decoded(name, data) for name, data in packed.items()} == dict.fromkeys(packed, body)
    assert all(len(data) < len(body) for name, data in packed.items() if name != "identity")


@given(st.data())
def test_a_damaged_body_is_no_body(data: st.DataObject) -> None:
    document = Document("/", b"all systems operational " * 20, "text/plain")
    blob = bytearray(pack(compress(document.body)))
    place = data.draw(st.integers(0, len(blob) - 1))
    cut = bytes(blob[:place])
    blob[place] ^= data.draw(st.integers(1, 255))
    assert unpack(bytes(blob), document.hash) is None
    assert unpack(cut, document.hash) is None


def test_a_whole_body_under_another_name_is_no_body() -> None:
    assert unpack(pack(compress(b"of globex")), Document("/", b"of acme", "text/plain").hash) is None


def _decoded(encoding: str, data: bytes) -> bytes:
    decoders = {
        "identity": bytes,
        "gzip": gzip.decompress,
        "br": brotli.decompress,
        "zstd": zstandard.ZstdDecompressor().decompress,
    }
    decoded: bytes = decoders[encoding](data)
    return decoded

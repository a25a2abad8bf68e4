"""What counts as a notice: signed for this page, newer than the last, within its time. The tool and the store
read and write the same formats."""

from __future__ import annotations

import ast
import asyncio
import importlib.util
import json
import os
import stat
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import ModuleType

import pytest

from edge.emergency import Watch
from store import Store, StoreError
from store.emergency import Log, Notice, Said, derived, page_key, seal, unseal
from tests.emergency.kits import INSTALLATION, KEY, directory, done, make_kit, publish_acme, tool
from tests.live import ROOT
from tests.store.builders import ACME, GLOBEX, opened

NOW = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


def loaded() -> ModuleType:
    spec = importlib.util.spec_from_file_location("emergency_tool", ROOT / "emergency.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


TOOL = loaded()


def log(serial: int = 1, page_id: str = ACME, text: str = "We look.", hours: float = 6) -> Log:
    said = Said("u" * 12, "investigating", NOW, text)
    return Log(page_id, serial, (Notice("n" * 12, "Logins", "major", NOW + timedelta(hours=hours), (said,)),))


def seen(store: Store, key: str = INSTALLATION, now: datetime = NOW) -> dict[str, str]:
    """What an edge that has just started would show, by page."""
    watch = Watch(store, key, lambda: None)
    asyncio.run(watch.look(now, around=True))
    return {page_id: notice.newest.text for page_id, (_serial, notice) in watch.shown.items()}


def test_a_signed_notice_counts(store: Store) -> None:
    store.notices.put(ACME, log().to_bytes(KEY))
    assert seen(store) == {ACME: "We look."}


FORGED = {
    "of another key": log().to_bytes(b"another key"),
    "of another page's key": log().to_bytes(page_key(INSTALLATION, GLOBEX)),
    "for another page": log(page_id=GLOBEX).to_bytes(KEY),
    "changed": log().to_bytes(KEY).replace(b"We look.", b"We loot."),
    "cut": log().to_bytes(KEY)[:-1],
    "empty": b"",
    "no JSON": b"\x00" * 100,
    "unsigned": b"{" + log().to_bytes(KEY)[75:],
}


@pytest.mark.parametrize("raw", FORGED.values(), ids=FORGED.keys())
def test_a_forged_notice_does_not(store: Store, raw: bytes, caplog: pytest.LogCaptureFixture) -> None:
    store.notices.put(ACME, raw)
    assert seen(store) == {}
    assert "does not count" in caplog.text


def test_signed_nonsense_is_nonsense() -> None:
    for name, value in {"id": "../etc", "status": "great", "text": "", "at": "2026-11-20T03:00:00"}.items():
        members = json.loads(b"{" + log().to_bytes(KEY)[75:])
        members["notices"][0]["updates"][0][name] = value
        with pytest.raises(StoreError):
            Log.from_bytes(TOOL.signed(KEY, members), KEY, ACME)


def test_without_a_key_none_counts(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    store.notices.put(ACME, log().to_bytes(page_key("", ACME)))
    assert seen(store, key="") == {}
    assert "no EMERGENCY_KEY" in caplog.text


def test_a_notice_ends_by_itself(store: Store) -> None:
    store.notices.put(ACME, log(hours=6).to_bytes(KEY))
    assert seen(store, now=NOW + timedelta(hours=5.9)) != {}
    assert seen(store, now=NOW + timedelta(hours=6)) == {}


def test_an_older_log_does_not_come_back(store: Store) -> None:
    watch = Watch(store, INSTALLATION, lambda: None)

    async def scenario() -> None:
        for serial, text in ((5, "Five."), (4, "Four."), (6, "Six.")):
            store.notices.put(ACME, log(serial, text=text).to_bytes(KEY))
            await watch.look(NOW, around=True)
        assert watch.shown[ACME][1].newest.text == "Six."
        store.notices.put(ACME, log(5, text="Five.").to_bytes(KEY))
        await watch.look(NOW, around=True)
        assert watch.shown[ACME][1].newest.text == "Six."

    asyncio.run(scenario())


def test_a_mirror_keeps_what_redis_told(tmp_path: Path, redis_url: str) -> None:
    opened(tmp_path / "publisher", redis_url).notices.put(ACME, log().to_bytes(KEY))
    assert seen(opened(tmp_path / "mirror", redis_url)) == {ACME: "We look."}
    assert seen(opened(tmp_path / "mirror", None)) == {ACME: "We look."}


def test_a_forged_notice_in_redis_does_not_reach_a_disk(tmp_path: Path, redis_url: str) -> None:
    opened(tmp_path / "publisher", redis_url).notices.put(ACME, FORGED["changed"])
    mirror = opened(tmp_path / "mirror", redis_url)
    assert seen(mirror) == {}
    assert mirror.notices.on_disk() == {}


# The two implementations


@pytest.mark.parametrize("size", [0, 1, 31, 1023, 1024, 1025, 100_000])
def test_both_seal_alike(size: int) -> None:
    plain = os.urandom(size)
    sealed = seal(KEY, "targets", plain)
    assert TOOL.seal(KEY, "targets", plain) == sealed
    assert TOOL.unseal(KEY, "targets", sealed)[:size] == unseal(KEY, "targets", sealed)[:size] == plain
    assert len(sealed) % 1024 == 40


def test_a_sealed_list_tells_nothing_and_cannot_be_changed() -> None:
    secret = b'[{"address": "https://hooks.example.com/secret"}]'
    sealed = seal(KEY, "targets", secret)
    assert b"hooks" not in sealed
    assert seal(KEY, "told", secret)[8:] != sealed[8:]
    for position in range(0, len(sealed), 7):
        changed = sealed[:position] + bytes([sealed[position] ^ 1]) + sealed[position + 1 :]
        with pytest.raises(StoreError):
            unseal(KEY, "targets", changed)
        assert TOOL.unseal(KEY, "targets", changed) is None
    for key, context in ((page_key(INSTALLATION, GLOBEX), "targets"), (KEY, "told")):
        with pytest.raises(StoreError):
            unseal(key, context, sealed)


def test_both_sign_alike() -> None:
    raw = log().to_bytes(KEY)
    read = TOOL.checked(KEY, ACME, raw)
    assert TOOL.signed(KEY, read) == raw
    assert TOOL.checked(KEY, GLOBEX, raw) is None
    for forged in FORGED.values():
        assert TOOL.checked(KEY, ACME, forged) is None


def test_keys_of_pages_and_installations_differ() -> None:
    keys = {page_key(one, page) for one in ("a", "b", derived("a")) for page in (ACME, GLOBEX)}
    assert len(keys) == 6


# The tool by itself


def test_the_tool_needs_python_3_9_and_nothing_else() -> None:
    source = (ROOT / "emergency.py").read_text()
    tree = ast.parse(source, feature_version=(3, 9))
    names = {one.name for node in ast.walk(tree) if isinstance(node, ast.Import) for one in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def test_a_page_has_one_open_notice(kit: Path) -> None:
    assert "begin with `say`" in tool(kit, "update", "Still.").stderr
    done(kit, "say", "We look.")
    assert "There is a notice already" in tool(kit, "say", "Another thing.").stderr
    done(kit, "resolve", "Over.")
    done(kit, "say", "Another thing.")
    said = done(kit, "status")
    assert said.index("We look.") < said.index("Over.") < said.index("Another thing.")


def test_it_is_shown_for_as_long_as_asked(kit: Path, store: Store) -> None:
    now = datetime.now(UTC)
    done(kit, "say", "We look.", "--hours", "1")
    assert seen(store, now=now + timedelta(hours=2)) == {}
    done(kit, "extend", "--hours", "3")
    assert seen(store, now=now + timedelta(hours=2)) == {ACME: "We look."}
    assert len(Log.from_bytes(store.notices.on_disk()[ACME], KEY, ACME).notices[0].updates) == 1


@pytest.mark.parametrize(("command", "notices", "updates"), [("say", 20, 1), ("update", 1, 100)])
def test_however_much_was_written_there_is_room_for_more(
    kit: Path, store: Store, command: str, notices: int, updates: int
) -> None:
    status = "resolved" if command == "say" else "monitoring"
    said = tuple(Said(f"{number:012}", status, NOW, "Before.") for number in range(updates))
    until = NOW + timedelta(hours=6)
    many = tuple(Notice(f"{number:012}", "Logins", "major", until, said) for number in range(notices))
    store.notices.put(ACME, Log(ACME, 1, many).to_bytes(KEY))
    done(kit, command, "Something else.")
    assert seen(store) == {ACME: "Something else."}


WRONG = {
    "no text": ("say", " "),
    "too long": ("say", "x" * 5001),
    "unprintable": ("say", "a\x07b"),
    "broken": ("say", "a\udc80b"),
    "a heading of two lines": ("say", "x", "--name", "a\nb"),
    "for ever": ("say", "x", "--hours", "1000"),
    "not a number": ("say", "x", "--hours", "nan"),
}


@pytest.mark.parametrize("words", WRONG.values(), ids=WRONG.keys())
def test_what_cannot_be_shown_is_refused_in_words(kit: Path, root: Path, words: tuple[str, ...]) -> None:
    found = tool(kit, *words)
    assert found.returncode == 1
    assert found.stderr.startswith("STOPPED")
    assert not (root / "emergency").exists()


def test_a_kit_that_is_none_is_named(tmp_path: Path, root: Path) -> None:
    wrong = tmp_path / "wrong.json"
    for content in ("", "{}", "[]", '{"page": {}, "key": "zz"}'):
        wrong.write_text(content)
        assert tool(wrong, "status").stderr.startswith("STOPPED  This is not a kit")
    assert tool(tmp_path / "gone.json", "status").stderr.startswith("STOPPED  This is not a kit")
    nowhere = make_kit(tmp_path / "kit.json", directory(root / "gone"))
    assert "None of the kit's stores" in tool(nowhere, "status").stderr


def test_one_place_that_is_gone_does_not_stop_the_others(tmp_path: Path, root: Path, store: Store) -> None:
    dead = {"kind": "redis", "at": "redis://127.0.0.1:1/1"}
    kit = make_kit(tmp_path / "kit.json", dead, directory(root))
    assert "NOT REACHED  redis" in done(kit, "say", "We look.")
    assert seen(store, now=datetime.now(UTC)) == {ACME: "We look."}


@pytest.mark.parametrize("damage", ["{", "{}", '{"entries": {"/.emergency/targets.bin": []}}', "\\x00"])
def test_a_damaged_store_still_takes_a_notice(kit: Path, root: Path, store: Store, damage: str) -> None:
    (root / "pages" / ACME / "public.json").write_text(damage)
    assert "nobody is told" in done(kit, "say", "We look.")
    assert seen(store, now=datetime.now(UTC)) == {ACME: "We look."}


def test_redis_alone_is_enough(tmp_path: Path, redis_url: str) -> None:
    publish_acme(opened(tmp_path / "publisher", redis_url))
    kit = make_kit(tmp_path / "kit.json", {"kind": "redis", "at": redis_url})
    assert "0 webhooks and chats to tell" in done(kit, "say", "We look.")
    assert seen(opened(tmp_path / "mirror", redis_url), now=datetime.now(UTC)) == {ACME: "We look."}
    assert "We look." in done(kit, "status")


def test_what_it_keeps_is_its_own(kit: Path) -> None:
    done(kit, "say", "We look.")
    assert stat.S_IMODE(Path(f"{kit}.d").stat().st_mode) == 0o700

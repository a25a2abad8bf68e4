"""Webhooks and chats are told once, whatever happens to the tool; nobody is told in vain, or in secret."""

from __future__ import annotations

import json
import subprocess
import time
from base64 import b64encode
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from store import Store
from store.emergency import seal, unseal
from tests.emergency.kits import KEY, command, directory, done, make_kit, publish_acme, target, tool
from tests.emergency.sink import Sink, endless

# What the tool has under way at once: the most that a kill makes it say twice.
AT_ONCE = 8
LOOPBACK = ("127.0.0.0/8",)


@pytest.fixture
def open_kit(tmp_path: Path, root: Path) -> Path:
    """That may call machines on loopback."""
    return make_kit(tmp_path / "kit.json", directory(root), allow=LOOPBACK)


def told_in(store: Store, page_id: str) -> dict[str, list[str]]:
    (sealed,) = store.notices.told(page_id)
    return json.loads(unseal(KEY, "told", sealed))


CHATS = {
    "slack": lambda body: body["text"],
    "discord": lambda body: body["content"],
    "google_chat": lambda body: body["text"],
    "teams": lambda body: "\n".join(one["text"] for one in body["attachments"][0]["content"]["body"]),
    "webhook": lambda body: body["incident"]["name"] + body["incident"]["incident_updates"][0]["body"],
}


def test_every_channel_gets_what_it_understands(store: Store, open_kit: Path, machines: Sink) -> None:
    listed = [target(n, f"{machines.url}/{name}", name) for n, name in enumerate(CHATS)]
    publish_acme(store, listed, 2)
    done(open_kit, "say", "We look.", "--name", "Logins fail")

    assert machines.by_path() == dict.fromkeys((f"/{name}" for name in CHATS), 1)
    for got in machines.got:
        text = CHATS[got.path[1:]](json.loads(got.body))
        assert "Logins fail" in text
        assert "We look." in text


def test_no_text_calls_a_whole_channel(store: Store, open_kit: Path, machines: Sink) -> None:
    names = ("slack", "discord", "google_chat")
    publish_acme(store, [target(n, f"{machines.url}/{name}", name) for n, name in enumerate(names)], 2)
    done(open_kit, "say", "<!channel> <users/all> @everyone")
    bodies = {got.path[1:]: json.loads(got.body) for got in machines.got}
    assert "<" not in bodies["slack"]["text"]
    assert "<" not in bodies["google_chat"]["text"]
    assert bodies["discord"]["allowed_mentions"] == {"parse": []}


def test_webhooks_are_signed_as_the_standard_has_it(store: Store, open_kit: Path, machines: Sink) -> None:
    key = b"k" * 32
    publish_acme(store, [target(1, f"{machines.url}/hook?a=b", keys=[key.hex()])], 2)
    done(open_kit, "say", "We look.")
    (got,) = machines.got
    assert got.path == "/hook?a=b"
    checked = Webhook(b64encode(key).decode()).verify(got.body, got.headers)
    assert checked["incident"]["status"] == "investigating"


def test_the_same_command_again_tells_nobody_twice(store: Store, open_kit: Path, machines: Sink) -> None:
    publish_acme(store, [target(n, f"{machines.url}/{n}") for n in range(5)], 2)
    for _ in range(2):
        done(open_kit, "say", "We look.")
        done(open_kit, "tell")
    assert set(machines.by_path().values()) == {1}
    assert len(machines.got) == 5

    done(open_kit, "update", "It is the disk.")
    assert set(machines.by_path().values()) == {2}


def test_another_laptop_knows_who_was_told(
    store: Store, open_kit: Path, machines: Sink, tmp_path: Path
) -> None:
    publish_acme(store, [target(1, f"{machines.url}/1")], 2)
    done(open_kit, "say", "We look.")
    (tmp_path / "other").mkdir()
    other = tmp_path / "other" / "kit.json"
    other.write_text(open_kit.read_text())
    assert "0 webhooks and chats to tell" in done(other, "tell")
    assert len(machines.got) == 1


@pytest.mark.process
def test_killed_in_the_middle_it_goes_on_where_it_was(store: Store, open_kit: Path, machines: Sink) -> None:
    publish_acme(store, [target(n, f"{machines.url}/{n}") for n in range(60)], 2)
    machines.delay = 0.15
    kills = 0
    for _ in range(3):
        before = len(machines.got)
        running = subprocess.Popen(
            command(open_kit, "--yes", "say", "We look."), env={}, stdout=subprocess.DEVNULL
        )
        while len(machines.got) < before + 12 and running.poll() is None:
            time.sleep(0.005)
        running.kill()
        kills += running.wait() == -9
    assert kills == 3
    done(open_kit, "say", "We look.")

    counts = machines.by_path()
    assert len(counts) == 60
    twice = [got for got in machines.got if counts[got.path] > 1]
    assert sum(counts.values()) - 60 <= kills * AT_ONCE
    # Who got it again can tell: the id is the same.
    assert len({(got.path, got.headers["webhook-id"]) for got in twice}) == len({got.path for got in twice})
    assert len({got.headers["webhook-id"] for got in machines.got}) == 60
    (page_told,) = told_in(store, "acmeacmeacme").values()
    assert len(page_told) == 60


def test_who_did_not_take_it_is_tried_again(store: Store, open_kit: Path, machines: Sink) -> None:
    publish_acme(store, [target(1, f"{machines.url}/1"), target(2, f"{machines.url}/2")], 2)
    machines.failing = {"/2"}
    assert "1 were not reached" in done(open_kit, "say", "We look.")
    assert sum(map(len, told_in(store, "acmeacmeacme").values())) == 1
    machines.failing = set()
    assert "1 webhooks and chats to tell, 1 told before" in done(open_kit, "tell")
    assert machines.by_path()["/1"] == 1


def test_who_wants_less_gets_less(store: Store, open_kit: Path, machines: Sink) -> None:
    listed = [
        target(1, f"{machines.url}/all"),
        target(2, f"{machines.url}/critical", min_impact="critical"),
        target(3, f"{machines.url}/ends", every=False),
        target(4, f"{machines.url}/unknown", "pigeon"),
    ]
    publish_acme(store, listed, 2)
    done(open_kit, "say", "We look.", "--impact", "major")
    done(open_kit, "update", "Still.")
    done(open_kit, "resolve", "Over.")
    assert machines.by_path() == {"/all": 3, "/ends": 2}


def test_who_answers_without_end_keeps_nobody_else_waiting(
    store: Store, open_kit: Path, machines: Sink
) -> None:
    head = b"HTTP/1.1 200 OK\r\n"
    with endless(head) as heading, endless(head + b"content-length: 999\r\n\r\n") as saying:
        listed = [target(n, f"{(heading, saying)[n % 2]}/{n}") for n in range(AT_ONCE)]
        publish_acme(store, [*listed, target(99, f"{machines.url}/after")], 2)
        done(open_kit, "say", "We look.")
    assert machines.by_path() == {"/after": 1}


OURS = ("127.0.0.1", "localhost", "2130706433", "[::ffff:127.0.0.1]", "0.0.0.0")  # noqa: S104 (dialled)


@pytest.mark.parametrize("host", OURS)
def test_a_subscriber_s_address_leads_to_no_machine_of_ours(
    store: Store, kit: Path, machines: Sink, host: str
) -> None:
    port = machines.url.rpartition(":")[2]
    publish_acme(store, [target(1, f"http://{host}:{port}/")], 2)
    assert "NOT TOLD" in done(kit, "say", "We look.")
    assert machines.got == []


def test_a_rehearsal_changes_nothing(store: Store, open_kit: Path, machines: Sink, root: Path) -> None:
    publish_acme(store, [target(1, f"{machines.url}/1")], 2)
    before = sorted(root.rglob("*"))
    for words in (("--dry-run", "say", "We look."), ("say", "We look.", "--dry-run")):
        assert "1 webhooks and chats to tell" in done(open_kit, *words)
    assert sorted(root.rglob("*")) == before
    assert machines.got == []


@pytest.mark.parametrize("answer", ["", "no\n", "y\n"])
def test_nothing_happens_without_a_yes(kit: Path, root: Path, answer: str) -> None:
    found = tool(kit, "say", "We look.", asked=True, said=answer)
    assert found.returncode == 1
    assert not (root / "emergency").exists()
    assert tool(kit, "say", "We look.", asked=True, said="yes\n").returncode == 0
    assert (root / "emergency").exists()


def test_lists_of_another_key_stop_nothing(store: Store, machines: Sink, root: Path, tmp_path: Path) -> None:
    """As they are where the key has changed, and the page was not published since."""
    other = make_kit(tmp_path / "kit.json", directory(root), key=b"another key", allow=LOOPBACK)
    publish_acme(store, [target(1, f"{machines.url}/1")], 2)
    (root / "emergency").mkdir()
    (root / "emergency" / "acmeacmeacme.told").write_bytes(seal(KEY, "told", b"{}"))
    assert "nobody is told" in done(other, "say", "We look.")
    assert machines.got == []

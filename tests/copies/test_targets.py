"""Who may name which place, and what nobody ever sees of its keys."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest

from common.encryption import Unreadable, decrypt, encrypt
from common.errors import Refused
from common.tenancy import in_tenant
from copies.actions import add_copy_target, change_copy_target
from copies.asking import COPY
from copies.credentials import opened
from copies.models import CopyTarget
from copies.target import TargetError
from copies.targets import KINDS, bucket
from events.models import Event
from outbox.models import OutboxItem
from pages.actions import delete_page
from pages.models import StatusPage
from tenants.models import Tenant
from tests.admin.browser import Browser
from tests.admin.conftest import browsers, people
from tests.clocks import Stopwatch
from tests.conftest import ACTOR
from tests.copies.copied import drain_copies, fresh, publish_and_copy
from tests.copies.places import BUCKET, KEYS, Buckets, Folder, assert_copied
from tests.publishing.published import drain_publishing

__all__ = ["browsers", "people"]

SECRETS = tuple(KEYS.values())
GOOD = {"endpoint": "https://s3.example.com", "bucket": BUCKET, **KEYS}
UNREACHABLE = "The bucket's server cannot be reached, or does not answer as S3 does."

REFUSED: list[tuple[str, dict[str, str], str]] = [
    ("tape", {}, "kind"),
    ("directory", {}, "folder"),
    ("directory", {"folder": "../outside"}, "folder"),
    ("directory", {"folder": "/etc"}, "folder"),
    ("directory", {"folder": ".."}, "folder"),
    ("directory", {"folder": "a/b"}, "folder"),
    ("directory", {"folder": "Upper"}, "folder"),
    ("bucket", GOOD | {"endpoint": "http://s3.example.com"}, "endpoint"),
    ("bucket", GOOD | {"endpoint": "https://127.0.0.1:9000"}, "endpoint"),
    ("bucket", GOOD | {"endpoint": "https://169.254.169.254"}, "endpoint"),
    ("bucket", GOOD | {"endpoint": "https://2130706433"}, "endpoint"),
    ("bucket", GOOD | {"endpoint": "https://me:secret@s3.example.com"}, "endpoint"),
    ("bucket", GOOD | {"endpoint": "https://s3.example.com/acme"}, "endpoint"),
    ("bucket", GOOD | {"endpoint": "ftp://s3.example.com"}, "endpoint"),
    ("bucket", GOOD | {"bucket": ""}, "bucket"),
    ("bucket", GOOD | {"bucket": "Acme_Status"}, "bucket"),
    ("bucket", GOOD | {"region": "eu central"}, "region"),
    ("bucket", GOOD | {"prefix": "a/../b"}, "prefix"),
    ("bucket", GOOD | {"access_key_id": ""}, "access_key_id"),
    ("bucket", GOOD | {"secret_access_key": ""}, "secret_access_key"),
    ("bucket", GOOD | {"secret_access_key": "with space"}, "secret_access_key"),
    ("bucket", GOOD | {"colour": "red"}, "colour"),
]


@pytest.mark.parametrize(("kind", "fields", "field"), REFUSED)
def test_what_cannot_be_is_refused_at_its_field(
    page: StatusPage, settings: Any, kind: str, fields: dict[str, str], field: str
) -> None:
    settings.EGRESS_ALLOW_NETS = []
    with pytest.raises(Refused) as refused:
        add_copy_target(page, ACTOR, kind=kind, **fields)

    assert refused.value.field == field
    assert not any(secret in refused.value.message for secret in SECRETS)
    assert not CopyTarget.objects.exists()


def test_without_a_root_there_are_no_folders(page: StatusPage, settings: Any) -> None:
    target = add_copy_target(page, ACTOR, kind="directory", folder="status")
    settings.COPIES_ROOT = ""
    with pytest.raises(Refused, match="COPIES_ROOT"):
        add_copy_target(page, ACTOR, kind="directory", folder="other")

    publish_and_copy()
    assert "no folder for copies any more" in fresh(target).last_error


@pytest.mark.parametrize("kind", ["directory", "bucket"])
def test_no_two_copies_share_a_place(page: StatusPage, kind: str) -> None:
    fields = {"folder": "status"} if kind == "directory" else GOOD
    add_copy_target(page, ACTOR, kind=kind, **fields)
    with pytest.raises(Refused, match="Another copy is"):
        add_copy_target(page, ACTOR, kind=kind, **fields)


def test_a_deleted_page_gets_no_copies(page: StatusPage) -> None:
    delete_page(page, ACTOR)
    with pytest.raises(Refused, match="deleted"):
        add_copy_target(page, ACTOR, kind="directory", folder="status")


def test_keys_are_in_no_row_no_event_and_no_log(
    page: StatusPage, buckets: Buckets, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "publishing")
    caplog.set_level("DEBUG", "outbox")
    target = buckets.add(page)
    change_copy_target(page, target, ACTOR, region="eu-central-1")
    drain_publishing()
    drain_copies()
    change_copy_target(page, target, ACTOR, bucket="another")
    drain_copies()
    told = [json.dumps(event.facts) for event in Event.objects.filter(object_type="copy_target")]
    rows = json.dumps(list(CopyTarget.objects.values()), default=str)

    assert len(told) == 3
    assert fresh(target).last_error == "The bucket's server answered NoSuchBucket."
    for secret in SECRETS:
        assert secret not in caplog.text
        assert secret not in rows
        assert not any(secret in facts for facts in told)
    assert "credentials" not in told[0]
    assert opened(fresh(target).credentials).secret_access_key == KEYS["secret_access_key"]


def test_an_encrypted_text_is_read_with_its_key_and_purpose_alone(settings: Any) -> None:
    token = encrypt("hunter2", "one")
    assert "hunter2" not in token
    assert decrypt(token, "one") == "hunter2"
    with pytest.raises(Unreadable):
        decrypt(token, "another")
    settings.SECRET_KEY = "changed"
    with pytest.raises(Unreadable):
        decrypt(token, "one")


def test_after_another_secret_key_the_team_is_told(page: StatusPage, buckets: Buckets, settings: Any) -> None:
    target = buckets.add(page)
    settings.SECRET_KEY = "changed"
    publish_and_copy()

    assert "enter them again" in fresh(target).last_error
    change_copy_target(page, target, ACTOR, **KEYS)
    drain_copies()
    assert fresh(target).failures == 0


def test_a_failing_target_rests_longer_each_time_and_recovers(page: StatusPage, buckets: Buckets) -> None:
    target = buckets.add(page)
    buckets.client.delete_bucket(Bucket=BUCKET)
    drain_publishing()
    rests = []
    for _ in range(4):
        CopyTarget.objects.update(next_try_at=None)
        drain_copies()
        found = fresh(target)
        assert found.next_try_at is not None
        assert found.failed_at is not None
        rests.append(round((found.next_try_at - found.failed_at).total_seconds()))
    assert rests == [1, 2, 4, 8]
    row = OutboxItem.objects.get(topic=COPY)
    assert (row.attempts, row.dead_at, row.last_error) == (0, None, "")

    buckets.client.create_bucket(Bucket=BUCKET)
    CopyTarget.objects.update(next_try_at=None)
    drain_copies()
    found = fresh(target)
    assert (found.failures, found.last_error, found.next_try_at) == (0, "", None)
    assert_copied(buckets, target)


def test_one_target_does_not_wait_for_another_that_fails(
    page: StatusPage, folder: Folder, settings: Any
) -> None:
    settings.DEBUG = True
    broken = add_copy_target(page, ACTOR, kind="bucket", **GOOD | {"endpoint": f"http://127.0.0.1:{dead()}"})
    good = folder.add(page)
    publish_and_copy()

    assert fresh(broken).last_error == UNREACHABLE
    assert_copied(folder, good)


def dead() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def listening() -> Iterator[tuple[int, list[bytes]]]:
    """A port of this machine, and what was sent to it."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def hear() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    heard.append(connection.recv(100))

        threading.Thread(target=hear, daemon=True).start()
        yield int(server.getsockname()[1]), heard


def test_a_name_that_leads_inside_is_not_dialled(
    page: StatusPage, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first look-up, when the place was named, may have led elsewhere."""
    settings.DEBUG = True
    with listening() as (port, heard):
        target = add_copy_target(
            page, ACTOR, kind="bucket", **GOOD | {"endpoint": f"http://127.0.0.1:{port}"}
        )
        settings.EGRESS_ALLOW_NETS = []
        publish_and_copy()
        assert heard == []
        forbidden = fresh(target).last_error
    assert forbidden == UNREACHABLE


def test_no_proxy_of_the_environment_dials_for_us(
    page: StatusPage, buckets: Buckets, monkeypatch: pytest.MonkeyPatch
) -> None:
    with listening() as (port, heard):
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{port}")
        target = buckets.add(page, "proxied")
        publish_and_copy()

    assert heard == []
    assert fresh(target).failures == 0
    assert fresh(target).version


def test_a_server_that_answers_a_byte_at_a_time_is_cut_off(
    page: StatusPage, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DEBUG = True
    monkeypatch.setattr(bucket, "LONGEST", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def drip() -> None:
            connection, _ = server.accept()
            try:
                for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\nX-Slow: " + b"x" * 500:
                    connection.sendall(bytes([byte]))
                    time.sleep(0.1)
            except OSError:
                pass

        threading.Thread(target=drip, daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
        target = add_copy_target(page, ACTOR, kind="bucket", **GOOD | {"endpoint": endpoint})
        watch = Stopwatch()
        with pytest.raises(TargetError, match="cannot be reached"):
            KINDS["bucket"].open_target(target).read("index.html")

    assert watch.seconds < 10


@pytest.mark.parametrize("status", ["200 OK", "500 No"])
@pytest.mark.parametrize("ask", ["is_empty", "read"])
def test_an_answer_without_end_fills_no_memory(
    page: StatusPage, settings: Any, monkeypatch: pytest.MonkeyPatch, status: str, ask: str
) -> None:
    settings.DEBUG = True
    monkeypatch.setattr(bucket, "_MOST", 2**20)
    heard = 0
    with socket.create_server(("127.0.0.1", 0)) as server:

        def flood() -> None:
            nonlocal heard
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection, suppress(OSError):
                    connection.recv(65536)
                    connection.sendall(f"HTTP/1.1 {status}\r\nContent-Length: {2**40}\r\n\r\n".encode())
                    while True:
                        heard += connection.send(b"<a>" * 10_000)

        threading.Thread(target=flood, daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.getsockname()[1]}"
        target = add_copy_target(page, ACTOR, kind="bucket", **GOOD | {"endpoint": endpoint})
        place = KINDS["bucket"].open_target(target)
        with suppress(TargetError):
            place.is_empty() if ask == "is_empty" else place.read("index.html")

    assert 2**20 < heard < 2**25


def test_another_place_is_copied_to_from_the_beginning(page: StatusPage, folder: Folder) -> None:
    target = folder.add(page)
    publish_and_copy()
    change_copy_target(page, target, ACTOR, folder="moved")
    assert fresh(target).version is None
    drain_copies()

    assert_copied(folder, fresh(target))
    assert fresh(target).folder == "moved"


def test_keys_that_are_left_empty_stay(page: StatusPage) -> None:
    target = add_copy_target(page, ACTOR, kind="bucket", **GOOD)
    before = fresh(target).credentials
    change_copy_target(page, target, ACTOR, region="eu-central-1", access_key_id="", secret_access_key="")

    assert fresh(target).credentials == before


def test_the_team_adds_looks_at_and_removes_a_copy(
    acme: Tenant, page: StatusPage, browsers: dict[str, Browser], buckets: Buckets
) -> None:
    admin = browsers["admin"]
    address = "/o/acme/admin/copies/copytarget/"
    place = {"kind": "bucket", "endpoint": buckets.url, "bucket": BUCKET, "prefix": "status"}
    admin.send(f"{address}add/", **place, **KEYS)
    with in_tenant(acme.id):
        target = CopyTarget.objects.get()
        publish_and_copy()
        assert_copied(buckets, target)
    html = [admin.get(one).content.decode() for one in (address, f"{address}{target.pk}/change/")]
    assert "Up to date" in html[0]
    assert not any(secret in one for one in html for secret in SECRETS)

    admin.send(f"{address}{target.pk}/change/", bucket="second-bucket")
    with in_tenant(acme.id):
        assert (fresh(target).bucket, fresh(target).version) == ("second-bucket", None)
        assert opened(fresh(target).credentials).access_key_id == KEYS["access_key_id"]

    refused = admin.send(f"{address}add/", **place, access_key_id="AKIA", secret_access_key="").content
    assert "A bucket needs both keys" in refused.decode()
    admin.post(f"{address}{target.pk}/delete/", {"post": "yes"})
    with in_tenant(acme.id):
        assert not CopyTarget.objects.exists()

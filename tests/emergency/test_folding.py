"""When the database is back, what was written by hand is in the history, and nothing is sent twice."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from common.ids import new_id
from incidents.actions.emergency import fold_incident
from incidents.actions.incident import delete_incident
from incidents.models import Incident
from notifications.models import Delivery, Notification
from outbox.drain import drain
from outbox.models import OutboxItem
from pages.change import NOTIFY
from pages.models import StatusPage
from publishing.emergency.fold import fold, waiting
from publishing.emergency.keys import key_of
from publishing.emergency.targets import document
from publishing.storage import store
from store.emergency import TARGETS, Log, Notice, Said, seal, unseal
from subscribers.addresses import address_hash
from subscribers.choices import Channel
from subscribers.models import Subscriber
from tenants.models import Tenant
from tests.conftest import ACTOR
from tests.emergency.kits import done
from tests.emergency.sink import Sink
from tests.publishing.published import assert_published, drain_publishing, stored

BEGAN = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=3)


@pytest.fixture(autouse=True)
def own_store(settings: Any, tmp_path: Path) -> None:
    settings.STORE_DIR = tmp_path / "store"
    settings.STORE_REDIS_URL = ""


def said(number: int, status: str = "investigating", text: str = "") -> Said:
    at = BEGAN + timedelta(minutes=10 * number)
    return Said(f"update{number:06}", status, at, text or f"Update {number}.")


def write(page: StatusPage, *updates: Said, serial: int = 1) -> None:
    notice = Notice("emergency001", "Logins fail", "critical", BEGAN + timedelta(hours=6), updates)
    store().notices.put(page.pk, Log(page.pk, serial, (notice,)).to_bytes(key_of(page.pk)))


def note_told(page: StatusPage, update: Said, *names: str) -> None:
    sealed = seal(key_of(page.pk), "told", json.dumps({update.id: names}).encode())
    folder = store().notices._folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{page.pk}.told").write_bytes(sealed)


def subscribe(page: StatusPage, address: str, channel: str = Channel.WEBHOOK, **more: Any) -> Subscriber:
    now = timezone.now()
    times = {"created_at": now, "updated_at": now, "asked_at": now, "confirmed_at": now}
    known = {"state": "active", "since_version": 0, "address_hash": address_hash(channel, address)}
    return Subscriber.objects.create(
        pk=new_id(), page=page, channel=channel, address=address, **(times | known | more)
    )


def expand() -> set[str]:
    """Who gets a delivery, once all that is to be told has been expanded."""
    OutboxItem.objects.filter(topic=NOTIFY).update(due_at=timezone.now())
    drain([NOTIFY])
    return set(Delivery.objects.values_list("subscriber_id", flat=True))


def test_the_history_has_it_at_the_times_at_which_it_was_shown(page: StatusPage) -> None:
    drain_publishing()
    write(page, said(0), said(1, "monitoring"), said(2, "resolved", "It works again."))
    assert fold(page) == 3

    incident = Incident.objects.get(pk="emergency001")
    assert (incident.name, incident.status, incident.shown_impact) == ("Logins fail", "resolved", "critical")
    assert (incident.started_at, incident.resolved_at) == (said(0).at, said(2).at)
    assert incident.monitoring_at == said(1).at
    rows = incident.updates.order_by("display_at").values_list("id", "status", "body", "display_at")
    wanted = (said(0), said(1, "monitoring"), said(2, "resolved", "It works again."))
    assert list(rows) == [(one.id, one.status, one.text, one.at) for one in wanted]

    drain_publishing()
    assert_published(page)
    assert b"It works again." in stored(page)["/incidents/emergency001"]
    assert waiting() == []


def test_folding_again_changes_nothing(page: StatusPage) -> None:
    write(page, said(0))
    assert fold(page) == 1
    version = StatusPage.objects.get(pk=page.pk).version
    write(page, said(0), serial=2**40)
    assert fold(page) == 0
    assert fold(page) == 0
    assert StatusPage.objects.get(pk=page.pk).version == version
    assert Incident.objects.get(pk="emergency001").updates.count() == 1


def test_what_was_written_after_folding_is_added(page: StatusPage) -> None:
    write(page, said(0))
    fold(page)
    write(page, said(0), said(1, "resolved"), serial=2**40)
    assert fold(page) == 1
    incident = Incident.objects.get(pk="emergency001")
    assert (incident.status, incident.updates.count()) == ("resolved", 2)


def test_a_fold_that_died_before_taking_the_notice_off_takes_it_off_next_time(
    page: StatusPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(page, said(0))
    with monkeypatch.context() as patch:
        patch.setattr("store.notices.Notices.put", lambda *_: (_ for _ in ()).throw(OSError("full")))
        with pytest.raises(OSError, match="full"):
            fold(page)
    assert waiting() == [page.pk]
    assert fold(page) == 0
    assert waiting() == []


def test_what_is_written_while_somebody_folds_is_not_lost(
    page: StatusPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(page, said(0))

    def meanwhile(*args: Any) -> int:
        added = fold_incident(*args)
        write(page, said(0), said(1, "resolved"), serial=2)
        return added

    monkeypatch.setattr("publishing.emergency.fold.fold_incident", meanwhile)
    assert fold(page) == 2
    assert Incident.objects.get(pk="emergency001").status == "resolved"
    assert waiting() == []


def test_an_incident_that_was_deleted_stays_so(page: StatusPage) -> None:
    write(page, said(0))
    fold(page)
    delete_incident(page, Incident.objects.get(pk="emergency001"), ACTOR)
    write(page, said(0), said(1), serial=2**40)
    assert fold(page) == 0


def test_a_clock_that_was_ahead_puts_nothing_into_the_future(page: StatusPage) -> None:
    late = Said("update000009", "resolved", timezone.now() + timedelta(days=2), "Over.")
    write(page, said(0), late)
    fold(page)
    assert Incident.objects.get(pk="emergency001").resolved_at <= timezone.now()


def test_who_was_told_by_hand_is_told_no_more(page: StatusPage) -> None:
    told, missed, mail = (
        subscribe(page, "https://one.example.com/"),
        subscribe(page, "https://two.example.com/"),
        subscribe(page, "ada@example.com", Channel.EMAIL),
    )
    write(page, said(0), said(1, "resolved"))
    note_told(page, said(1), told.pk)
    fold(page)
    assert expand() == {missed.pk, mail.pk}
    assert Notification.objects.filter(incident_id="emergency001").count() == 1


def test_who_missed_the_last_word_gets_it(page: StatusPage) -> None:
    told = subscribe(page, "https://one.example.com/")
    write(page, said(0), said(1, "resolved"))
    note_told(page, said(0), told.pk)
    fold(page)
    assert expand() == {told.pk}


def test_a_list_that_somebody_forged_hides_nobody(page: StatusPage) -> None:
    told = subscribe(page, "https://one.example.com/")
    write(page, said(0))
    folder = store().notices._folder
    (folder / f"{page.pk}.told").write_bytes(
        seal(b"other", "told", json.dumps({said(0).id: [told.pk]}).encode())
    )
    fold(page)
    assert expand() == {told.pk}


def test_the_sealed_list_names_who_can_be_told(page: StatusPage, globex: Tenant) -> None:
    subscribe(page, "https://one.example.com/", min_impact="major")
    subscribe(page, "https://hooks.slack.example.com/", Channel.SLACK, cadence="first_and_last")
    subscribe(page, "ada@example.com", Channel.EMAIL)
    subscribe(page, "https://no.example.com/", wants_incidents=False)
    subscribe(page, "https://left.example.com/", state="unsubscribed", unsubscribed_at=timezone.now())
    listed = json.loads(unseal(key_of(page.pk), "targets", document(page).body))
    by_address = {one["address"]: one for one in listed}
    assert by_address.keys() == {"https://one.example.com/", "https://hooks.slack.example.com/"}
    assert by_address["https://one.example.com/"]["min_impact"] == "major"
    assert len(by_address["https://one.example.com/"]["keys"]) == 1
    assert (by_address["https://hooks.slack.example.com/"]["every"], document(page).path) == (False, TARGETS)


@pytest.fixture
def kit(page: StatusPage, tmp_path: Path, settings: Any) -> Path:
    settings.EGRESS_ALLOW_NETS = ["127.0.0.0/8"]
    path = tmp_path / "kit.json"
    call_command("emergency_kit", page.slug, out=path, stdout=StringIO())
    return path


def test_from_the_kit_to_the_history(page: StatusPage, kit: Path, machines: Sink) -> None:
    hooks = [subscribe(page, f"{machines.url}/{number}") for number in range(3)]
    mail = subscribe(page, "ada@example.com", Channel.EMAIL)
    drain_publishing()
    machines.failing = {"/2"}
    assert kit.stat().st_mode & 0o777 == 0o600
    done(kit, "say", "We look.", "--name", "Logins fail")
    machines.failing = set()

    out = StringIO()
    call_command("fold_emergency", page.slug, stdout=out)
    assert "1 updates are in the history" in out.getvalue()
    assert expand() == {hooks[2].pk, mail.pk}
    assert waiting() == []
    assert "No notice." in done(kit, "status")


def test_what_lies_beside_the_kit_is_enough(
    page: StatusPage, kit: Path, machines: Sink, settings: Any
) -> None:
    hook = subscribe(page, f"{machines.url}/1")
    drain_publishing()
    done(kit, "say", "We look.")
    settings.STORE_DIR = settings.STORE_DIR.parent / "emptied"
    call_command("fold_emergency", page.slug, own=Path(f"{kit}.d"), stdout=StringIO())
    assert Incident.objects.filter(page=page).count() == 1
    assert expand() == set()
    assert machines.by_path() == {"/1": 1}
    assert hook.is_active


@pytest.mark.parametrize("name", ["nobody", "", "acme.example.org"])
def test_a_page_that_is_not_there_is_named(db: None, name: str) -> None:
    for command in ("emergency_kit", "fold_emergency"):
        with pytest.raises(CommandError, match="There is no page"):
            call_command(command, name)

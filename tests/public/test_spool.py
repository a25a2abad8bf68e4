"""What is asked for while the database is away: kept, bounded, and folded in once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.db import OperationalError, connection
from django.http import HttpResponse
from django.test import RequestFactory
from django.utils import timezone

from common.patience import Unanswered
from outbox.drain import drain_lanes
from outbox.registry import Lane
from pages.models import StatusPage
from public import guards, meanwhile, spool
from public.folding import fold
from subscribers.actions import subscribe, unsubscribe
from subscribers.choices import SubscriberState
from subscribers.links import Purpose, token
from subscribers.models import Subscriber
from tests.mailing import Add, deliver, mail, subscribed
from tests.public.conftest import Browser
from tests.public.test_subscribing import earlier_ticket
from tests.sink import Sink

__all__ = ["mail", "subscribed"]

HOST = "acme.localhost"
ADA = "ada@example.org"


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.SPOOL_DIR, settings.STORE_DIR = tmp_path / "spool", tmp_path / "store"
    settings.STORE_REDIS_URL = ""
    return tmp_path / "spool"


@pytest.fixture
def ticket(page: StatusPage, browser: Browser) -> str:
    drain_lanes(Lane.PUBLISH)
    return earlier_ticket(browser)


def ask(ticket: str, address: str = ADA, ip: str = "192.0.2.7", **answers: str) -> HttpResponse:
    """As the web process does when the database does not answer."""
    given = {"email": address, "ticket": ticket, "incidents": "1", "scope": "page"} | answers
    headers = {"Sec-Fetch-Site": "same-origin"}
    made = RequestFactory(headers=headers).post(
        "/subscriptions/new-email", given, HTTP_HOST=HOST, REMOTE_ADDR=ip
    )
    schema = connection.schema_name  # type: ignore[attr-defined]
    answer = meanwhile.answer(made, HOST)
    assert connection.schema_name == schema  # type: ignore[attr-defined]
    return answer


def test_what_was_kept_is_asked_for_as_if_it_came_now(
    page: StatusPage, ticket: str, folder: Path, mail: Sink
) -> None:
    answer = ask(ticket, cadence="first_and_last")
    assert (answer.status_code, "Kept for later" in answer.content.decode()) == (202, True)
    (file,) = folder.glob("*.sealed")
    assert b"ada" not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0

    assert fold(5.0) == 1
    deliver()

    found = Subscriber.objects.get()
    assert (found.address, found.state, found.cadence) == (ADA, SubscriberState.UNCONFIRMED, "first_and_last")
    assert [one["Subject"] for one in mail.mail(ADA)] == ["Confirm your subscription to Acme"]
    assert not list(folder.glob("*.sealed"))
    assert fold(5.0) == 0


def test_whoever_dies_between_asking_and_forgetting_asks_once(
    page: StatusPage, ticket: str, folder: Path, mail: Sink
) -> None:
    ask(ticket)
    (file,) = folder.glob("*.sealed")
    content = file.read_bytes()
    fold(5.0)
    file.write_bytes(content)

    assert fold(5.0) == 1
    deliver()
    assert len(mail.mail(ADA)) == 1


@pytest.mark.process
def test_what_was_promised_survives_being_killed(folder: Path) -> None:
    """The child says that it has kept a request, and is killed at that very moment."""
    code = (
        "import django, os, sys, signal; django.setup()\n"
        "from django.conf import settings; from pathlib import Path; from django.utils import timezone\n"
        f"settings.SPOOL_DIR = Path({str(folder)!r})\n"
        "from public.spool import Request, seal\n"
        "for n in range(20): seal(Request('h', 'email', {'email': [f'p{n}']}, '', '', timezone.now()))\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "statuspage.settings"}
    child = subprocess.run([sys.executable, "-c", code], env=environment, check=False, timeout=300)
    assert child.returncode == -signal.SIGKILL
    kept = [spool.opened(file) for file in spool.sealed()]
    assert [one and one.answers["email"] for one in kept] == [[f"p{n}"] for n in range(20)]


@pytest.mark.parametrize(
    ("language", "direction", "said"),
    [("en", "ltr", "may have been saved, or not"), ("de", "ltr", "Das schadet nicht"), ("ar", "rtl", "ربما")],
)
def test_whoever_a_database_that_hangs_leaves_in_doubt_is_told_so(
    page: StatusPage,
    browser: Browser,
    subscribed: Add,
    monkeypatch: pytest.MonkeyPatch,
    language: str,
    direction: str,
    said: str,
) -> None:
    ada = subscribed("ada")
    StatusPage.objects.update(language=language)
    link = f"/subscriptions/{token(Purpose.LEAVE, page.pk, ada.pk, ada.token_version)}/unsubscribe"

    def unanswered(*given: Any) -> None:
        unsubscribe(*given)
        raise OperationalError from Unanswered

    monkeypatch.setattr("public.views.unsubscribe", unanswered)
    answer = browser.post(link)
    assert (answer.status_code, answer["Retry-After"]) == (504, "60")
    text = answer.content.decode()
    assert said in text
    assert f'lang="{language}" dir="{direction}"' in text
    monkeypatch.undo()
    # It was done, and again does no harm.
    assert browser.post(link).status_code == 200
    assert Subscriber.objects.get().state == SubscriberState.UNSUBSCRIBED


@pytest.mark.parametrize(
    ("cause", "status", "said"), [(Unanswered, 504, "may have been"), (None, 503, "Nothing")]
)
def test_machines_hear_of_a_database_that_is_away_in_json(
    page: StatusPage,
    browser: Browser,
    monkeypatch: pytest.MonkeyPatch,
    cause: type[Exception] | None,
    status: int,
    said: str,
) -> None:
    def away(*_given: Any) -> None:
        raise OperationalError from cause

    monkeypatch.setattr("public.api.subscribe", away)
    answer = browser.post("/api/v2/subscribers.json", {"subscriber[email]": ADA})
    assert (answer.status_code, answer["Retry-After"], answer["Access-Control-Allow-Origin"]) == (
        status,
        "60",
        "*",
    )
    assert said in json.loads(answer.content)["error"]


def test_what_is_in_doubt_is_kept_like_what_was_not_done(
    page: StatusPage, browser: Browser, folder: Path, ticket: str, mail: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unanswered(*given: Any) -> None:
        subscribe(*given)
        raise OperationalError from Unanswered

    monkeypatch.setattr("public.views.subscribe", unanswered)
    asked = {"email": ADA, "ticket": ticket, "incidents": "1", "scope": "page"}
    assert browser.post("/subscriptions/new-email", asked).status_code == 202
    assert fold(5.0) == 1
    deliver()
    assert [one.state for one in Subscriber.objects.all()] == [SubscriberState.UNCONFIRMED]


def test_limits_hold_meanwhile_and_close_without_counters(ticket: str, folder: Path, settings: Any) -> None:
    assert [ask(ticket, f"p{n}@example.org").status_code for n in range(21)] == [202] * 20 + [503]
    caches["limits"].clear()
    assert [ask(ticket, ip=f"192.0.2.{n}").status_code for n in range(6)] == [202] * 5 + [503]
    before = len(list(folder.glob("*.sealed")))
    away = {**settings.CACHES["limits"], "LOCATION": "redis://127.0.0.1:1/2"}
    settings.CACHES = {**settings.CACHES, "limits": away}
    assert ask(ticket, "other@example.org").status_code == 503
    assert len(list(folder.glob("*.sealed"))) == before


def test_what_the_form_would_not_take_is_not_kept(ticket: str, folder: Path) -> None:
    assert ask("forged").status_code == 503
    assert ask(guards.ticket("otherpage123")).status_code == 503
    assert ask(ticket, "no address").status_code == 503
    assert ask(ticket, cadence="never").status_code == 503
    # Whoever falls into the trap is told what everybody is told.
    assert ask(ticket, website="x").status_code == 202
    assert not folder.exists() or not list(folder.glob("*.sealed"))


def test_the_spool_is_bounded(ticket: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "MOST", 2)
    assert [ask(ticket, f"p{n}@example.org").status_code for n in range(3)] == [202, 202, 503]
    monkeypatch.setattr(spool, "MOST", 10)
    assert ask(ticket, "q@example.org", filler="x" * spool.LARGEST).status_code == 503


def test_what_cannot_be_read_is_put_aside_and_holds_up_nobody(
    page: StatusPage, ticket: str, folder: Path
) -> None:
    ask(ticket)
    (folder / "0.sealed").write_text("not ours")
    assert fold(5.0) == 1
    assert (folder / "0.unreadable").exists()
    assert Subscriber.objects.count() == 1


def test_who_came_in_the_meantime_keeps_what_they_chose(
    page: StatusPage, ticket: str, subscribed: Add
) -> None:
    ask(ticket)
    ada = subscribed("ada", wants_maintenance=False)
    fold(5.0)
    ada.refresh_from_db()
    assert (ada.state, ada.wants_maintenance) == (SubscriberState.ACTIVE, False)
    assert ada.asked_at < timezone.now()

"""An import that a person asks for, and the outbox carries out."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event as Signal
from threading import Thread
from typing import Any

import pytest
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import override

from common.errors import Refused
from common.tenancy import in_tenant
from components.actions import create_component
from events.models import Event
from importing.asking import IMPORT_PAGE, ask_for_import
from importing.models import SILENCE, PageImport
from incidents.models import Incident
from outbox.drain import drain
from outbox.models import OutboxItem
from pages.actions import create_page, delete_page
from pages.models import StatusPage
from tenants.models import Tenant
from tests.conftest import ACTOR
from tests.importing.server import Handler, Page, serving
from tests.importing.test_remote import small_page


@pytest.fixture
def reachable(settings: Any) -> None:
    settings.EGRESS_ALLOW_NETS = ["127.0.0.0/8"]


def carried_out(asked: PageImport) -> PageImport:
    drain([IMPORT_PAGE])
    asked.refresh_from_db()
    return asked


def test_a_page_comes_over_unlaunched_with_its_history_in_one_version(acme: Tenant, reachable: None) -> None:
    with serving(small_page()) as url:
        asked = carried_out(ask_for_import(ACTOR, f"{url}/history", "hub"))

    assert (asked.failure, asked.phase) == ("", "storing")
    page = StatusPage.objects.get()
    assert (page.pk, page.slug, page.published, page.version) == (asked.page_id, "hub", False, 1)
    assert Incident.objects.count() > 50
    made = Event.objects.filter(version=1)
    assert {(one.actor_kind, one.actor_id, one.notify) for one in made} == {("user", "tester", False)}
    assert not OutboxItem.objects.filter(topic=IMPORT_PAGE).exists()


def test_it_comes_to_a_page_that_is_there_beside_what_is_written_here(acme: Tenant, reachable: None) -> None:
    page = create_page(ACTOR, name="Ours", slug="ours")
    own = create_component(page, ACTOR, name="Ours")
    with serving(small_page()) as url:
        asked = carried_out(ask_for_import(ACTOR, url, into=page))

    assert (asked.failure, asked.page_id) == ("", page.pk)
    page.refresh_from_db()
    assert (page.name, page.slug, page.published, page.version) == ("Ours", "ours", True, 3)
    assert StatusPage.objects.count() == 1
    assert page.incidents.count() > 50
    assert own in page.components.present()
    assert page.components.present().count() > 1


def test_a_page_that_was_deleted_meanwhile_is_told(acme: Tenant, reachable: None) -> None:
    page = create_page(ACTOR, name="Ours", slug="ours")
    with serving(small_page()) as url:
        asked = ask_for_import(ACTOR, url, into=page)
        delete_page(page, ACTOR)
        carried_out(asked)

    assert "deleted meanwhile" in asked.failure


def no_documents(handler: Handler, _path: str, _asked: int) -> bool:
    handler.answer(404)
    return True


def private(handler: Handler, _path: str, _asked: int) -> bool:
    handler.answer(401)
    return True


@pytest.mark.parametrize(
    ("trouble", "language", "said"),
    [
        (no_documents, "en", "is not a Statuspage page"),
        (private, "en", "it is private"),
        (private, "de", "Die Seite ist privat"),
    ],
)
def test_what_goes_wrong_is_said_in_words_of_who_asked_and_ends_it(
    acme: Tenant, reachable: None, trouble: Callable[..., bool], language: str, said: str
) -> None:
    with serving(Page(trouble=trouble)) as url:
        with override(language):
            asked = ask_for_import(ACTOR, url)
        carried_out(asked)

    assert said in asked.failure
    assert asked.ended_at
    assert not StatusPage.objects.exists()
    assert not OutboxItem.objects.filter(topic=IMPORT_PAGE).exists()


def test_an_address_name_that_is_taken_is_told_before_the_history_is_read(
    acme: Tenant, reachable: None
) -> None:
    create_page(ACTOR, name="Other", slug="hub")
    with serving(page := small_page()) as url:
        asked = carried_out(ask_for_import(ACTOR, url, "hub"))

    assert "Please choose another address name" in asked.failure
    assert not any(path.startswith("/history") for path in page.asked)


def test_what_lies_on_our_own_network_is_never_called(acme: Tenant, settings: Any) -> None:
    settings.EGRESS_ALLOW_NETS = ["127.0.0.0/8"]
    with serving(page := small_page()) as url:
        asked = ask_for_import(ACTOR, url)
        settings.EGRESS_ALLOW_NETS = []
        carried_out(asked)

    assert "has to be open to the internet" in asked.failure
    assert not page.asked


@pytest.mark.parametrize(
    ("url", "slug", "field"),
    [
        ("http://127.0.0.1/", "", "url"),
        ("http://169.254.169.254/latest", "", "url"),
        ("ftp://status.example.com", "", "url"),
        ("https://a:b@status.example.com", "", "url"),
        ("https://[", "", "url"),
        ("nonsense", "", "url"),
        ("status.example.com", "Not A Slug", "slug"),
    ],
)
def test_what_can_be_refused_at_once_names_its_field(acme: Tenant, url: str, slug: str, field: str) -> None:
    with pytest.raises(Refused) as refusal:
        ask_for_import(ACTOR, url, slug)
    assert refusal.value.field == field
    assert not PageImport.objects.exists()


def test_one_import_at_a_time_and_a_dead_one_holds_up_nobody(acme: Tenant) -> None:
    first = ask_for_import(ACTOR, "status.example.com")
    assert first.url == "https://status.example.com"
    with pytest.raises(Refused, match="being imported"):
        ask_for_import(ACTOR, "status.example.org")
    PageImport.objects.update(created_at=timezone.now() - SILENCE)
    ask_for_import(ACTOR, "status.example.org")


def test_who_asks_while_another_asks_waits_for_what_becomes_of_that(acme: Tenant) -> None:
    asked, over = Signal(), Signal()

    def ask_first() -> None:
        with in_tenant(acme.id), transaction.atomic():
            ask_for_import(ACTOR, "status.example.com")
            asked.set()
            over.wait(60)
            transaction.set_rollback(True)
        connection.close()

    first = Thread(target=ask_first)
    first.start()
    assert asked.wait(60)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '20ms'")
    try:
        with pytest.raises(OperationalError, match="lock timeout"):
            ask_for_import(ACTOR, "status.example.org")
    finally:
        over.set()
        first.join()
    ask_for_import(ACTOR, "status.example.org")


def test_what_another_process_is_at_is_left_to_it(acme: Tenant) -> None:
    asked = ask_for_import(ACTOR, "status.example.com")
    PageImport.objects.update(seen_at=timezone.now())

    assert carried_out(asked).ended_at is None
    assert OutboxItem.objects.get(topic=IMPORT_PAGE).attempts == 0

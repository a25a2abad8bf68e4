"""Domains of an organisation's own: proved by DNS, served, and given up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from common.errors import Refused
from common.names import proof
from common.tenancy import in_tenant
from outbox.models import OutboxItem
from outbox.registry import Claimed
from pages.actions import delete_page
from pages.handlers import look_at_host
from pages.models import OwnHost, StatusPage
from pages.own_hosts import (
    OWN_HOST,
    PATIENCE,
    Code,
    Finding,
    add_host,
    check,
    make_primary,
    remove_host,
    said,
    settle,
    target,
)
from tenants.models import Domain, Tenant
from tests.conftest import ACTOR
from tests.nameserver import Names, nameserver

HOST = "status.acme.example.org"


@pytest.fixture
def names(settings: Any) -> Iterator[Names]:
    with nameserver() as found:
        settings.DNS_SERVERS = [found.address]
        yield found


@pytest.fixture
def own(page: StatusPage) -> OwnHost:
    return add_host(page, ACTOR, HOST)


def prove(names: Names, acme: Tenant) -> None:
    name, text = proof(acme.pk, HOST)
    names.texts[name] = ["something else", text]


def served(page: StatusPage) -> set[str]:
    return set(Domain.objects.filter(page_id=page.pk, kind="custom").values_list("host", flat=True))


def checked(own: OwnHost) -> list[Code]:
    found = check(OwnHost.objects.select_related("page").get(pk=own.pk))
    return [one.code for one in found]


def test_it_is_served_once_its_text_proves_it(
    names: Names, acme: Tenant, page: StatusPage, own: OwnHost
) -> None:
    assert checked(own) == [Code.UNPROVED, Code.LEADS_NOWHERE]
    assert served(page) == set()
    prove(names, acme)
    names.addresses[HOST] = "192.0.2.7"
    assert checked(own) == [Code.PROVED, Code.NOT_AN_ALIAS]
    assert served(page) == {HOST}


def test_leading_to_a_name_that_nobody_guesses_is_proof_as_well(
    names: Names, page: StatusPage, own: OwnHost
) -> None:
    names.aliases[HOST] = "elsewhere.example.net"
    assert checked(own) == [Code.UNPROVED, Code.LEADS_ELSEWHERE]
    names.aliases[HOST] = target(page)
    assert checked(own) == [Code.UNPROVED, Code.LEADS_HERE]
    assert served(page) == {HOST}


def test_nothing_is_concluded_where_dns_does_not_answer(
    names: Names, acme: Tenant, page: StatusPage, own: OwnHost
) -> None:
    prove(names, acme)
    checked(own)
    names.broken |= {HOST, proof(acme.pk, HOST)[0]}
    with time_machine.travel(timezone.now() + PATIENCE * 3, tick=False):
        assert checked(own) == [Code.UNANSWERED]
    assert served(page) == {HOST}
    own.refresh_from_db()
    assert own.failing_since is None


def test_what_leads_elsewhere_for_long_is_given_up(
    names: Names, acme: Tenant, page: StatusPage, own: OwnHost
) -> None:
    prove(names, acme)
    checked(own)
    make_primary(page, ACTOR, HOST)
    names.texts.clear()
    checked(own)
    with time_machine.travel(timezone.now() + PATIENCE - timedelta(hours=1), tick=False):
        checked(own)
        assert served(page) == {HOST}
    with time_machine.travel(timezone.now() + PATIENCE + timedelta(hours=1), tick=False):
        checked(own)
    assert served(page) == set()
    page.refresh_from_db()
    assert page.primary_host == "acme.localhost"


def test_nobody_gets_a_host_that_another_page_is_served_at(
    names: Names, acme: Tenant, globex: Tenant, page: StatusPage, own: OwnHost
) -> None:
    with in_tenant(globex.id):
        theirs = add_host(StatusPage.objects.get(), ACTOR, HOST)
        name, text = proof(globex.pk, HOST)
        names.texts[name] = [text]
        checked(theirs)
    prove(names, acme)
    assert checked(own)[-1] is Code.TAKEN
    assert served(page) == set()
    own.refresh_from_db()
    assert own.proved_at is None


@pytest.mark.parametrize("gone", [remove_host, lambda page, own, actor: delete_page(page, actor)])
def test_what_went_while_dns_was_asked_is_not_served(page: StatusPage, own: OwnHost, gone: Any) -> None:
    asked = OwnHost.objects.select_related("page").get(pk=own.pk)
    gone(page, own, ACTOR)
    settle(asked, [Finding(Code.PROVED)])
    assert not Domain.objects.filter(host=HOST).exists()


def test_two_who_look_at_once_find_the_same(page: StatusPage, own: OwnHost) -> None:
    asked = [OwnHost.objects.select_related("page").get(pk=own.pk) for _time in range(2)]
    assert [settle(one, [Finding(Code.PROVED)]) for one in asked] == [[Finding(Code.PROVED)]] * 2
    assert served(page) == {HOST}


def test_links_lead_to_a_proved_host_alone_and_back_when_it_is_removed(
    names: Names, acme: Tenant, page: StatusPage, own: OwnHost
) -> None:
    with pytest.raises(Refused, match="not served"):
        make_primary(page, ACTOR, HOST)
    prove(names, acme)
    checked(own)
    assert make_primary(page, ACTOR, HOST).primary_host == HOST
    assert Domain.objects.get(host=HOST).primary
    page.refresh_from_db()
    remove_host(page, own, ACTOR)
    page.refresh_from_db()
    assert page.primary_host == "acme.localhost"
    assert served(page) == set()
    assert not OwnHost.objects.exists()


WRONG = [
    *("", "localhost", "x.localhost", "acme.localhost", "http://status.example.org", "status.example.org/x"),
    *("192.0.2.1", "2001:db8::1", "-x.example.org", "a..example.org", "a" * 64 + ".example.org", "x_y.org"),
    *(".".join(["a" * 50] * 6), "☃.example.org", "i❤.example.org", "a\u2026b.example.org"),
]


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_host_of_theirs_is_refused(page: StatusPage, wrong: str) -> None:
    with pytest.raises(Refused) as refusal:
        add_host(page, ACTOR, wrong)
    assert refusal.value.field == "host"


def test_a_host_is_kept_as_machines_spell_it_and_once(page: StatusPage) -> None:
    assert add_host(page, ACTOR, " Störung.Example.org. ").host == "xn--strung-xxa.example.org"
    with pytest.raises(Refused, match="already"):
        add_host(page, ACTOR, "störung.example.org")


SPELLED = {
    # Browsers have asked for these under IDNA 2003 as strasse and as a σ.
    "straße.example.org": "xn--strae-oqa.example.org",
    "σίγμας.example.org": "xn--kxaef0b5ab.example.org",
    "status。example.org": "status.example.org",
    # What is ASCII already is nobody's to rename.
    "xn--i-7iq.example.org": "xn--i-7iq.example.org",
    "strasse.example.org": "strasse.example.org",
    "r3---sn.example.org": "r3---sn.example.org",
}


def test_names_are_spelled_as_browsers_spell_them(page: StatusPage) -> None:
    found = {given: add_host(page, ACTOR, given).host for given in SPELLED}
    assert found == SPELLED
    with pytest.raises(Refused, match="has a character that no host has"):
        add_host(page, ACTOR, "☃.example.org")


def test_it_is_looked_at_again_by_itself(names: Names, acme: Tenant, own: OwnHost) -> None:
    row = OutboxItem.objects.get(topic=OWN_HOST, key=own.pk)
    item = Claimed(row.pk, OWN_HOST, acme.pk, own.pk, row.seq, 0)
    OutboxItem.objects.filter(pk=row.pk).delete()
    look_at_host(item)
    soon = OutboxItem.objects.get(topic=OWN_HOST, key=own.pk).due_at - timezone.now()
    assert timedelta(minutes=9) < soon <= timedelta(minutes=10)
    prove(names, acme)
    OutboxItem.objects.filter(topic=OWN_HOST).delete()
    look_at_host(item)
    later = OutboxItem.objects.get(topic=OWN_HOST, key=own.pk).due_at - timezone.now()
    assert timedelta(hours=23) < later <= timedelta(days=1)
    OwnHost.objects.all().delete()
    OutboxItem.objects.filter(topic=OWN_HOST).delete()
    look_at_host(item)
    assert not OutboxItem.objects.filter(topic=OWN_HOST).exists()


def test_every_finding_has_its_words(own: OwnHost) -> None:
    texts = {said(Finding(code, "elsewhere"), own) for code in Code}
    assert len(texts) == len(Code)
    assert all(HOST in text for text in texts)

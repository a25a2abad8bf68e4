"""From whom a page's mail is, and whether it will arrive, by a name server of the test's own."""

from __future__ import annotations

from collections.abc import Iterator
from email.utils import parseaddr
from typing import Any

import pytest
from django.utils.translation import override

from common.errors import Refused
from common.names import proof
from common.tenancy import current_tenant_id, in_tenant
from events.models import Event
from notifications.models import MailReport, MailSender
from notifications.senders import Sender, set_sender
from notifications.senders_check import Level, check
from notifications.senders_check import found as kept_findings
from pages.models import StatusPage
from tenants.models import Tenant
from tests.mailing import ACTOR, SYSTEM, Add, deliver, opened
from tests.nameserver import Names, nameserver
from tests.sink import Sink

ADA = "ada@example.org"
OURS = Sender("Acme Söhne", "status@acme.example", "help@acme.example")


@pytest.fixture
def names(settings: Any) -> Iterator[Names]:
    settings.DKIM_SELECTORS = ["old", "key1"]
    with nameserver() as running:
        settings.DNS_SERVERS = [running.address]
        yield running


def well_kept(names: Names) -> None:
    name, said = proof(current_tenant_id(), "acme.example")
    names.texts = {
        name: [said],
        "acme.example": ["something else", "v=spf1 include:_spf.example.org -all"],
        "key1._domainkey.acme.example": ["v=DKIM1; k=rsa; p=MIIB"],
        "_dmarc.acme.example": ["v=DMARC1; p=quarantine"],
    }


def told(mail: Sink) -> Any:
    return mail.mail(ADA)[-1]


def levels(row: MailSender) -> dict[str, str]:
    return {one.about: one.level for one in check(row)}


def test_a_domain_that_is_not_proved_is_no_sender(
    page: StatusPage, subscribed: Add, mail: Sink, names: Names
) -> None:
    subscribed("ada")
    row = set_sender(page, ACTOR, OURS)
    assert levels(row)["owner"] == Level.WRONG
    opened(page)
    deliver()
    assert parseaddr(told(mail)["From"])[1] == "status@example.org"
    assert told(mail)["From"].addresses[0].display_name == "Acme Söhne"
    assert told(mail)["Reply-To"] == "help@acme.example"


def test_once_proved_mail_is_from_the_pages_own_address(
    page: StatusPage, subscribed: Add, mail: Sink, names: Names, globex: Tenant
) -> None:
    subscribed("ada")
    row = set_sender(page, ACTOR, OURS)
    well_kept(names)
    assert set(levels(row).values()) == {Level.GOOD}
    opened(page)
    deliver()
    assert parseaddr(told(mail)["From"])[1] == "status@acme.example"
    with in_tenant(globex.pk):
        theirs = set_sender(StatusPage.objects.get(), ACTOR, OURS)
    assert levels(theirs)["owner"] == Level.WRONG


def test_another_domain_has_to_be_proved_anew(page: StatusPage, names: Names) -> None:
    row = set_sender(page, ACTOR, OURS)
    well_kept(names)
    check(row)
    assert set_sender(page, ACTOR, Sender(address="other@acme.example")).verified_at is not None
    assert set_sender(page, ACTOR, Sender(address="status@bank.example")).verified_at is None


def test_what_was_proved_stays_so_while_dns_is_silent_and_not_once_it_says_otherwise(
    page: StatusPage, names: Names
) -> None:
    row = set_sender(page, ACTOR, OURS)
    well_kept(names)
    check(row)
    name = proof(current_tenant_id(), "acme.example")[0]
    names.broken = {name}
    assert levels(row)["owner"] == Level.CAREFUL
    row.refresh_from_db()
    assert row.verified_at is not None
    names.broken, names.texts = set(), {}
    assert levels(row)["owner"] == Level.WRONG
    row.refresh_from_db()
    assert row.verified_at is None


@pytest.mark.parametrize(
    ("name", "texts", "about", "level", "word"),
    [
        ("acme.example", [], "SPF", Level.WRONG, "no SPF record"),
        ("acme.example", ["v=spf1 -all", "v=spf1 ~all"], "SPF", Level.WRONG, "2 SPF records"),
        ("acme.example", ["v=spf1 -all"], "SPF", Level.WRONG, "include:mailgun.org"),
        ("acme.example", ["v=spf1 include:mailgun.org -all"], "SPF", Level.GOOD, "SPF"),
        ("key1._domainkey.acme.example", [], "DKIM", Level.WRONG, "no key"),
        ("key1._domainkey.acme.example", ["v=DKIM1; p="], "DKIM", Level.WRONG, "no key"),
        ("_dmarc.acme.example", [], "DMARC", Level.WRONG, "no DMARC record"),
        ("_dmarc.acme.example", ["v=DMARC1; p=none", "v=DMARC1; p=reject"], "DMARC", Level.WRONG, "Keep one"),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(
    name: str,
    texts: list[str],
    about: str,
    level: str,
    word: str,
    page: StatusPage,
    names: Names,
    settings: Any,
) -> None:
    settings.EMAIL_PROVIDERS = [{"name": "mailgun", "kind": "mailgun", "options": {"api_key": "a"}}]
    row = set_sender(page, ACTOR, OURS)
    well_kept(names)
    names.texts[name] = texts
    found = next(one for one in check(row) if one.about == about)
    assert found.level == level
    assert word in found.text
    # Kept as what it is, and said in the language of whoever reads it.
    row.refresh_from_db()
    kept = next(one for one in kept_findings(row) if one.about == about)
    assert kept == found
    english = kept.text
    with override("de"):
        assert kept.text not in {english, ""}


def test_a_service_that_has_reported_once_is_heard(page: StatusPage, names: Names, settings: Any) -> None:
    settings.EMAIL_PROVIDERS = [{"name": "mailgun", "kind": "mailgun", "options": {"api_key": "a"}}]
    row = set_sender(page, ACTOR, OURS)
    assert levels(row)["reports"] == Level.CAREFUL
    MailReport.objects.create(
        provider="mailgun", fingerprint="x", kind="delivered", received_at=row.updated_at
    )
    assert levels(row)["reports"] == Level.GOOD


@pytest.mark.parametrize("address", ["nobody", "status@example.org", "a@b\r\nBcc: eve@example.org"])
def test_an_address_that_cannot_be_a_sender_is_refused(address: str, page: StatusPage, mail: Sink) -> None:
    with pytest.raises(Refused):
        set_sender(page, ACTOR, Sender(address=address))
    assert not MailSender.objects.exists()


def test_that_a_sender_was_changed_is_noted_without_the_address(page: StatusPage) -> None:
    set_sender(page, SYSTEM, OURS)
    event = Event.objects.get(name="page.sender_changed")
    assert "@" not in str(event.facts)

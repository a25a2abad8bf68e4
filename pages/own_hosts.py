"""Domains of an organisation's own at which a page is served: proved by DNS, and looked at again each day."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import idna
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from idna import InvalidCodepoint

from common.errors import Refused
from common.names import Unanswered, alias, has_addresses, proof, texts
from common.rows import add, state
from common.rows import change as change_row
from common.tenancy import current_tenant_id
from events.actor import SYSTEM, Actor
from outbox.queue import put
from pages.change import Change, page_change, record
from pages.models import OwnHost, StatusPage
from tenants.actions import claim_hosts, describe_hosts, page_hosts, release_hosts
from tenants.models import Domain, DomainKind

OWN_HOST = "own_host"
DAILY = timedelta(days=1)
# While somebody waits for it to work.
_SOON = timedelta(minutes=10)
_EAGER = timedelta(days=2)
# A domain that leads elsewhere for so long is given up: somebody else may own it by now.
PATIENCE = timedelta(days=14)
_MOST = 20
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")


class Code(StrEnum):
    """What was found. Its words are in `said`."""

    PROVED = "proved"
    UNPROVED = "unproved"
    LEADS_HERE = "leads_here"
    LEADS_ELSEWHERE = "leads_elsewhere"
    NOT_AN_ALIAS = "not_an_alias"
    LEADS_NOWHERE = "leads_nowhere"
    UNANSWERED = "unanswered"
    TAKEN = "taken"


GOOD = frozenset({Code.PROVED, Code.LEADS_HERE})
CAREFUL = frozenset({Code.NOT_AN_ALIAS, Code.UNANSWERED})


@dataclass(frozen=True, slots=True)
class Finding:
    code: Code
    about: str = ""


def target(page: StatusPage) -> str:
    """What the page's own hosts are aliases of. Nobody guesses it: who points there was told by the team."""
    signed = salted_hmac("pages.own_hosts.target", page.pk, algorithm="sha256").hexdigest()
    return f"{signed[:24]}.{settings.PAGES_DOMAIN}"


def add_host(page: StatusPage, actor: Actor, host: str) -> OwnHost:
    """Ask for the page to be served at `host`; it is, once `check` has found that the host is theirs.

    Raises Refused for what can be no such host.
    """
    host, now = _normal(host), timezone.now()
    with transaction.atomic(durable=True):
        _lock(page)
        if page.own_hosts.filter(host=host).exists():
            raise Refused(_("“%(host)s” is listed already.") % {"host": host}, "host")
        if page.own_hosts.count() >= _MOST:
            raise Refused(_("A page has at most %(most)d domains of its own.") % {"most": _MOST}, "host")
        found = add(OwnHost(page=page, host=host, created_at=now))
        put(OWN_HOST, current_tenant_id(), [found.pk])
        record(actor, "host.added", "host", found.pk, state(found), page_id=page.pk)
    return found


def remove_host(page: StatusPage, own: OwnHost, actor: Actor) -> None:
    """Serve the page there no more. Links lead to the page's address here again, if they led there."""
    with page_change(page, actor, notify=False) as change:
        # Behind a look into DNS that is just drawing its conclusions.
        own = _locked(page, own)
        _leave(change, own.host)
        record(actor, "host.removed", "host", own.pk, state(own), page_id=page.pk)
        own.delete()


def make_primary(page: StatusPage, actor: Actor, host: str) -> StatusPage:
    """Have links in messages and feeds lead to `host`, one that the page is served at."""
    with page_change(page, actor, notify=False) as change:
        if host not in Domain.objects.filter(page_id=page.pk).values_list("host", flat=True):
            raise Refused(_("The page is not served at “%(host)s” yet.") % {"host": host}, "host")
        _lead_to(change, host)
    return change.page


def check(own: OwnHost) -> list[Finding]:
    """Ask DNS, and draw the conclusions: the page is served there, is no more, or waits."""
    findings = list(_look(own))
    return settle(own, findings)


def settle(own: OwnHost, findings: list[Finding]) -> list[Finding]:
    """Keep what was found. Asks nobody."""
    now, codes = timezone.now(), {one.code for one in findings}
    theirs = bool(codes & GOOD)
    if theirs and own.proved_at is None and not _claim(own, now):
        findings, theirs = [*findings, Finding(Code.TAKEN)], False
    values: dict[str, Any] = {"checked_at": now, "findings": [asdict(one) for one in findings]}
    if theirs:
        values |= {"proved_at": own.proved_at or now, "failing_since": None}
    elif Code.UNANSWERED not in codes:
        values |= _failing(own, now)
    OwnHost.objects.filter(pk=own.pk).update(**values)
    return findings


def _failing(own: OwnHost, now: datetime) -> dict[str, Any]:
    since = own.failing_since or now
    if own.proved_at is None or now - since <= PATIENCE:
        return {"failing_since": since}
    _give_up(own, now)
    return {"failing_since": since}


def next_check(own: OwnHost, now: datetime) -> datetime:
    is_eager = own.proved_at is None and now - own.created_at < _EAGER
    return now + (_SOON if is_eager else DAILY)


def said(finding: Finding, own: OwnHost) -> str:
    """In words, in the active language."""
    values = {"host": own.host, "about": finding.about}
    words = {
        Code.PROVED: _("%(host)s is yours: its TXT record says so."),
        Code.UNPROVED: _("Nothing shows yet that %(host)s is yours: its TXT record is missing or wrong."),
        Code.LEADS_HERE: _("%(host)s leads here."),
        Code.LEADS_ELSEWHERE: _("%(host)s leads to %(about)s, not here. Change its CNAME record."),
        Code.NOT_AN_ALIAS: _(
            "%(host)s has addresses of its own and no CNAME record: that works if they lead here, as behind "
            "a CDN or where a domain itself can have no CNAME."
        ),
        Code.LEADS_NOWHERE: _("%(host)s leads nowhere yet: add its CNAME record."),
        Code.UNANSWERED: _("DNS gave no answer about %(host)s. It is asked again later."),
        Code.TAKEN: _("%(host)s is served as another page already. Remove it there first."),
    }
    return words[finding.code] % values


def _look(own: OwnHost) -> Iterator[Finding]:
    name, wanted = proof(current_tenant_id(), own.host)
    try:
        yield Finding(Code.PROVED if wanted in texts(name) else Code.UNPROVED)
        yield _way(own)
    except Unanswered:
        yield Finding(Code.UNANSWERED)


def _way(own: OwnHost) -> Finding:
    leads_to = alias(own.host)
    if leads_to == target(own.page):
        return Finding(Code.LEADS_HERE)
    if leads_to:
        return Finding(Code.LEADS_ELSEWHERE, leads_to)
    return Finding(Code.NOT_AN_ALIAS if has_addresses(own.host) else Code.LEADS_NOWHERE)


def _claim(own: OwnHost, now: datetime) -> bool:
    """Whether the page is served there from now on: nobody else is, and nothing went while DNS was asked."""
    try:
        with transaction.atomic(durable=True):
            _lock(own.page)
            page = StatusPage.objects.get(pk=own.page_id)
            own = _locked(page, own)
            if own.proved_at is None:
                claim_hosts(current_tenant_id(), page.pk, {own.host: DomainKind.CUSTOM})
                describe_hosts(page.pk, primary=page.primary_host, published=page.published)
                own.proved_at = now
                own.save(update_fields=["proved_at"])
                record(SYSTEM, "host.proved", "host", own.pk, state(own), page_id=page.pk)
    except Refused:
        return False
    return True


def _give_up(own: OwnHost, now: datetime) -> None:
    """Unless it was found to be theirs again, or went with its page, while DNS was asked."""
    with suppress(Refused), page_change(own.page, SYSTEM, notify=False) as change:
        own = _locked(own.page, own)
        if own.proved_at and own.failing_since and now - own.failing_since > PATIENCE:
            _leave(change, own.host)
            own.proved_at = None
            own.save(update_fields=["proved_at"])
            record(SYSTEM, "host.given_up", "host", own.pk, state(own), page_id=change.page.pk)


def _leave(change: Change, host: str) -> None:
    """Step: the page is served there no more, and links lead nowhere else than where it is."""
    if change.page.primary_host == host:
        _lead_to(change, _slug_host(change.page))
    release_hosts(change.page.pk, [host])


def _lead_to(change: Change, host: str) -> None:
    """Step: links lead there from now on."""
    page = change.page
    if change_row(page, {"primary_host": host}, change.now, {"primary_host"}):
        describe_hosts(page.pk, primary=host, published=page.published)
        change.record("page.updated", "page", page.pk, state(page))


def _slug_host(page: StatusPage) -> str:
    return next(host for host, kind in page_hosts(page.pk, page.slug).items() if kind is DomainKind.SLUG)


def _normal(said_host: str) -> str:
    """Raises Refused for what is no name of a host, or one of ours."""
    text = said_host.strip().rstrip(".").lower()
    try:
        # As browsers write it: ß stays ß (UTS 46 without transition). What is ASCII already is not renamed.
        host = text if text.isascii() else idna.encode(text, uts46=True).decode()
    except InvalidCodepoint as error:
        message = _("“%(host)s” has a character that no host has. Letters, digits and hyphens will do.")
        raise Refused(message % {"host": text[:100]}, "host") from error
    except UnicodeError as error:
        raise Refused(_wrong(text), "host") from error
    labels = host.split(".")
    if len(host) > 253 or len(labels) < 2 or not all(_LABEL.fullmatch(one) for one in labels) or _is_ip(host):
        raise Refused(_wrong(text), "host")
    ours = {*settings.APP_HOSTS, settings.PAGES_DOMAIN}
    if any(host == one or host.endswith(f".{one}") for one in ours):
        raise Refused(_("“%(host)s” is this installation's own.") % {"host": host}, "host")
    return host


def _wrong(text: str) -> str:
    return _("“%(host)s” is not the name of a host, such as status.example.org.") % {"host": text[:100]}


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def _lock(page: StatusPage) -> None:
    if not StatusPage.objects.present().select_for_update(no_key=True).filter(pk=page.pk).exists():
        raise Refused(_("This page has been deleted."))


def _locked(page: StatusPage, own: OwnHost) -> OwnHost:
    found = page.own_hosts.select_for_update(of=("self",)).filter(pk=own.pk).first()
    if found is None:
        raise Refused(_("This domain has been removed meanwhile."))
    return found

"""Whether mail from a page's sender will arrive, as far as DNS can tell, in plain words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum

from django.conf import settings
from django.utils import timezone

from common.names import Unanswered, proof, texts
from notifications.models import MailReport, MailSender
from notifications.providers import SMTP, providers
from notifications.senders import domain_of, is_proved

# What a domain's SPF record has to include for mail that these services send.
_SPF = {
    "amazon_ses": "amazonses.com",
    "brevo": "spf.brevo.com",
    "mailgun": "mailgun.org",
    "mailjet": "spf.mailjet.com",
    "postmark": "spf.mtasv.net",
    "sendgrid": "sendgrid.net",
    "sparkpost": "sparkpostmail.com",
}


class Level(StrEnum):
    GOOD = "good"
    CAREFUL = "careful"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    about: str
    text: str


def check(row: MailSender) -> list[Finding]:
    """Look the sender's domain up, and keep what was found. Asks DNS; opens no transaction meanwhile.

    The address is mail's from now on where its domain is proved; what was proved before stays so while DNS
    gives no answer.
    """
    domain, now = domain_of(row.address), timezone.now()
    findings = list(_findings(row.tenant_id, domain)) if domain else []
    about = {one.about: one.level for one in findings}
    if about.get("owner") is Level.GOOD:
        row.verified_at = row.verified_at or now
    elif about.get("owner") is Level.WRONG:
        row.verified_at = None
    row.findings, row.checked_at = [asdict(one) for one in findings], now
    # Whoever changed the address meanwhile has to look again.
    MailSender.objects.filter(pk=row.pk, address=row.address).update(
        findings=row.findings, checked_at=now, verified_at=row.verified_at
    )
    return findings


def _findings(tenant_id: str, domain: str) -> Iterator[Finding]:
    for about, look in (("owner", _owner), ("SPF", _spf), ("DKIM", _dkim), ("DMARC", _dmarc)):
        try:
            yield look(tenant_id, domain)
        except Unanswered:
            yield Finding(
                Level.CAREFUL, about, f"DNS gave no answer about {domain}. Please look again later."
            )
    yield from _reports()


def _owner(tenant_id: str, domain: str) -> Finding:
    name, said = proof(tenant_id, domain)
    if is_proved(tenant_id, domain, texts(name)):
        return Finding(Level.GOOD, "owner", f"{domain} is yours: mail is from your address.")
    text = (
        f"Nothing shows yet that {domain} is yours, so mail is from this installation's address, and answers"
    )
    return Finding(Level.WRONG, "owner", f"{text} go to yours. Add a TXT record {name} that says {said}")


def _spf(_tenant_id: str, domain: str) -> Finding:
    found = [one for one in texts(domain) if one.lower().startswith("v=spf1")]
    if not found:
        text = f"{domain} has no SPF record: many will take your mail for forged. Add a TXT record v=spf1 …"
        return Finding(Level.WRONG, "SPF", text)
    if len(found) > 1:
        return Finding(
            Level.WRONG, "SPF", f"{domain} has {len(found)} SPF records, so none counts. Keep one."
        )
    missing = [one for one in _wanted() if one not in found[0]]
    if missing:
        text = f"The SPF record of {domain} does not name who sends for us. Add include:{missing[0]}"
        return Finding(Level.WRONG, "SPF", text)
    return Finding(Level.GOOD, "SPF", f"{domain} says who may send for it (SPF).")


def _dkim(_tenant_id: str, domain: str) -> Finding:
    if not settings.DKIM_SELECTORS:
        text = "Whether mail is signed (DKIM) cannot be looked up: set DKIM_SELECTORS to your keys' names."
        return Finding(Level.CAREFUL, "DKIM", text)
    for selector in settings.DKIM_SELECTORS:
        if any("p=" in one and not one.endswith("p=") for one in texts(f"{selector}._domainkey.{domain}")):
            return Finding(Level.GOOD, "DKIM", f"Mail from {domain} can be signed (DKIM, key {selector}).")
    names = " or ".join(f"{one}._domainkey.{domain}" for one in settings.DKIM_SELECTORS)
    return Finding(Level.WRONG, "DKIM", f"There is no key by which mail could be signed (DKIM), at {names}.")


def _dmarc(_tenant_id: str, domain: str) -> Finding:
    for name in _upwards(domain):
        found = [one for one in texts(f"_dmarc.{name}") if one.startswith("v=DMARC1")]
        if len(found) == 1:
            return Finding(Level.GOOD, "DMARC", f"{name} says what to do with forged mail (DMARC).")
        if found:
            text = f"{name} has {len(found)} DMARC records, so none counts. Keep one."
            return Finding(Level.WRONG, "DMARC", text)
    text = "Gmail and Outlook refuse mail to many without one. Add a TXT record"
    return Finding(
        Level.WRONG, "DMARC", f"{domain} has no DMARC record. {text} _dmarc.{domain}: v=DMARC1; p=none"
    )


def _reports() -> Iterator[Finding]:
    """Whether the services' word of bounces comes through."""
    for one in providers().values():
        if one.kind == SMTP:
            continue
        if MailReport.objects.filter(provider=one.name).exists():
            yield Finding(Level.GOOD, "reports", f"{one.name} reports what becomes of mail.")
        else:
            text = (
                f"{one.name} has reported nothing yet. Set its webhook to /hooks/mail/{one.name} at our host."
            )
            yield Finding(Level.CAREFUL, "reports", text)


def _wanted() -> list[str]:
    return [_SPF[one.kind] for one in providers().values() if one.kind in _SPF]


def _upwards(domain: str) -> list[str]:
    """The domain and those above it, down to two labels."""
    labels = domain.split(".")
    return [".".join(labels[begin:]) for begin in range(max(1, len(labels) - 1))]

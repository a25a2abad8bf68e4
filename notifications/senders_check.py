"""Whether mail from a page's sender will arrive, as far as DNS can tell, in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

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


# By code: how bad it is, and its words.
_FOUND: Mapping[str, tuple[Level, Any]] = {
    "unanswered": (
        Level.CAREFUL,
        _("DNS gave no answer about %(domain)s. Please look again later."),
    ),
    "owned": (Level.GOOD, _("%(domain)s is yours: mail is from your address.")),
    "not_owned": (
        Level.WRONG,
        _(
            "Nothing shows yet that %(domain)s is yours, so mail is from this installation's address, and "
            "answers go to yours. Add a TXT record %(name)s that says %(text)s"
        ),
    ),
    "spf": (Level.GOOD, _("%(domain)s says who may send for it (SPF).")),
    "spf_missing": (
        Level.WRONG,
        _(
            "%(domain)s has no SPF record: many will take your mail for forged. Add a TXT record that begins "
            "with v=spf1"
        ),
    ),
    "spf_twice": (
        Level.WRONG,
        _("%(domain)s has %(number)s SPF records, so none counts. Keep one."),
    ),
    "spf_without_us": (
        Level.WRONG,
        _("The SPF record of %(domain)s does not name who sends for us. Add include:%(wanted)s"),
    ),
    "dkim": (Level.GOOD, _("Mail from %(domain)s can be signed (DKIM, key %(name)s).")),
    "dkim_missing": (
        Level.WRONG,
        _("There is no key by which mail could be signed (DKIM), at %(names)s."),
    ),
    "dkim_unknown": (
        Level.CAREFUL,
        _("Whether mail is signed (DKIM) cannot be looked up: set DKIM_SELECTORS to your keys' names."),
    ),
    "dmarc": (Level.GOOD, _("%(domain)s says what to do with forged mail (DMARC).")),
    "dmarc_missing": (
        Level.WRONG,
        _(
            "%(domain)s has no DMARC record. Gmail and Outlook refuse mail to many without one. Add a TXT "
            "record _dmarc.%(domain)s: v=DMARC1; p=none"
        ),
    ),
    "dmarc_twice": (
        Level.WRONG,
        _("%(domain)s has %(number)s DMARC records, so none counts. Keep one."),
    ),
    "reports": (Level.GOOD, _("%(provider)s reports what becomes of mail.")),
    "reports_missing": (
        Level.CAREFUL,
        _("%(provider)s has reported nothing yet. Set its webhook to /hooks/mail/%(provider)s at our host."),
    ),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """`about` is owner, SPF, DKIM, DMARC or reports; `code`, of _FOUND, has words that speak of `values`."""

    about: str
    code: str
    values: Mapping[str, str]

    @property
    def level(self) -> Level:
        return _FOUND[self.code][0]

    @property
    def text(self) -> str:
        """In the active language."""
        return str(_FOUND[self.code][1]) % self.values


def found(row: MailSender) -> list[Finding]:
    """What the last look into DNS found; what an older release wrote down waits for the next look."""
    return [Finding(**one) for one in row.findings if "code" in one]


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
            yield Finding(about, "unanswered", {"domain": domain})
    yield from _reports()


def _owner(tenant_id: str, domain: str) -> Finding:
    name, text = proof(tenant_id, domain)
    if is_proved(tenant_id, domain, texts(name)):
        return Finding("owner", "owned", {"domain": domain})
    return Finding("owner", "not_owned", {"domain": domain, "name": name, "text": text})


def _spf(_tenant_id: str, domain: str) -> Finding:
    records = [one for one in texts(domain) if one.lower().startswith("v=spf1")]
    if not records:
        return Finding("SPF", "spf_missing", {"domain": domain})
    if len(records) > 1:
        return Finding("SPF", "spf_twice", {"domain": domain, "number": str(len(records))})
    missing = [one for one in _wanted() if one not in records[0]]
    if missing:
        return Finding("SPF", "spf_without_us", {"domain": domain, "wanted": missing[0]})
    return Finding("SPF", "spf", {"domain": domain})


def _dkim(_tenant_id: str, domain: str) -> Finding:
    if not settings.DKIM_SELECTORS:
        return Finding("DKIM", "dkim_unknown", {})
    for selector in settings.DKIM_SELECTORS:
        if any("p=" in one and not one.endswith("p=") for one in texts(f"{selector}._domainkey.{domain}")):
            return Finding("DKIM", "dkim", {"domain": domain, "name": selector})
    names = ", ".join(f"{one}._domainkey.{domain}" for one in settings.DKIM_SELECTORS)
    return Finding("DKIM", "dkim_missing", {"names": names})


def _dmarc(_tenant_id: str, domain: str) -> Finding:
    for name in _upwards(domain):
        records = [one for one in texts(f"_dmarc.{name}") if one.startswith("v=DMARC1")]
        if len(records) == 1:
            return Finding("DMARC", "dmarc", {"domain": name})
        if records:
            return Finding("DMARC", "dmarc_twice", {"domain": name, "number": str(len(records))})
    return Finding("DMARC", "dmarc_missing", {"domain": domain})


def _reports() -> Iterator[Finding]:
    """Whether the services' word of bounces comes through."""
    for one in providers().values():
        if one.kind != SMTP:
            heard = MailReport.objects.filter(provider=one.name).exists()
            yield Finding("reports", "reports" if heard else "reports_missing", {"provider": one.name})


def _wanted() -> list[str]:
    return [_SPF[one.kind] for one in providers().values() if one.kind in _SPF]


def _upwards(domain: str) -> list[str]:
    """The domain and those above it, down to two labels."""
    labels = domain.split(".")
    return [".".join(labels[begin:]) for begin in range(max(1, len(labels) - 1))]

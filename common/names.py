"""Asking DNS."""

from __future__ import annotations

from typing import Any

import dns.exception
import dns.nameserver
import dns.resolver
from django.conf import settings
from django.utils.crypto import salted_hmac

_SECONDS = 3.0


class Unanswered(Exception):
    """DNS gave no answer: nothing is known."""


def proof(tenant_id: str, domain: str) -> tuple[str, str]:
    """The name of a TXT record, and what it has to say for the domain to be the organisation's."""
    signed = salted_hmac("common.names.proof", f"{tenant_id}\0{domain}", algorithm="sha256").hexdigest()
    return f"_statuspage.{domain}", f"statuspage={signed[:32]}"


def texts(name: str) -> list[str]:
    """Its TXT records; none where there are none. Raises Unanswered."""
    return [b"".join(one.strings).decode("utf-8", "replace").strip() for one in _asked(name, "TXT")]


def alias(name: str) -> str:
    """What it is another name of (CNAME), in lower case without the last dot; empty where it is none."""
    found = [one.target.to_text(omit_final_dot=True).lower() for one in _asked(name, "CNAME")]
    return found[0] if found else ""


def has_addresses(name: str) -> bool:
    """Whether it leads anywhere. Raises Unanswered."""
    return bool(_asked(name, "A") or _asked(name, "AAAA"))


def _asked(name: str, kind: str) -> list[Any]:
    try:
        return list(_resolver().resolve(name, kind, lifetime=_SECONDS, search=False))
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return []
    except dns.exception.DNSException as error:
        raise Unanswered from error


def _resolver() -> dns.resolver.Resolver:
    """The system's, or the servers that DNS_SERVERS names."""
    if not settings.DNS_SERVERS:
        return dns.resolver.Resolver()
    resolver = dns.resolver.Resolver(configure=False)
    named = [one.rpartition(":") for one in settings.DNS_SERVERS]
    resolver.nameservers = [dns.nameserver.Do53Nameserver(host, int(port)) for host, _colon, port in named]
    return resolver

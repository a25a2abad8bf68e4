"""API keys: verbs on them, and which key a token is.

A token reads `sp_<kind>_<id>_<secret><checksum>`: `kind` is `ro` for keys that only read and `rw` for others,
the checksum tells a slip of the pen without asking the database. Only the secret's hash is stored.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
import secrets
import string
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from common.counters import address_of
from common.errors import Refused
from common.rows import add, given
from common.tenancy import in_tenant
from events.actor import Actor
from events.log import Fact, append
from tenants.access import standing_of
from tenants.models import ApiKey, Domain, Scope, Tenant, User

KEY_FIELDS = frozenset({"name", "scopes", "page_ids", "networks", "per_minute", "expires_at"})
OVERLAP = timedelta(hours=24)
LONGEST_OVERLAP = timedelta(days=90)

_LETTERS = string.digits + string.ascii_letters
_SECRET, _CHECKSUM = 32, 6
_TOKEN = re.compile(
    rf"(?P<said>sp_r[ow]_(?P<id>[0-9a-z]{{1,32}})_(?P<secret>[0-9A-Za-z]{{{_SECRET}}}))"
    rf"(?P<checksum>[0-9A-Za-z]{{{_CHECKSUM}}})"
)
_SEEN_EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Issued:
    """A new key, and the token that opens it: to be shown now, because it cannot be shown again."""

    key: ApiKey
    token: str


class NotAdmitted(Exception):
    """A token opens nothing. The text says why, as far as whoever holds it may know."""


class WrongPlace(Exception):
    """A good token is used from an address that its key is not for."""


def create_key(user: User, tenant: Tenant, actor: Actor, **fields: Any) -> Issued:
    """Give a person a key to an organisation; `fields`: of KEY_FIELDS, `name` and `scopes` at least.

    Raises Refused, naming the field; also for somebody who is not a member.
    """
    now = timezone.now()
    fields = _checked(tenant, fields, now)
    if standing_of(user, tenant) is None:
        raise Refused(_("Only members of the organisation can have keys to it."), "user")
    with in_tenant(tenant.pk), transaction.atomic(durable=True):
        issued = _issue(ApiKey(user=user, tenant=tenant, created_at=now, **fields))
        _record(issued.key, "key.created", actor, now)
    return issued


def rotate_key(key: ApiKey, actor: Actor, *, overlap: timedelta = OVERLAP) -> Issued:
    """A new key like this one, which itself works for `overlap` longer, so that nobody is locked out.

    Raises Refused where the key is not in use any more.
    """
    now = timezone.now()
    if not timedelta() <= overlap <= LONGEST_OVERLAP:
        message = _("Both keys can work for up to %(days)d days.") % {"days": LONGEST_OVERLAP.days}
        raise Refused(message, "overlap")
    with in_tenant(key.tenant_id), transaction.atomic(durable=True):
        former = _locked(key, now)
        copied = {name: getattr(former, name) for name in KEY_FIELDS}
        who = {"user_id": former.user_id, "tenant_id": former.tenant_id}
        issued = _issue(ApiKey(created_at=now, replaces=former, **who, **copied))
        former.expires_at = min(now + overlap, former.expires_at or now + overlap)
        former.save(update_fields=["expires_at"])
        _record(former, "key.rotated", actor, now, replaced_by=issued.key.pk)
        _record(issued.key, "key.created", actor, now)
    return issued


def revoke_key(key: ApiKey, actor: Actor) -> None:
    """Close a key at once, for good. Raises Refused where that has been done."""
    now = timezone.now()
    with in_tenant(key.tenant_id), transaction.atomic(durable=True):
        former = _locked(key, now)
        former.revoked_at = now
        former.save(update_fields=["revoked_at"])
        _record(former, "key.revoked", actor, now)
    key.revoked_at = now


def find_key(token: str, ip: str, now: datetime) -> ApiKey:
    """The key that a token opens from this address, with its person and organisation.

    Raises NotAdmitted where it opens none, WrongPlace where it is not for this address.
    """
    match = _TOKEN.fullmatch(token)
    if match is None or _checksum(match["said"]) != match["checksum"]:
        message = "This is not an API key."
        raise NotAdmitted(message)
    key = ApiKey.objects.filter(pk=match["id"]).select_related("user", "tenant").first()
    if key is None or not hmac.compare_digest(key.secret_hash, _hash(match["secret"])):
        message = "There is no such API key."
        raise NotAdmitted(message)
    if key.revoked_at is not None or (key.expires_at is not None and key.expires_at <= now):
        message = "This API key has been revoked or has expired."
        raise NotAdmitted(message)
    if key.networks and not _is_within(ip, key.networks):
        message = f"This API key may not be used from {address_of(ip) or 'here'}."
        raise WrongPlace(message)
    return key


def note_use(key: ApiKey, now: datetime) -> None:
    """Remember when a key was last used, to the minute."""
    if key.last_used_at is not None and key.last_used_at > now - _SEEN_EVERY:
        return
    unseen = Q(last_used_at=None) | Q(last_used_at__lte=now - _SEEN_EVERY)
    ApiKey.objects.filter(unseen, pk=key.pk).update(last_used_at=now)


def _issue(key: ApiKey) -> Issued:
    secret = "".join(secrets.choice(_LETTERS) for _place in range(_SECRET))
    key.secret_hash = _hash(secret)
    kind = "ro" if key.scopes == [Scope.READ.value] else "rw"
    said = f"sp_{kind}_{key.pk}_{secret}"
    return Issued(add(key), said + _checksum(said))


def _hash(secret: str) -> str:
    """A fast one will do: nobody guesses 190 random bits."""
    return sha256(secret.encode()).hexdigest()


def _checksum(said: str) -> str:
    number = zlib.crc32(said.encode())
    letters = ""
    for _place in range(_CHECKSUM):
        number, rest = divmod(number, len(_LETTERS))
        letters = _LETTERS[rest] + letters
    return letters


def _checked(tenant: Tenant, fields: dict[str, Any], now: datetime) -> dict[str, Any]:
    fields = given(fields, KEY_FIELDS, ApiKey)
    fields["scopes"] = _scopes(fields.get("scopes") or [])
    fields["networks"] = [_network(one) for one in fields.get("networks") or []]
    fields["page_ids"] = sorted(set(fields.get("page_ids") or []))
    pages = Domain.objects.filter(tenant=tenant, page_id__in=fields["page_ids"])
    if missing := set(fields["page_ids"]) - set(pages.values_list("page_id", flat=True)):
        message = _("This organisation has no page %(ids)s.") % {"ids": ", ".join(sorted(missing))}
        raise Refused(message, "page_ids")
    if fields.get("expires_at") is not None and fields["expires_at"] <= now:
        raise Refused(_("A key expires in the future."), "expires_at")
    return fields


def _scopes(said: Collection[str]) -> list[str]:
    if not said:
        raise Refused(_("Choose at least one thing that the key may do."), "scopes")
    return [scope.value for scope in Scope if scope.value in said]


def _network(said: str) -> str:
    try:
        return str(ipaddress.ip_network(said.strip(), strict=False))
    except ValueError as error:
        message = _("“%(said)s” is not an address. They look like 192.0.2.7 or 2001:db8::/32.")
        raise Refused(message % {"said": said}, "networks") from error


def _is_within(ip: str, networks: Collection[str]) -> bool:
    if not address_of(ip):
        return False
    address = ipaddress.ip_address(address_of(ip))
    mapped = getattr(address, "ipv4_mapped", None)
    return any((mapped or address) in ipaddress.ip_network(one) for one in networks)


def _locked(key: ApiKey, now: datetime) -> ApiKey:
    found = ApiKey.objects.usable(now).select_for_update().filter(pk=key.pk).first()
    if found is None:
        raise Refused(_("This key is not in use any more."))
    return found


def _record(key: ApiKey, name: str, actor: Actor, now: datetime, **more: str) -> None:
    facts = {
        "user_id": key.user_id,
        "scopes": key.scopes,
        "page_ids": key.page_ids,
        "expires_at": key.expires_at.isoformat() if key.expires_at else None,
    }
    append([Fact(name, "api_key", key.pk, facts | more)], actor=actor, at=now)

"""What stands between the forms of page hosts, which know no session, and those who would abuse them."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from django.core.signing import BadSignature, TimestampSigner
from django.http import HttpRequest

from common.counters import Limit, count, network
from common.tenancy import current_tenant_id
from subscribers.actions import Who
from subscribers.addresses import normal
from subscribers.choices import Channel

# Nobody reads and fills in the form quicker; a form left open for longer is sent again.
QUICKEST = timedelta(seconds=2)
LONGEST = timedelta(hours=24)


def is_from_here(request: HttpRequest) -> bool:
    """Whether the browser says that the form was sent from a page of this very host."""
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("Origin", "")
    return bool(origin) and urlsplit(origin).netloc.lower() == request.get_host().lower()


def ticket(page_id: str) -> str:
    """Goes with the form: says when, and for which page, it was made."""
    return _signer(page_id).sign("form")


def is_in_time(value: str, page_id: str) -> bool:
    """Whether a form with this ticket was filled in by somebody who took time, but not a day."""
    signer = _signer(page_id)
    try:
        signer.unsign(value, max_age=LONGEST)
    except BadSignature:
        return False
    try:
        signer.unsign(value, max_age=QUICKEST)
    except BadSignature:
        return True
    return False


def count_visitor(ip: str, page_id: str) -> None:
    """One more try of this visitor, and on this page. Raises as `limits.count`."""
    count([Limit("visitor", network(ip), 20, 3600), Limit("page", page_id, 600, 3600)])


def count_message(who: Who) -> None:
    """One more message that asks for confirmation. Raises as `count`; Refused for a number that is none."""
    if who.channel == Channel.SMS:
        number = normal(Channel.SMS, who.address)
        count([Limit("code", number, 3, 3600), Limit("codes", number, 10, 86_400)])
    else:
        count_address(who.contact or who.address)


def count_tenant() -> None:
    """One more request to the current tenant's pages. Raises as `count`."""
    count([Limit("tenant", current_tenant_id(), 2_000, 3600)])


def count_address(address: str) -> None:
    """One more message to this address, whichever page or tenant asks for it. Raises as `limits.count`."""
    count([Limit("address", address.strip().casefold(), 5, 3600)])


def _signer(page_id: str) -> TimestampSigner:
    return TimestampSigner(salt=f"public.form.{page_id}")

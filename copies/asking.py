"""Asking for copies: a row in the outbox for each target, for as long as there is one."""

from __future__ import annotations

from common.tenancy import current_tenant_id
from copies.models import CopyTarget
from outbox.queue import put

COPY = "copy"
# After a target's id in a key: have every file sent again.
ANEW = " anew"


def ask_for_copies(page_id: str) -> None:
    """Of a page of the current tenant, now: it was stored a moment ago."""
    ids = list(CopyTarget.objects.filter(page_id=page_id).values_list("pk", flat=True))
    if ids:
        put(COPY, current_tenant_id(), ids)


def ask_anew(target_id: str) -> None:
    """Have every file of one target sent again, now."""
    put(COPY, current_tenant_id(), [f"{target_id}{ANEW}"])

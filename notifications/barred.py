"""Which subscribers must not be written to, whatever state they are in, and why: as their lists show it."""

from __future__ import annotations

from typing import Any

from django.db.models import F, OuterRef, Q, Subquery

from common.tenancy import current_tenant_id
from notifications.models import Suppression


def with_barred(rows: Any) -> Any:
    """A QuerySet of Subscriber, each with `barred`, a word of SuppressionReason, or None for whoever may be
    written to. In the schema of their organisation."""
    mine = Suppression.objects.filter(
        Q(tenant_id=None) | Q(tenant_id=current_tenant_id()),
        channel=OuterRef("channel"),
        target_hash=OuterRef("address_hash"),
    )
    # What holds for everybody comes first.
    first = mine.order_by(F("tenant_id").asc(nulls_first=True)).values("reason")[:1]
    return rows.annotate(barred=Subquery(first))

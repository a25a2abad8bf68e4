"""What a person does with rows that failed for good."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils import timezone

from outbox.models import OutboxItem


def repeat(ids: Iterable[int]) -> int:
    """Set dead rows back to due, now, with all their attempts; the number of rows."""
    return (
        OutboxItem.objects.dead()
        .filter(id__in=list(ids))
        .update(dead_at=None, attempts=0, due_at=timezone.now(), last_error="")
    )

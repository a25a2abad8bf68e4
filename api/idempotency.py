"""Idempotency-Key: a write that is sent again is answered again, and done once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from hashlib import sha256

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest, HttpResponse

from api.bodies import raw_body
from api.errors import UNSURE, ApiError, sent
from api.models import Answered
from tenants.models import ApiKey

KEPT = timedelta(hours=24)
# Whoever takes longer has died: what became of the request is not known, and it may be tried again.
_LONGEST = timedelta(minutes=2)
_STEP = 1_000
_HEADERS = ("ETag", "Location", "Link")


def once(
    request: HttpRequest, key: ApiKey, now: datetime, answer: Callable[[], HttpResponse]
) -> HttpResponse:
    """`answer()`, unless this key has sent this request with the same Idempotency-Key in the last 24 hours.

    Raises ApiError 409 while the first one is still being answered, and 422 where the first one said
    something else. What failed here (5xx) is forgotten, but what may have been done counts as being answered.
    """
    said = request.headers.get("Idempotency-Key", "")
    if not said:
        return answer()
    if len(said) > 255 or not said.isprintable():
        raise ApiError(400, "An Idempotency-Key has up to 255 printable characters.")
    row = _begin(key, said, _fingerprint(request), now)
    if row.status is not None:
        return _again(row)
    try:
        found = answer()
    except BaseException:
        row.delete()
        raise
    _keep(row, found)
    return found


def forget(now: datetime) -> None:
    """Delete what is older than a day, a bounded number of rows."""
    old = Answered.objects.filter(begun_at__lte=now - KEPT).order_by("begun_at").values("pk")[:_STEP]
    Answered.objects.filter(pk__in=list(old.values_list("pk", flat=True))).delete()


def _fingerprint(request: HttpRequest) -> str:
    parts = [str(request.method).encode(), request.get_full_path().encode(), raw_body(request)]
    return sha256(b"\n".join(parts)).hexdigest()


def _begin(key: ApiKey, said: str, fingerprint: str, now: datetime) -> Answered:
    """A row of one's own to fill in, or the one that was answered."""
    forgotten = Q(begun_at__lte=now - KEPT) | Q(status=None, begun_at__lte=now - _LONGEST)
    Answered.objects.filter(forgotten, key=key, said=said).delete()
    try:
        with transaction.atomic():
            return Answered.objects.create(key=key, said=said, fingerprint=fingerprint, begun_at=now)
    except IntegrityError:
        return _former(key, said, fingerprint)


def _former(key: ApiKey, said: str, fingerprint: str) -> Answered:
    former = Answered.objects.filter(key=key, said=said).first()
    if former is not None and former.fingerprint != fingerprint:
        raise ApiError(422, "This Idempotency-Key was sent with another request.")
    if former is None or former.status is None:
        message = "The same request is being answered at this moment."
        raise ApiError(409, message, **{"Retry-After": "1"})
    return former


def _keep(row: Answered, answer: HttpResponse) -> None:
    if answer.status_code == UNSURE:
        return
    if answer.status_code >= 500:
        row.delete()
        return
    headers = {name: answer.headers[name] for name in _HEADERS if name in answer.headers}
    Answered.objects.filter(pk=row.pk).update(status=answer.status_code, body=answer.content, headers=headers)


def _again(row: Answered) -> HttpResponse:
    return sent(row.status or 200, bytes(row.body), {**row.headers, "Idempotent-Replayed": "true"})

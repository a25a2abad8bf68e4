"""Asking services for metrics: no transaction is open while they are asked, and nothing they do raises here.

What is already known stays: a metric whose service fails keeps its points, and its chart its last line.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from common.encryption import Unreadable
from common.errors import Refused
from common.fetching import FetchError
from metrics.choices import Transform
from metrics.credentials import opened
from metrics.models import Metric, MetricsProvider
from metrics.points import LARGEST, MOST, add_points
from metrics.providers import SERVICES
from metrics.providers.service import Points, Service, Wanted
from outbox.queue import backoff
from outbox.registry import Later

log = structlog.get_logger(__name__)

EVERY = timedelta(minutes=1)
LEASE = timedelta(seconds=120)
# Seconds after which a round stops; those who were left out come first in the next one.
_BUDGET = 45.0
# Services add to minutes that are over already: these are asked for again.
_AGAIN = timedelta(minutes=5)
_FURTHEST = timedelta(hours=24)
# Whoever fails for long is asked this often.
_LONGEST_PAUSE = timedelta(minutes=30)
# Answers that speak of the keys or of the service as a whole, not of one metric.
_OF_ALL = frozenset({0, 401, 402, 403, 407, 429})
_SERVER_ERROR = 500
_FINE: dict[str, Any] = {"failures": 0, "last_error": "", "next_try_at": None}


def poll(provider_id: str) -> None:
    """Ask the service for all metrics of a source of the current tenant. Raises Later, for as long as the
    source is there to be asked."""
    provider = MetricsProvider.objects.filter(pk=provider_id, page__deleted_at=None).first()
    if provider is None or provider.takes_points or provider.disabled:
        return
    now = timezone.now()
    if rest := provider.rests_until(now):
        raise Later(rest - now)
    raise Later(_round(provider, SERVICES[provider.kind], now))


def _round(provider: MetricsProvider, service: Service, now: datetime) -> timedelta:
    """When to ask again. A service that refuses the keys, or does not answer, is not asked for the rest."""
    try:
        keys = opened(provider.credentials)
    except Unreadable:
        message = _("The keys were stored with another SECRET_KEY. Please enter them again.")
        return _failed(provider, message, now, None)
    until = time.monotonic() + _BUDGET
    for metric in _due(provider, now):
        if time.monotonic() > until:
            break
        try:
            _fetch(provider, metric, service, keys, now)
        except FetchError as error:
            if error.code in _OF_ALL or error.code >= _SERVER_ERROR:
                return _failed(provider, str(error), now, error.pause)
            _note_failure(metric, str(error), now, None)
    MetricsProvider.objects.filter(pk=provider.pk).update(**_FINE, last_revalidated_at=now)
    return EVERY


def _due(provider: MetricsProvider, now: datetime) -> Iterable[Metric]:
    """Whoever waited longest comes first."""
    found = provider.metrics.order_by(F("last_fetched_at").asc(nulls_first=True), "pk")
    return [metric for metric in found if metric.rests_until(now) is None]


def _fetch(
    provider: MetricsProvider, metric: Metric, service: Service, keys: dict[str, str], now: datetime
) -> None:
    """Raises FetchError."""
    wanted = Wanted(
        base=provider.metric_base_uri or service.base,
        keys=keys,
        identifier=metric.metric_identifier,
        application_id=metric.application_id,
        transform=Transform(metric.transform),
        since=_since(metric, now),
        until=now,
    )
    try:
        points = service.fetch(wanted)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        message = _("The answer of %(service)s is not what its documentation says.")
        raise FetchError(message % {"service": provider.get_kind_display()}, code=200) from error
    _keep(provider, metric, points, now)


def _since(metric: Metric, now: datetime) -> datetime:
    earliest = now - _FURTHEST
    newest = metric.most_recent_data_at
    return earliest if newest is None else max(newest - _AGAIN, earliest)


def _keep(provider: MetricsProvider, metric: Metric, points: Points, now: datetime) -> None:
    """What lies outside of the time asked for, or is no number that a chart can show, is left out."""
    first, last = (now - 2 * _FURTHEST).timestamp(), now.timestamp()
    good = [(at, value) for at, value in points if first <= at <= last and abs(value) <= LARGEST]
    try:
        add_points(provider.page, {metric.pk: good[-MOST:]}, now)
    except Refused as refusal:
        # Deleted or disabled meanwhile.
        log.info("metrics.not_kept", metric=metric.pk, reason=refusal.message)
        return
    Metric.objects.filter(pk=metric.pk).update(**_FINE, last_fetched_at=now)


def _failed(row: MetricsProvider | Metric, message: str, now: datetime, asked: timedelta | None) -> timedelta:
    """Note it for the team; until when the service is left alone: at least as long as it asked for."""
    pause = _note_failure(row, message, now, asked)
    log.warning("metrics.failed", source=row.pk, failures=row.failures + 1, error=message)
    return pause


def _note_failure(
    row: MetricsProvider | Metric, message: str, now: datetime, asked: timedelta | None
) -> timedelta:
    own = min(backoff(row.failures + 1) * 10, _LONGEST_PAUSE)
    pause = max(EVERY, own, min(asked or EVERY, 2 * _LONGEST_PAUSE))
    rows: Any = MetricsProvider.objects if isinstance(row, MetricsProvider) else Metric.objects
    rows.filter(pk=row.pk, updated_at=row.updated_at).update(
        failures=F("failures") + 1, last_error=message[:300], failed_at=now, next_try_at=now + pause
    )
    return pause

"""Verbs on metrics and their sources. Points have verbs of their own, in `points.py`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Refused
from common.rows import add, check_known, given, state
from common.rows import change as change_row
from events.actor import Actor
from metrics.asking import ask_to_poll, ask_to_purge
from metrics.choices import ProviderKind
from metrics.credentials import Credentials, known, sealed, taken
from metrics.models import Metric, MetricsProvider
from metrics.providers import check, server, tidy
from pages.change import Change, check_condition, page_change, record
from pages.models import StatusPage

PROVIDER_FIELDS = frozenset({"kind", "metric_base_uri", "disabled"})
METRIC_FIELDS = frozenset(
    [
        "name",
        "metric_identifier",
        "application_id",
        "transform",
        "display",
        "position",
        "tooltip_description",
        "suffix",
        "y_axis_min",
        "y_axis_max",
        "y_axis_hidden",
        "decimal_places",
    ]
)
_MOST_PROVIDERS, _MOST_METRICS = 20, 100
_NEVER_FAILED: dict[str, Any] = {"failures": 0, "last_error": "", "failed_at": None, "next_try_at": None}
# What is learned from the points and from asking is no news.
_NOT_IN_FACTS = frozenset(
    {"credentials", "last_revalidated_at", "most_recent_data_at", "last_fetched_at", "charted_at"}
) | frozenset(_NEVER_FAILED)


def create_provider(page: StatusPage, actor: Actor, *, kind: str, **fields: Any) -> MetricsProvider:
    """One more source of metrics; `fields`: of PROVIDER_FIELDS, and the keys that its service needs, by the
    names of `credentials.FIELDS`. Raises Refused, naming the field."""
    now, keys = timezone.now(), taken(fields)
    fields = given({"kind": kind, **fields}, PROVIDER_FIELDS, MetricsProvider)
    provider = MetricsProvider(page=page, created_at=now, updated_at=now, **fields)
    tidy(provider)
    check(provider, keys)
    provider.credentials = sealed(keys)
    with transaction.atomic(durable=True):
        _lock(page)
        _check_room(page.metrics_providers.count(), _MOST_PROVIDERS)
        add(provider)
        _record(actor, "metrics_provider.created", provider)
    return provider


def update_provider(
    page: StatusPage, provider: MetricsProvider, actor: Actor, **fields: Any
) -> MetricsProvider:
    """Change a source. It is asked again at once.

    Keys that are not given, or empty, stay while the same server is asked: another one is told none but those
    that are given along. Raises Refused, naming the field, where it needs some.
    """
    keys = taken(fields)
    fields = given(fields, PROVIDER_FIELDS, MetricsProvider)
    with transaction.atomic(durable=True):
        _lock(page)
        provider = _locked_provider(page, provider)
        former = known(provider.credentials)
        merged = _check_changed(provider, fields, former, keys)
        now = timezone.now()
        changed = change_row(provider, fields, now, PROVIDER_FIELDS)
        if keys or changed:
            _settle(provider, provider.credentials if merged == former else sealed(merged), now)
            _record(actor, "metrics_provider.updated", provider)
    return provider


def delete_provider(page: StatusPage, provider: MetricsProvider, actor: Actor) -> None:
    """Take a source away, with its metrics and all their points."""
    with page_change(page, actor) as change:
        provider = _locked_provider(page, provider)
        for metric in provider.metrics.all():
            change.record("metric.deleted", "metric", metric.pk, _facts(metric))
        _record(actor, "metrics_provider.deleted", provider)
        provider.delete()


def create_metric(page: StatusPage, provider: MetricsProvider, actor: Actor, **fields: Any) -> Metric:
    """One more metric of a source, last unless `position` is given; `fields`: of METRIC_FIELDS."""
    fields = given(fields, METRIC_FIELDS, Metric)
    with page_change(page, actor) as change:
        provider = _locked_provider(page, provider)
        known_metrics = Metric.objects.filter(page=change.page)
        _check_room(known_metrics.count(), _MOST_METRICS)
        fields.setdefault("position", _next_position(change.page))
        metric = Metric(
            page=change.page, provider=provider, created_at=change.now, updated_at=change.now, **fields
        )
        _check_identified(metric)
        add(metric)
        change.record("metric.created", "metric", metric.pk, _facts(metric))
        _follow(provider, change)
    return metric


def update_metric(page: StatusPage, metric: Metric, actor: Actor, **fields: Any) -> Metric:
    """Change what a metric is, and how its chart looks."""
    with page_change(page, actor) as change:
        metric = _locked_metric(change.page, metric)
        if changed := change_row(metric, fields, change.now, METRIC_FIELDS):
            _check_identified(metric)
            if {"metric_identifier", "application_id", "transform"}.intersection(changed):
                Metric.objects.filter(pk=metric.pk).update(**_NEVER_FAILED)
                _follow(metric.provider, change)
            change.record("metric.updated", "metric", metric.pk, _facts(metric))
    return metric


def delete_metric(page: StatusPage, metric: Metric, actor: Actor) -> None:
    """Take a metric off the page, with all its points."""
    with page_change(page, actor) as change:
        metric = _locked_metric(change.page, metric)
        change.record("metric.deleted", "metric", metric.pk, _facts(metric))
        metric.delete()


def _check_changed(
    provider: MetricsProvider, fields: dict[str, Any], former: Credentials, keys: Credentials
) -> Credentials:
    """The keys that it has from then on. Before anything is written: `fields` are tidied, and judged."""
    check_known(fields, PROVIDER_FIELDS)
    wanted = MetricsProvider(kind=provider.kind, metric_base_uri=provider.metric_base_uri)
    for name, value in fields.items():
        setattr(wanted, name, value)
    tidy(wanted)
    if "metric_base_uri" in fields:
        fields["metric_base_uri"] = wanted.metric_base_uri
    merged = former | keys if server(provider) == server(wanted) else keys
    _check_told(provider, wanted, former, keys)
    check(wanted, merged)
    return merged


def _check_told(
    provider: MetricsProvider, wanted: MetricsProvider, former: Credentials, keys: Credentials
) -> None:
    """Whoever may change an address is not told by it what was stored under another."""
    told = server(provider)
    if former and not keys and server(wanted) not in {"", told}:
        field = "kind" if wanted.kind != provider.kind else "metric_base_uri"
        message = _("The keys that are stored are for %(server)s. Give those for the other server along.")
        raise Refused(message % {"server": told or ProviderKind(provider.kind).label}, field)


def _settle(provider: MetricsProvider, credentials: str, now: datetime) -> None:
    """What was known of the former settings is forgotten."""
    values = {**_NEVER_FAILED, "credentials": credentials, "updated_at": now}
    for name, value in values.items():
        setattr(provider, name, value)
    provider.save(update_fields=list(values))
    if not provider.takes_points:
        ask_to_poll(provider.pk)


def _follow(provider: MetricsProvider, change: Change) -> None:
    ask_to_purge(change.page.pk, change.now)
    if not provider.takes_points:
        ask_to_poll(provider.pk)


def _check_identified(metric: Metric) -> None:
    kind = metric.provider.kind
    if kind != ProviderKind.SELF and not metric.metric_identifier:
        raise Refused(_("By what does its source know this metric?"), "metric_identifier")
    if kind == ProviderKind.NEW_RELIC and not metric.application_id:
        raise Refused(_("New Relic needs the number of the application."), "application_id")


def _check_room(count: int, most: int) -> None:
    if count >= most:
        raise Refused(_("There is room for %(count)d on a page.") % {"count": most})


def _next_position(page: StatusPage) -> int:
    last: int | None = page.metrics.aggregate(last=Max("position"))["last"]
    return 0 if last is None else last + 1


def _lock(page: StatusPage) -> None:
    """The page may have been deleted meanwhile."""
    if not StatusPage.objects.present().select_for_update(no_key=True).filter(pk=page.pk).exists():
        raise Refused(_("This page has been deleted."))


def _locked_provider(page: StatusPage, provider: MetricsProvider) -> MetricsProvider:
    found = page.metrics_providers.select_for_update(of=("self",)).filter(pk=provider.pk).first()
    if found is None:
        raise Refused(_("This source of metrics has been deleted meanwhile."))
    check_condition()
    return found


def _locked_metric(page: StatusPage, metric: Metric) -> Metric:
    rows = page.metrics.select_related("provider").select_for_update(of=("self",))
    found = rows.filter(pk=metric.pk).first()
    if found is None:
        raise Refused(_("This metric has been deleted meanwhile."))
    return found


def _facts(row: Metric | MetricsProvider) -> dict[str, Any]:
    return {key: value for key, value in state(row).items() if key not in _NOT_IN_FACTS}


def _record(actor: Actor, name: str, provider: MetricsProvider) -> None:
    record(actor, name, "metrics_provider", provider.pk, _facts(provider), page_id=provider.page_id)

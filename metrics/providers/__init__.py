"""The services that can be asked for metrics: one module each, all alike."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from common.egress import check_url
from common.errors import Refused
from metrics.choices import ProviderKind
from metrics.models import MetricsProvider
from metrics.providers import datadog, librato, new_relic, pingdom
from metrics.providers.service import Service

SERVICES: dict[str, Service] = {
    ProviderKind.DATADOG: datadog.SERVICE,
    ProviderKind.NEW_RELIC: new_relic.SERVICE,
    ProviderKind.LIBRATO: librato.SERVICE,
    ProviderKind.PINGDOM: pingdom.SERVICE,
}


def check(provider: MetricsProvider, keys: dict[str, str]) -> None:
    """Raises Refused, naming the field, where the service could never be asked."""
    service = SERVICES.get(provider.kind)
    for names in service.needs if service else ():
        if not any(keys.get(name) for name in names):
            named = {"service": ProviderKind(provider.kind).label, "name": names[0]}
            raise Refused(_("%(service)s needs the key %(name)s.") % named, names[0])


def tidy(provider: MetricsProvider) -> None:
    """Its address as it is stored. Raises Refused, naming the field, for what is none or of no service."""
    if provider.kind not in ProviderKind.values:
        known = ", ".join(ProviderKind.values)
        raise Refused(_("The type is one of %(names)s.") % {"names": known}, "kind")
    if not provider.metric_base_uri:
        return
    # Paths are put behind it.
    if {"?", "#"} & set(provider.metric_base_uri):
        raise Refused(_("The address of an API has no ? and no # in it."), "metric_base_uri")
    provider.metric_base_uri = check_url(provider.metric_base_uri, "metric_base_uri").rstrip("/")


def server(provider: MetricsProvider) -> str:
    """Who is told the keys: scheme, host and port of its address; empty where nobody is asked."""
    service = SERVICES.get(provider.kind)
    parts = urlsplit((provider.metric_base_uri or service.base) if service else "")
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""

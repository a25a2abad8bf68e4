"""The services that can be asked for metrics: one module each, all alike."""

from __future__ import annotations

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
    """Tidy the address. Raises Refused, naming the field, where the service could never be asked."""
    if provider.kind not in ProviderKind.values:
        known = ", ".join(ProviderKind.values)
        raise Refused(_("The type is one of %(names)s.") % {"names": known}, "kind")
    if provider.metric_base_uri:
        provider.metric_base_uri = check_url(provider.metric_base_uri, "metric_base_uri").rstrip("/")
    service = SERVICES.get(provider.kind)
    for names in service.needs if service else ():
        if not any(keys.get(name) for name in names):
            named = {"service": ProviderKind(provider.kind).label, "name": names[0]}
            raise Refused(_("%(service)s needs the key %(name)s.") % named, names[0])

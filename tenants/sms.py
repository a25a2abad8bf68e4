"""How much an organisation spends on SMS, and to which countries it sends them: within what the installation
allows."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from decimal import Decimal

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from common.errors import Refused
from common.tenancy import in_tenant
from events.actor import Actor
from events.log import Fact, append
from tenants.models import Tenant


def limit_sms(tenant: Tenant, actor: Actor, countries: Iterable[str], daily_cap: Decimal | None) -> Tenant:
    """Set to which countries it sends (none named: to all that the installation does) and what it may spend
    in a day (None: what the installation says).

    Raises Refused, naming the field, for what the installation does not allow.
    """
    wanted = sorted({one.strip().upper() for one in countries} - {""})
    _check_countries(wanted)
    _check_cap(daily_cap)
    with in_tenant(tenant.pk), transaction.atomic(durable=True):
        tenant.sms_countries, tenant.sms_daily_cap = wanted, daily_cap
        tenant.save(update_fields=["sms_countries", "sms_daily_cap"])
        facts = {"countries": wanted, "daily_cap": None if daily_cap is None else str(daily_cap)}
        append(
            [Fact("organisation.changed", "organisation", tenant.pk, facts)], actor=actor, at=timezone.now()
        )
    return tenant


def sms_countries(tenant_id: str) -> frozenset[str]:
    """To which the organisation sends."""
    return limits([tenant_id])[tenant_id][0]


def limits(tenant_ids: Collection[str]) -> dict[str, tuple[frozenset[str], Decimal]]:
    """By organisation: to which countries it sends, and what it may spend in a day. Whatever it was allowed
    once, never more than the installation allows now."""
    rows = Tenant.objects.filter(pk__in=tenant_ids).values_list("pk", "sms_countries", "sms_daily_cap")
    chosen = {pk: (countries, cap) for pk, countries, cap in rows}
    return {one: _within(*chosen.get(one, ([], None))) for one in tenant_ids}


def _within(countries: Collection[str], cap: Decimal | None) -> tuple[frozenset[str], Decimal]:
    open_to, most = frozenset(settings.SMS_COUNTRIES), Decimal(settings.SMS_DAILY_CAP)
    return open_to & set(countries) if countries else open_to, most if cap is None else min(cap, most)


def _check_countries(wanted: Collection[str]) -> None:
    closed = [one for one in wanted if one not in settings.SMS_COUNTRIES]
    if closed:
        allowed = ", ".join(sorted(settings.SMS_COUNTRIES))
        message = _("No SMS are sent to %(country)s here. These can be chosen: %(allowed)s.")
        raise Refused(message % {"country": closed[0], "allowed": allowed}, "sms_countries")


def _check_cap(cap: Decimal | None) -> None:
    if cap is not None and not 0 <= cap <= settings.SMS_DAILY_CAP:
        message = _("Please choose an amount from 0 to %(most)s.") % {"most": settings.SMS_DAILY_CAP}
        raise Refused(message, "sms_daily_cap")

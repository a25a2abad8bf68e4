"""What an organisation may spend on SMS, and to which countries they go."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from notifications.sms.budget import Cost, give_back, reserve
from tenants.models import Tenant
from tenants.sms import limits
from tests.dashboard.conftest import Visitor

AT = "/o/acme/settings/sms"


@pytest.fixture
def admin(visitors: dict[str, Visitor], settings: Any) -> Visitor:
    settings.SMS_PROVIDERS, settings.SMS_COUNTRIES = ["gateway"], ["DE", "AT"]
    settings.SMS_DAILY_CAP = Decimal(50)
    return visitors["admin"]


def test_limits_are_set_within_those_of_the_installation(admin: Visitor, acme: Tenant) -> None:
    assert AT in admin.see("/o/acme/settings/")
    refused = admin.send(AT, "sms_daily_cap", sms_daily_cap="51", sms_countries=["AT"]).content.decode()
    assert "Please choose an amount from 0 to 50." in refused
    assert 'value="51"' in refused
    refused = admin.send(AT, "sms_daily_cap", sms_countries=["US"]).content.decode()
    assert "US is not one of the available choices" in refused
    admin.send(AT, "sms_daily_cap", sms_daily_cap="5.50", sms_countries=["AT"])
    assert limits([acme.pk]) == {acme.pk: ({"AT"}, Decimal("5.50"))}
    shown = admin.fill(AT, "sms_daily_cap")
    assert (shown["sms_daily_cap"], shown["sms_countries"]) == ("5.50", "AT")
    admin.send(AT, "sms_daily_cap", sms_daily_cap="", sms_countries=[])
    assert limits([acme.pk]) == {acme.pk: ({"DE", "AT"}, Decimal(50))}


def test_what_was_spent_today_is_said(admin: Visitor, acme: Tenant) -> None:
    now, cost = timezone.now(), Cost(acme.pk, 12_300)
    reserve({1: cost}, now)
    try:
        assert "1.23 of 50.00 spent today" in admin.see(AT)
    finally:
        give_back([cost], now)


def test_where_no_sms_are_sent_nothing_is_asked(admin: Visitor, settings: Any) -> None:
    settings.SMS_PROVIDERS = []
    text = admin.see(AT)
    assert "This installation sends no SMS." in text
    assert "sms_daily_cap" not in text

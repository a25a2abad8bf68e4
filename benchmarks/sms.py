"""SMS by an HTTP gateway: counted, made, posted and written down, beside a bare client."""

from __future__ import annotations

from decimal import Decimal

import uvloop
from django.conf import settings

from benchmarks.deliveries import all_accepted, crowd
from benchmarks.figures import Table, measured
from benchmarks.machines import machines
from benchmarks.made import migrate
from benchmarks.webhooks import bare, each
from notifications.sending import send_due
from statuspage.celery import spare_the_collector

MANY, FEW = 10_000, 2_000
_LANE, _LONGEST, _WITHIN = "sms", 600.0, 60.0
# German mobile numbers that nobody has.
_NUMBER = "+49151#"


def measure(*options: str) -> None:
    size = FEW if "--quick" in options else MANY
    migrate()
    spare_the_collector()
    with machines(1, '{"id": "1"}') as (gateway,):
        _use(gateway)
        body = b'{"to": "+4915112345678", "text": "' + b"x" * 140 + b'"}'
        reference = each(measured(lambda: uvloop.run(bare([gateway], body, size))), size)
        crowd(size, "sms", _LANE, _NUMBER)
        took = each(measured(lambda: send_due(_LANE, _LONGEST)), size)
        all_accepted(size)
    table = Table(f"{size:,} SMS, by the time for each 10,000; CPU of this process alone")
    table.time("reference: bare pooled aiohttp", reference)
    table.time("counted, claimed, posted, written down", took, reference=reference.wall, aim=_WITHIN)
    table.count("CPU as many times as the reference's", f"{took.cpu / reference.cpu:.2f}")


def _use(gateway: str) -> None:
    settings.EGRESS_ALLOW_NETS = ["127.0.0.0/8"]
    settings.SMS_PROVIDERS, settings.SMS_COUNTRIES = ["gateway"], ["DE"]
    settings.SMS_DAILY_CAP = Decimal(1_000_000)
    settings.SMS_GATEWAY_URL = f"{gateway}/messages"
    settings.SMS_GATEWAY_BODY = '{"to": "{to}", "text": "{text}", "callback": "{callback}"}'
    settings.SMS_GATEWAY_SECRET = "whsec_" + "c2VjcmV0" * 6

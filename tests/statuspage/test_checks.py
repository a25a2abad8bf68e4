"""Each misconfiguration is told, with its id and a hint, and a good configuration is not blamed."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest
import redis
from django.core.checks import run_checks

from tests.live import ROOT

PRODUCTION = {
    "DEBUG": False,
    "SECRET_KEY": "x" * 50,
    "APP_HOSTS": ["admin.example.org"],
    "PAGES_DOMAIN": "status.example.com",
    "PUBLIC_SCHEME": "https",
    "EMAIL_HOST": "mail.example.com",
    "DEFAULT_FROM_EMAIL": "status@example.com",
    "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
}

WRONG: list[tuple[dict[str, Any], str]] = [
    ({"SECRET_KEY": "short"}, "statuspage.E001"),
    ({"APP_HOSTS": []}, "statuspage.E002"),
    ({"PAGES_DOMAIN": ""}, "statuspage.E003"),
    ({"PUBLIC_SCHEME": "ftp"}, "statuspage.E004"),
    ({"EMAIL_HOST": ""}, "statuspage.E006"),
    ({"DEFAULT_FROM_EMAIL": "nobody"}, "statuspage.E007"),
    ({"APP_HOSTS": ["admin.status.example.com"]}, "statuspage.W001"),
    ({"BROKER_URL": ""}, "statuspage.W002"),
    ({"SECURE_PROXY_SSL_HEADER": None}, "statuspage.W003"),
    ({"EGRESS_ALLOW_NETS": ["10.0.0.0/8"]}, "statuspage.E011"),
    ({"EGRESS_ALLOW_NETS": ["localhost"]}, "statuspage.E012"),
    ({"COPIES_ROOT": "copies"}, "statuspage.E013"),
    ({"EMERGENCY_KEY": "short"}, "statuspage.E014"),
    ({"SMS_PROVIDERS": ["nexmo"], "SMS_COUNTRIES": ["DE"]}, "notifications.E001"),
    ({"SMS_PROVIDERS": ["twilio"], "SMS_COUNTRIES": ["DE"]}, "notifications.E002"),
    ({"SMS_PROVIDERS": ["gateway"], "SMS_COUNTRIES": ["DE"]}, "notifications.E002"),
    ({"SMS_COUNTRIES": ["Germany"]}, "notifications.E003"),
    ({"SMS_GATEWAY_SECRET": "whsec_short"}, "notifications.E004"),
    ({"EMAIL_PROVIDERS": [{"name": "a", "kind": "pigeon", "options": {}}]}, "notifications.E005"),
    ({"EMAIL_PROVIDERS": [{"name": "a", "kind": "mailgun", "options": {}}]}, "notifications.E005"),
    (
        {"EMAIL_PROVIDERS": [{"name": "a", "kind": "postmark", "options": {"server_token": "a"}}]},
        "notifications.W002",
    ),
    ({"PURGER": "akamai"}, "publishing.E001"),
    ({"PURGER": "cloudflare", "PURGE_SERVICE_ID": "zone"}, "publishing.E002"),
    ({"PURGER": "fastly", "PURGE_TOKEN": "token"}, "publishing.E002"),
    ({"PURGER": "generic"}, "publishing.E002"),
    ({"PURGER": "generic", "PURGE_URLS": ["10.0.0.5:6081"]}, "publishing.E003"),
    ({"PURGER": "generic", "PURGE_URLS": ["http://a"], "PURGE_METHOD": "DELETE"}, "publishing.E004"),
]
GOOD_PURGERS: list[dict[str, Any]] = [
    {"PURGER": "cloudflare", "PURGE_SERVICE_ID": "zone", "PURGE_TOKEN": "token"},
    {"PURGER": "fastly", "PURGE_SERVICE_ID": "service", "PURGE_TOKEN": "token"},
    {"PURGER": "generic", "PURGE_URLS": ["http://10.0.0.5:6081"], "PURGE_METHOD": "PURGE"},
]
GOOD_SMS: list[dict[str, Any]] = [
    {
        "SMS_PROVIDERS": ["twilio"],
        "SMS_COUNTRIES": ["DE", "US"],
        "TWILIO_ACCOUNT_SID": "AC1",
        "TWILIO_AUTH_TOKEN": "token",
        "TWILIO_FROM": "+15005550006",
    },
    {
        "SMS_PROVIDERS": ["gateway"],
        "SMS_COUNTRIES": ["DE"],
        "SMS_GATEWAY_URL": "https://sms.example",
        "SMS_GATEWAY_BODY": "{to}",
        "SMS_GATEWAY_SECRET": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    },
]
OURS = ("statuspage.", "publishing.", "notifications.")


def found(databases: list[str] | None = None) -> set[str]:
    return {str(one.id) for one in run_checks(databases=databases) if str(one.id).startswith(OURS)}


def configure(settings: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        setattr(settings, name, value)


def test_a_good_configuration_is_not_blamed(settings: Any, db: None) -> None:
    configure(settings, PRODUCTION)

    assert found(["default"]) == set()


@pytest.mark.parametrize("sms", GOOD_SMS)
def test_nor_are_good_providers_of_sms(settings: Any, sms: dict[str, Any]) -> None:
    configure(settings, PRODUCTION | sms)

    assert found() == set()


def test_sms_without_a_country_are_warned_about(settings: Any) -> None:
    configure(settings, PRODUCTION | GOOD_SMS[0] | {"SMS_COUNTRIES": []})

    assert found() == {"notifications.W001"}


@pytest.mark.parametrize("purger", GOOD_PURGERS)
def test_nor_is_a_good_purger(settings: Any, purger: dict[str, Any]) -> None:
    configure(settings, PRODUCTION | purger)

    assert found() == set()


@pytest.mark.parametrize(("values", "expected"), WRONG)
def test_each_misconfiguration_is_told(settings: Any, values: dict[str, Any], expected: str) -> None:
    configure(settings, PRODUCTION | values)

    assert found() == {expected}


def test_a_redis_that_evicts_is_told(settings: Any, db: None) -> None:
    configure(settings, PRODUCTION)
    client = redis.Redis.from_url(settings.BROKER_URL)
    client.config_set("maxmemory-policy", "allkeys-lru")
    try:
        assert found(["default"]) == {"statuspage.E010"}
    finally:
        client.config_set("maxmemory-policy", "noeviction")


def test_a_missing_database_is_told(settings: Any) -> None:
    configure(settings, PRODUCTION)
    name = settings.DATABASES["default"]["NAME"]
    settings.DATABASES["default"]["NAME"] = ""
    try:
        assert found() == {"statuspage.E005"}
    finally:
        settings.DATABASES["default"]["NAME"] = name


SECRETS = [
    ("", "SECRET_KEY is missing."),
    ("short", "SECRET_KEY has 5 characters: fewer than 32 can be guessed."),
]


@pytest.mark.process
@pytest.mark.parametrize(("secret", "expected"), SECRETS)
def test_a_secret_that_is_missing_or_short_is_told_without_a_traceback(secret: str, expected: str) -> None:
    environment = os.environ | {"DEBUG": "false", "SECRET_KEY": secret}
    command = [sys.executable, "manage.py", "check", "--deploy"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)

    assert done.returncode == 1
    assert f"(statuspage.E001) {expected}" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_secret_is_told_in_debugging_too(settings: Any) -> None:
    configure(settings, PRODUCTION | {"DEBUG": True, "SECRET_KEY": ""})

    assert found() == {"statuspage.E001"}

"""Signing in by other services, where they are configured; and what is said of half a configuration."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.checks import run_checks

from accounts.checks import providers, signup
from statuspage.env import sign_in_by, sign_in_origins
from tests.live import Live

_VISIT = """
from django.test import Client
page = Client(HTTP_HOST="localhost").get("/accounts/login/")
sent = {}
for service in ("google", "github", "oidc/oidc"):
    reply = Client(HTTP_HOST="localhost").post(f"/accounts/{service}/login/")
    sent[service] = [reply.status_code, reply.get("Location", "").split("?")[0]]
answer([page.content.decode(), page["Content-Security-Policy"], sent])
"""


@pytest.mark.process
@pytest.mark.parametrize("configured", [True, False])
def test_services_are_offered_where_they_are_configured(
    live: Live, monkeypatch: Any, configured: bool
) -> None:
    for name in ("GOOGLE_CLIENT_ID", "GOOGLE_CLIENT_SECRET", "GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET"):
        monkeypatch.setenv(name, "x" if configured else "")
    html, policy, sent = live.run(_VISIT)

    assert [f"Continue with {name}" in html for name in ("Google", "GitHub")] == [configured] * 2
    assert ("https://accounts.google.com" in policy) == configured
    assert policy.startswith("default-src 'self';")
    assert sent["google"][0] == (302 if configured else 404)
    assert sent["oidc/oidc"][0] == 404
    if configured:
        assert sent["github"][1] == "https://github.com/login/oauth/authorize"


def test_half_of_a_service_is_a_slip() -> None:
    whole = {"OIDC_CLIENT_ID": "a", "OIDC_CLIENT_SECRET": "b", "OIDC_SERVER_URL": "https://id.example.org/x"}
    half = {"GOOGLE_CLIENT_ID": "a", "GOOGLE_CLIENT_SECRET": ""}
    known, missing = sign_in_by(google=half, openid_connect=whole)

    assert missing == {"google": ["GOOGLE_CLIENT_SECRET"]}
    assert list(known) == ["openid_connect"]
    assert sign_in_origins(known) == ["https://id.example.org"]


def test_misconfiguration_is_told(settings: Any) -> None:
    settings.SIGNUP, settings.SIGN_IN_BY_MISSING = "anybody", {"google": ["GOOGLE_CLIENT_SECRET"]}
    assert {one.id for one in run_checks()} >= {"accounts.E001", "accounts.E002"}
    settings.SIGNUP, settings.SIGN_IN_BY_MISSING = "closed", {}

    assert signup(None) == providers(None) == []

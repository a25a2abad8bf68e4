"""The local stack's mailbox: every message of every channel, and nothing that leaves the machine."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.cache import caches
from django.test import Client
from twilio.request_validator import RequestValidator

from events.actor import SYSTEM
from notifications.models import Delivery
from notifications.sms import twilio
from notifications.sms.references import hooks_url
from notifications.sms.shapes import Sms
from pages.models import StatusPage
from statuspage.mailbox.twilio import reports
from statuspage.mailsink import Folder
from statuspage.supervisor.environment import sms_settings
from subscribers.actions import Who, add_confirmed
from subscribers.choices import Channel
from tests.hooks import hooks
from tests.mailing import deliver, opened

ADDRESSES = {
    Channel.WEBHOOK: "https://example.org/hook",
    Channel.SLACK: "https://hooks.slack.com/services/T0/B0/x",
    Channel.TEAMS: "https://prod-1.westeurope.logic.azure.com/workflows/x",
    Channel.DISCORD: "https://discord.com/api/webhooks/1/x",
    Channel.GOOGLE_CHAT: "https://chat.googleapis.com/v1/spaces/x/messages",
}


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.MESSAGES_DIR = str(tmp_path / "messages")
    settings.EGRESS_ALLOW_NETS = ["127.0.0.0/8"]
    return tmp_path / "messages"


@pytest.mark.parametrize("channel", ADDRESSES)
def test_a_message_to_anywhere_is_kept_and_shown(page: StatusPage, folder: Path, channel: str) -> None:
    add_confirmed(page, Who(ADDRESSES[Channel(channel)], channel), SYSTEM, "test")
    opened(page)
    deliver()
    assert Delivery.objects.get().status == "accepted"
    shown = Client(HTTP_HOST="localhost").get("/dev/messages", {"channel": channel}).content.decode()
    assert ADDRESSES[Channel(channel)][:50] in shown
    assert "API is slow" in shown
    other = Client(HTTP_HOST="localhost").get("/dev/messages", {"channel": "sms"}).content.decode()
    assert "API is slow" not in other


def test_a_machine_on_this_one_is_told_as_well(page: StatusPage, folder: Path) -> None:
    with hooks() as machine:
        add_confirmed(page, Who(machine.url(), Channel.WEBHOOK), SYSTEM, "test")
        opened(page)
        deliver()
        assert len(machine.got) == 1
    assert len(list(folder.glob("*.json"))) == 1


@pytest.fixture
def local(settings: Any, folder: Path) -> str:
    """A number that the local stack would tell."""
    caches["limits"].clear()
    for name, value in sms_settings(8000).items():
        setattr(settings, name, value.split(",") if name in {"SMS_PROVIDERS", "SMS_COUNTRIES"} else value)
    return "+491711234567"


def test_an_sms_is_kept_and_shown(page: StatusPage, folder: Path, local: str, settings: Any) -> None:
    settings.TWILIO_API_URL = "https://api.twilio.com"
    add_confirmed(page, Who(local, Channel.SMS), SYSTEM, "test")
    opened(page)
    deliver()
    assert Delivery.objects.get().status == "accepted"
    shown = Client(HTTP_HOST="localhost").get("/dev/messages", {"channel": "sms"}).content.decode()
    assert "Acme: Investigating: API is slow" in shown
    assert local in shown


def test_the_local_twilio_reports_as_twilio_does(page: StatusPage, local: str, settings: Any) -> None:
    url = hooks_url("/hooks/sms/twilio/status?of=1-1.x")
    for request in reports(url, "SM1"):
        assert isinstance(request.data, bytes)
        form = {name: values[0] for name, values in parse_qs(request.data.decode()).items()}
        signature = request.get_header("X-twilio-signature") or ""
        assert RequestValidator(settings.TWILIO_AUTH_TOKEN).validate(url, form, signature)


@pytest.mark.parametrize(
    ("authorization", "form", "status"),
    [
        ("Basic bG9jYWw6b3RoZXI=", {"To": "+49", "StatusCallback": "http://localhost:8000/hooks/sms/x"}, 401),
        ("Basic bG9jYWw6bG9jYWw=", {"To": "+49", "StatusCallback": "http://169.254.169.254/"}, 400),
        ("Basic bG9jYWw6bG9jYWw=", {"StatusCallback": "http://localhost:8000/hooks/sms/x"}, 400),
    ],
)
def test_the_local_twilio_takes_what_twilio_takes(
    local: str, authorization: str, form: dict[str, str], status: int
) -> None:
    path = urlsplit(twilio.post(Sms(1, local, "Hello", "")).url).path
    answer = Client(HTTP_HOST="localhost", headers={"Authorization": authorization}).post(path, form)
    assert answer.status_code == status


def test_mail_is_shown_as_it_looks_and_can_run_nothing(folder: Path) -> None:
    mail = b"\r\n".join(
        [
            b"Subject: Hello",
            b"MIME-Version: 1.0",
            b"Content-Type: text/html; charset=utf-8",
            b"",
            b"<h1>Hello</h1><script>alert(1)</script>",
        ]
    )
    name = Folder(folder).keep("a@example.org", ["b@example.org"], mail).name
    browser = Client(HTTP_HOST="localhost")
    assert f'src="/dev/messages/{name.replace("@", "%40")}"' in browser.get("/dev/messages").content.decode()
    framed = browser.get(f"/dev/messages/{name}")
    assert "<h1>Hello</h1>" in framed.content.decode()
    assert "sandbox" in framed["Content-Security-Policy"]
    assert "script-src" not in framed["Content-Security-Policy"]
    assert framed["X-Frame-Options"] == "SAMEORIGIN"


@pytest.mark.parametrize("name", ["../secrets/secret-key", "..%2f..%2fetc%2fpasswd", "missing.eml"])
def test_no_other_file_is_shown(folder: Path, name: str) -> None:
    folder.mkdir()
    assert Client(HTTP_HOST="localhost").get(f"/dev/messages/{name}").status_code == 404


def test_where_messages_are_really_sent_there_is_no_mailbox(settings: Any) -> None:
    settings.MESSAGES_DIR = ""
    assert Client(HTTP_HOST="localhost").get("/dev/messages").status_code == 404

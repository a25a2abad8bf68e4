"""Settings from the environment."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from django.core.exceptions import ImproperlyConfigured

from statuspage import env


def test_a_secret_can_be_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("from a file\n")
    monkeypatch.setenv("THING_FILE", str(tmp_path / "key"))

    assert env.text("THING") == "from a file"


def test_a_file_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("THING_FILE", str(tmp_path / "missing"))

    with pytest.raises(ImproperlyConfigured, match=r"THING_FILE names .*missing"):
        env.text("THING")


@pytest.mark.parametrize(("value", "expected"), [("true", True), ("1", True), ("off", False), ("", False)])
def test_booleans(monkeypatch: pytest.MonkeyPatch, value: str, expected: bool) -> None:
    monkeypatch.setenv("THING", value)

    assert env.boolean("THING") is expected


@pytest.mark.parametrize(("read", "value"), [(env.boolean, "maybe"), (env.integer, "many")])
def test_nonsense_names_the_variable(monkeypatch: pytest.MonkeyPatch, read: object, value: str) -> None:
    monkeypatch.setenv("THING", value)

    with pytest.raises(ImproperlyConfigured, match=f"THING must be .*{value}"):
        read("THING", 0)  # type: ignore[operator]


def test_a_database_url_may_hold_any_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:p%40ss%2Fword@db.example.com:6432/pages")

    assert env.database() == {
        "NAME": "pages",
        "USER": "me",
        "PASSWORD": "p@ss/word",
        "HOST": "db.example.com",
        "PORT": 6432,
    }


@pytest.mark.parametrize(
    ("url", "ssl", "tls", "port"),
    [
        ("smtp://mail.example.com", False, False, 25),
        ("smtps://mail.example.com", True, False, 465),
        ("smtp+tls://mail.example.com:587", False, True, 587),
    ],
)
def test_mail_servers(monkeypatch: pytest.MonkeyPatch, url: str, ssl: bool, tls: bool, port: int) -> None:
    monkeypatch.setenv("EMAIL_URL", url)
    found = env.smtp()

    assert (found["EMAIL_USE_SSL"], found["EMAIL_USE_TLS"], found["EMAIL_PORT"]) == (ssl, tls, port)


def test_mail_leaves_by_servers_and_services(monkeypatch: pytest.MonkeyPatch) -> None:
    params = quote('{"region_name": "eu-west-1"}')
    monkeypatch.setenv("EMAIL_URL", "anymail+mailgun://?api_key=a%26b&sender_domain=mg.example.com")
    monkeypatch.setenv("EMAIL_SECOND_URL", "smtps://me:p%40ss@mail.example.com")
    first, second = env.mail_providers("EMAIL_URL", "EMAIL_SECOND_URL")
    assert first == {
        "name": "mailgun",
        "kind": "mailgun",
        "options": {"api_key": "a&b", "sender_domain": "mg.example.com"},
    }
    assert (second["name"], second["options"]["host"], second["options"]["password"]) == (
        "smtp",
        "mail.example.com",
        "p@ss",
    )
    monkeypatch.setenv("EMAIL_SECOND_URL", f"anymail+amazon-ses://?client_params={params}")
    (_first, ses) = env.mail_providers("EMAIL_URL", "EMAIL_SECOND_URL")
    assert ses["options"] == {"client_params": {"region_name": "eu-west-1"}}
    monkeypatch.setenv("EMAIL_SECOND_URL", "anymail+mailgun://?api_key=other")
    assert [one["name"] for one in env.mail_providers("EMAIL_URL", "EMAIL_SECOND_URL")] == [
        "mailgun",
        "mailgun-2",
    ]


@pytest.mark.parametrize("url", ["http://mail.example.com", "anymail://", "anymail+ses://?x={", "mail"])
def test_a_malformed_way_for_mail_is_refused_by_name(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("EMAIL_URL", url)
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL"):
        env.mail_providers("EMAIL_URL")

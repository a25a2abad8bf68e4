"""Mail about accounts, on its way out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone, translation

from accounts.mail import queue_mail, render, send_mail
from accounts.models import AccountMail
from accounts.words import WORDS
from outbox.models import OutboxItem
from outbox.registry import Claimed, Later
from tests.services import any_port
from tests.sink import Sink, sink

CONTENT = {"subject": "Grüße", "text": "Hello\n", "html": "<p>Hello</p>"}


@pytest.fixture
def server(settings: Any) -> Iterator[Sink]:
    with sink() as running:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", running.port
        yield running


def queued(to: str = "ann@acme.example") -> Claimed:
    queue_mail(to, CONTENT)
    return Claimed(1, "account_mail", "", AccountMail.objects.get().pk, 1, 1)


@pytest.mark.django_db
def test_a_message_is_sent_once_and_forgotten(server: Sink) -> None:
    item = queued()
    assert OutboxItem.objects.filter(topic="account_mail", key=item.key).exists()
    send_mail(item)
    send_mail(item)

    (mail,) = server.mail("ann@acme.example")
    assert (mail["Subject"], mail["Auto-Submitted"]) == ("Grüße", "auto-generated")
    assert not AccountMail.objects.exists()


@pytest.mark.django_db
def test_a_server_that_is_away_is_tried_again_for_a_day(settings: Any) -> None:
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", any_port()
    item = queued()
    with pytest.raises(Later) as soon:
        send_mail(item)
    AccountMail.objects.update(created_at=timezone.now() - timedelta(hours=2))
    with pytest.raises(Later) as later:
        send_mail(item)
    assert soon.value.delay < later.value.delay
    AccountMail.objects.update(created_at=timezone.now() - timedelta(hours=25))
    send_mail(item)

    assert not AccountMail.objects.exists()


@pytest.mark.django_db
def test_an_address_that_the_server_refuses_is_not_tried_again(server: Sink) -> None:
    server.answers["ann@acme.example"].append("550 5.1.1 no such user")
    send_mail(queued())

    assert not AccountMail.objects.exists()


@pytest.mark.django_db
def test_an_address_that_is_refused_for_now_is_tried_again(server: Sink) -> None:
    server.answers["ann@acme.example"].append("451 4.3.0 later")
    item = queued()
    with pytest.raises(Later):
        send_mail(item)
    send_mail(item)

    assert server.recipients == ["ann@acme.example"]


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("name", WORDS)
def test_every_message_is_whole(name: str, language: str) -> None:
    """With all that django-allauth gives it: no gap is left, and what people typed is text."""
    values = {
        "activate_url": "https://a/activate",
        "password_reset_url": "https://a/reset",
        "password_reset_page": "https://a/page",
        "timestamp": timezone.now(),
        "ip": "192.0.2.1",
        "user_agent": "<b>Browser</b>",
    }
    with translation.override(language):
        mail = render(WORDS[name], values)

    assert "%(" not in str(mail)
    assert "<b>" not in mail["html"]
    assert f'lang="{language}"' in mail["html"]
    link = values.get(WORDS[name].link, "")
    assert str(link) in mail["text"]
    assert str(link) in mail["html"]
    if WORDS[name].is_notice:
        assert "192.0.2.1" in mail["text"]

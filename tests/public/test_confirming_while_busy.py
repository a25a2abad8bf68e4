"""Confirming while a long change holds the page."""

from __future__ import annotations

import pytest

from tests.live import Live

_MADE = """
from django.test import Client
from events.actor import SYSTEM
from pages.actions import create_page
from pages.models import StatusPage
from subscribers.actions import Who, subscribe
from subscribers.links import confirm_url
from subscribers.models import Subscriber
with in_tenant(acme.id):
    page = StatusPage.objects.first() or create_page(SYSTEM, name="Acme", slug="acme")
    if not Subscriber.objects.exists():
        subscribe(page, Who("ada@example.org"), SYSTEM)
    one = Subscriber.objects.get()
    link = confirm_url("", page.pk, one.pk, one.token_version)
"""
_HOLD = """
from django.db import transaction
with in_tenant(acme.id), transaction.atomic():
    StatusPage.objects.select_for_update(no_key=True).get(pk=page.pk)
    say("held")
    time.sleep(600)
"""
_CONFIRM = """
answered = Client(headers={"host": "acme.localhost:8000"}).post(link)
with in_tenant(acme.id):
    state = Subscriber.objects.get().state
told = "please try again" in answered.content.decode()
answer([answered.status_code, told, state])
"""


@pytest.mark.process
def test_whoever_confirms_while_the_page_is_being_changed_is_asked_to_try_again(live: Live) -> None:
    holding = live.start_python(_MADE + _HOLD)
    live.wait_for(holding, "held")
    assert live.run(_MADE + _CONFIRM) == [503, True, "unconfirmed"]
    assert holding.poll() is None, "It did not answer before the change had ended."
    live.kill(holding)
    assert live.run(_MADE + _CONFIRM) == [200, False, "active"]

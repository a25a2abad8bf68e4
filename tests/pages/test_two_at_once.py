"""Two connections at one row: whoever comes second decides by what the first one left, in one transaction."""

from __future__ import annotations

import pytest

from tests.live import Live

pytestmark = pytest.mark.process

_PLACE = """
from datetime import timedelta
from threading import Thread
from django.db import connections, transaction
from django.utils import timezone
from events.actor import SYSTEM, Actor, ActorKind
from incidents.actions.draft import keep_draft, publish_if_due
from incidents.drafts import Written
from incidents.handlers import run_draft
from incidents.models import Draft, Incident
from incidents.steps import Words
from outbox.registry import Claimed, Later
from pages.actions import create_page
from pages.models import OwnHost, StatusPage
from pages.own_hosts import PATIENCE, Code, Finding, add_host, make_primary, remove_host, settle
from tenants.actions import set_role
from tenants.models import Domain, Role, User

def beside(work):
    '''In a thread, with a connection of its own.'''
    def run():
        try:
            with in_tenant(acme.id):
                work()
        finally:
            connections.close_all()
    thread = Thread(target=run)
    thread.start()
    return thread

def waits():
    '''Until somebody waits for a lock of ours.'''
    with connection.cursor() as cursor:
        for _ in range(6_000):
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
            time.sleep(0.01)
    raise SystemExit("Nobody waits.")

HOST = "status.example.org"
with in_tenant(acme.id):
    page = create_page(SYSTEM, name="Acme", slug="acme")
    person = User.objects.create_user("ada@acme.example", "long enough")
    set_role(person, acme, Role.OWNER, SYSTEM)
    own = add_host(page, SYSTEM, HOST)
    settle(OwnHost.objects.select_related("page").get(), [Finding(Code.PROVED)])
"""
_PUT_OFF = """
with in_tenant(acme.id):
    actor = Actor(ActorKind.USER, person.pk)
    later = timezone.now() + timedelta(hours=1)
    draft = keep_draft(page, actor, Written(Words("identified", "Hm."), name="Slow"), publish_at=later)
    soon = timezone.now()
    Draft.objects.update(publish_at=soon)
    with transaction.atomic():
        Draft.objects.select_for_update().get()
        thread = beside(lambda: publish_if_due(page, draft))
        waits()
        Draft.objects.update(publish_at=later, updated_at=timezone.now())
    thread.join()
    said = [[Incident.objects.count(), Draft.objects.get().problem]]
"""
_LOCKED = """
def hurried(execute, sql, *rest):
    return execute(sql.replace("'3s'", "'50ms'"), *rest)

def publish():
    with connection.execute_wrapper(hurried):
        try:
            run_draft(Claimed(1, "draft", acme.id, draft.pk, 1, 1))
        except Later:
            said.append("later")

with in_tenant(acme.id):
    Draft.objects.update(publish_at=soon)
    with transaction.atomic():
        StatusPage.objects.select_for_update().get()
        beside(publish).join()
    said[-1] = [said[-1], Draft.objects.get().problem, Draft.objects.get().publish_at == soon]
"""
_REMOVED = """
with in_tenant(acme.id):
    make_primary(page, SYSTEM, HOST)
    with transaction.atomic():
        OwnHost.objects.select_for_update().get()
        stale = StatusPage.objects.get(pk=page.pk)
        thread = beside(lambda: remove_host(stale, own, SYSTEM))
        waits()
        # Nothing is half done: links still lead where the page is served.
        seen = []
        other = beside(lambda: seen.append(StatusPage.objects.get().primary_host))
        other.join()
    thread.join()
    said.append([*seen, StatusPage.objects.get().primary_host, Domain.objects.filter(host=HOST).count()])
"""
_FOUND_AGAIN = """
with in_tenant(acme.id):
    make_primary(page, SYSTEM, HOST)
    OwnHost.objects.update(failing_since=timezone.now() - PATIENCE - timedelta(hours=1))
    stale = OwnHost.objects.select_related("page").get()
    with transaction.atomic():
        OwnHost.objects.select_for_update().get()
        thread = beside(lambda: settle(stale, [Finding(Code.UNPROVED)]))
        waits()
        OwnHost.objects.update(failing_since=None)
    thread.join()
    said.append([StatusPage.objects.get().primary_host, Domain.objects.filter(host=HOST).count()])
"""


_TURNS = [_PUT_OFF, _LOCKED, _FOUND_AGAIN, _REMOVED]


def test_whoever_waited_goes_by_what_the_other_left(live: Live) -> None:
    draft, locked, again, removed = live.run(
        _PLACE + _PUT_OFF + _LOCKED + _FOUND_AGAIN + _REMOVED + "answer(said)"
    )

    # Put off in the last moment, it is not published.
    assert draft == [0, ""]
    # What somebody else keeps locked is tried again: nothing is wrong with what was written.
    assert locked == ["later", "", True]
    # Found to be theirs again, the domain is not given up.
    assert again == ["status.example.org", 1]
    # While it is being removed links lead where the page is served, and afterwards as well.
    assert removed == ["status.example.org", "acme.localhost", 0]

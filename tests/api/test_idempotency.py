"""Idempotency-Key: the same request twice is done once."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.db import OperationalError
from django.utils import timezone

from api.idempotency import forget
from api.models import Answered
from common.patience import Unanswered
from components.models import Component
from tenants.models import Tenant, User
from tests.api.conftest import Machine, machine

ADD = {"component": {"name": "Mail"}}
ONCE = {"Idempotency-Key": "first-try"}


def test_the_same_key_has_the_same_answer(api: Machine) -> None:
    first, second = (api.ask("POST", "/components", ADD, **ONCE) for _time in range(2))

    assert (first.status, second.status, first.json) == (201, 201, second.json)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert len(api.get("/components").json) == 1


def test_a_refusal_is_an_answer_as_well(api: Machine) -> None:
    wrong = {"component": {"name": ""}}
    first, second = (api.ask("POST", "/components", wrong, **ONCE) for _time in range(2))
    assert (first.status, second.status, first.json) == (422, 422, second.json)
    assert second.headers["Idempotent-Replayed"] == "true"


def test_an_empty_answer_is_repeated_as_well(api: Machine, component: Component) -> None:
    first, second = (api.ask("DELETE", f"/components/{component.pk}", **ONCE) for _time in range(2))
    assert [(one.status, one.json) for one in (first, second)] == [(204, None)] * 2


def test_another_request_under_the_same_key_is_refused(api: Machine, component: Component) -> None:
    api.ask("POST", "/components", ADD, **ONCE)
    assert api.ask("POST", "/components", {"component": {"name": "Other"}}, **ONCE).status == 422
    assert api.ask("POST", "/component-groups", ADD, **ONCE).status == 422
    assert len(api.get("/components").json) == 2


def test_a_twin_that_is_still_under_way_is_told_to_wait(api: Machine) -> None:
    api.ask("POST", "/components", ADD, **ONCE)
    Answered.objects.update(status=None)

    refused = api.ask("POST", "/components", ADD, **ONCE)
    assert (refused.status, refused.headers["Retry-After"]) == (409, "1")
    # Whoever began it has died.
    with time_machine.travel(timezone.now() + timedelta(minutes=3)):
        assert api.ask("POST", "/components", ADD, **ONCE).status == 201
    assert len(api.get("/components").json) == 2


def test_keys_of_others_are_others(api: Machine, acme: Tenant, owner: User) -> None:
    other = machine(owner, acme)
    other.base = api.base
    assert [one.ask("POST", "/components", ADD, **ONCE).status for one in (api, other)] == [201, 201]
    assert len(api.get("/components").json) == 2


def test_what_failed_here_may_be_tried_again(api: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.setattr("api.v1.components.shape_of", lambda *_args: 1 / 0)
        assert api.ask("POST", "/components", ADD, **ONCE).status == 500
    assert not Answered.objects.exists()
    assert api.ask("POST", "/components", ADD, **ONCE).status == 201


def test_what_may_have_been_done_is_not_done_again_at_once(
    api: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unanswered(*_args: object) -> None:
        raise OperationalError from Unanswered

    with monkeypatch.context() as hanging:
        hanging.setattr("api.v1.components.shape_of", unanswered)
        refused = api.ask("POST", "/components", ADD, **ONCE)
        assert (refused.status, refused.headers["Retry-After"]) == (504, "5")
    assert api.ask("POST", "/components", ADD, **ONCE).status == 409
    assert len(api.get("/components").json) == 1


def test_answers_are_kept_for_a_day(api: Machine) -> None:
    api.ask("POST", "/components", ADD, **ONCE)
    forget(timezone.now() + timedelta(hours=23))
    assert Answered.objects.count() == 1
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert "Idempotent-Replayed" not in api.ask("POST", "/components", ADD, **ONCE).headers
    forget(timezone.now() + timedelta(hours=50))
    assert Answered.objects.count() == 0


@pytest.mark.parametrize("said", ["x" * 256, "a\x01b"])
def test_a_key_that_is_none_is_refused(api: Machine, said: str) -> None:
    assert api.ask("POST", "/components", ADD, **{"Idempotency-Key": said}).status == 400

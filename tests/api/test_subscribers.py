"""Subscribers, as clients of the original keep them."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from components.actions import create_component, create_group
from components.models import Component
from events.actor import SYSTEM
from events.models import Event
from incidents.actions.incident import open_incident, resolve
from incidents.models import Incident
from incidents.steps import Words
from outbox.drain import drain
from pages.models import StatusPage
from subscribers.actions import Who, add_confirmed, confirm, quarantine, subscribe, unsubscribe
from subscribers.choices import Channel, Reason
from subscribers.models import Subscriber
from subscribers.together import TOGETHER
from subscribers.wishes import Wish
from tests.api.conftest import Machine
from tests.conftest import ACTOR
from viewers.models import PageAccessUser

HOOK = "https://hooks.example.org/a"


@pytest.fixture
def crowd(page: StatusPage) -> dict[str, Subscriber]:
    """One in each state, and one on another channel."""
    found = {}
    for state in ("active", "unconfirmed", "quarantined", "unsubscribed"):
        subscribe(page, Who(f"{state}@example.org"), SYSTEM)
        one = Subscriber.objects.get(address=f"{state}@example.org")
        if state != "unconfirmed":
            confirm(page, one, SYSTEM)
        if state == "quarantined":
            quarantine(page, one, SYSTEM, Reason.CAME_BACK)
        if state == "unsubscribed":
            unsubscribe(page, one, SYSTEM)
        found[state] = one
    found["hook"] = add_confirmed(page, Who(HOOK, Channel.WEBHOOK, contact="ops@example.org"), SYSTEM, "test")
    return found


def add(api: Machine, status: int = 201, path: str = "/subscribers", **fields: Any) -> Any:
    answer = api.post(path, {"subscriber": fields})
    assert answer.status == status, answer.json
    return answer.json


def asked() -> int:
    """How many confirmations have been asked for."""
    return Event.objects.filter(name="subscriber.asked").count()


# Adding --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("skip", [None, False, True])
def test_people_are_asked_first_unless_the_key_answers_for_them(api: Machine, skip: bool | None) -> None:
    shown = add(api, email="Ada@Example.org", skip_confirmation_notification=skip)
    row = Subscriber.objects.get()
    assert (shown["mode"], shown["email"], shown["components"]) == ("email", "Ada@example.org", None)
    assert shown["skip_confirmation_notification"] is bool(skip)
    assert (row.state, asked()) == (("active", 0) if skip else ("unconfirmed", 1))
    if skip:
        assert (row.consent_source, "the key “Test”" in row.consent_note) == ("operator", True)
    else:
        assert (row.consent_source, row.consent_note) == ("api", "")


def test_a_webhook_of_the_team_is_told_at_once(api: Machine) -> None:
    shown = add(api, endpoint=HOOK, email="ops@example.org")
    assert (shown["mode"], shown["endpoint"], shown["email"]) == ("webhook", HOOK, "ops@example.org")
    assert Subscriber.objects.get().state == "active"
    # As clients without an address send it; the same one again is known already.
    assert add(api, endpoint=f"{HOOK}b")["email"] is None
    assert "subscribed already" in add(api, 422, endpoint=HOOK)["error"]


def test_numbers_are_written_as_people_do(api: Machine, settings: Any) -> None:
    settings.SMS_PROVIDERS, settings.SMS_COUNTRIES = ["sandbox"], {"DE"}
    given = {"phone_country": "DE", "phone_number": "0171 1234567", "skip_confirmation_notification": True}
    shown = add(api, **given)
    assert (shown["mode"], shown["phone_country"]) == ("sms", "DE")
    assert (shown["phone_number"], shown["display_phone_number"]) == ("0171 1234567", "+49 171 1234567")
    assert Subscriber.objects.get().state == "unconfirmed", "only e-mail may skip it"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"email": "nonsense"},
        {"email": ["x"]},
        {"endpoint": "ftp://example.org"},
        {"endpoint": "http://127.0.0.1/"},
        {"phone_number": "1", "phone_country": "DE"},
        {"email": "ada@example.org", "component_ids": []},
        {"email": "ada@example.org", "component_ids": ["none00000000"]},
        {"email": "ada@example.org", "component_ids": [{"id": "x"}]},
        {"email": "ada@example.org", "page_access_user": "none00000000"},
    ],
)
def test_nobody_is_added_by_a_mistake(api: Machine, settings: Any, fields: dict[str, Any]) -> None:
    settings.EGRESS_ALLOW_NETS = []
    add(api, 422, **fields)
    assert not Subscriber.objects.exists()


@pytest.mark.parametrize(
    ("state", "skip", "status", "after"),
    [
        ("active", False, 422, "active"),
        ("active", True, 422, "active"),
        ("quarantined", False, 422, "quarantined"),
        ("quarantined", True, 422, "quarantined"),
        ("unconfirmed", False, 201, "unconfirmed"),
        ("unconfirmed", True, 201, "active"),
        ("unsubscribed", False, 201, "unconfirmed"),
        ("unsubscribed", True, 201, "unconfirmed"),
    ],
)
def test_a_key_overrides_nobodys_choice(
    api: Machine, crowd: dict[str, Subscriber], state: str, skip: bool, status: int, after: str
) -> None:
    """Who once left is asked, whatever the key says."""
    add(api, status, email=f"{state}@example.org", skip_confirmation_notification=skip)
    assert Subscriber.objects.get(pk=crowd[state].pk).state == after


def test_components_and_a_page_access_user_are_kept(
    api: Machine, page: StatusPage, component: Component
) -> None:
    now = timezone.now()
    user = PageAccessUser.objects.create(page=page, email="ada@example.org", created_at=now, updated_at=now)
    shown = add(api, email="ada@example.org", component_ids=[component.pk], page_access_user=user.pk)
    assert (shown["components"], shown["page_access_user_id"]) == ([component.pk], user.pk)
    path = f"/subscribers/{shown['id']}"
    assert api.get(path).json == shown

    other = create_component(page, ACTOR, name="Web")
    for body in ({"component_ids": [other.pk]}, {"subscriber": {"component_ids": [other.pk]}}):
        assert api.patch(path, body).json["components"] == [other.pk]
    assert api.patch(path, {"component_ids": []}).status == 422
    assert api.patch(path, {}).json["components"] is None


def test_a_group_that_was_chosen_counts_as_its_members(
    api: Machine, page: StatusPage, component: Component
) -> None:
    group = create_group(page, ACTOR, name="All", components=[component.pk])
    wish = Wish(scope="components", group_ids=frozenset([group.pk]))
    one = add_confirmed(page, Who("ada@example.org"), SYSTEM, "test", wish)
    assert api.get(f"/subscribers/{one.pk}").json["components"] == [component.pk]


# Reading and leaving -------------------------------------------------------------------------------


def test_who_is_removed_is_shown_once_more_and_then_gone(api: Machine, crowd: dict[str, Subscriber]) -> None:
    path = f"/subscribers/{crowd['active'].pk}"
    gone = api.delete(f"{path}?skip_unsubscription_notification=true")
    assert (gone.status, gone.json["email"]) == (200, "active@example.org")
    answers = [api.get(path), api.delete(path), api.patch(path, {}), api.post(f"{path}/resend_confirmation")]
    assert [one.status for one in answers] == [404] * 4
    left = api.get("/subscribers/unsubscribed").json
    assert [one["email"] for one in left] == ["active@example.org", "unsubscribed@example.org"]


def names(answer: Any) -> list[str]:
    return [(one["email"] or one["endpoint"]).partition("@")[0] for one in answer.json]


def test_lists_are_chosen_and_sorted(api: Machine, crowd: dict[str, Subscriber]) -> None:
    expected = {
        "": ["active", "ops"],
        "?state=active&type=email": ["active"],
        "?type=webhook": ["ops"],
        "?type=integration_partner": [],
        "?state=unconfirmed": ["unconfirmed"],
        "?state=SubscriberState.PENDING&sort_direction=SortOrder.ASC": ["unconfirmed"],
        "?state=quarantined": ["quarantined"],
        "?state=all": ["active", "ops", "quarantined", "unconfirmed"],
        "?state=all&sort_direction=desc": ["unconfirmed", "quarantined", "ops", "active"],
        "?state=all&sort_field=created_at": ["active", "unconfirmed", "quarantined", "ops"],
        "?state=all&sort_field=quarantined_at&sort_direction=desc&limit=1": ["quarantined"],
        "?state=all&limit=2&page=0": ["active", "ops"],
        "?state=all&limit=2&page=1": ["active", "ops"],
        "?state=all&per_page=2&page=2": ["quarantined", "unconfirmed"],
        "?state=all&q=UNCON": ["unconfirmed"],
        "?state=all&q=hooks.example": ["ops"],
        "?state=all&q=ops@": ["ops"],
        "?state=all&q=nobody": [],
    }
    for query, wanted in expected.items():
        assert names(api.get(f"/subscribers.json{query}")) == wanted, query
    for wrong in ("state=happy", "type=pigeon", "sort_field=colour", "sort_direction=up"):
        assert api.get(f"/subscribers?{wrong}").status == 400


@pytest.mark.parametrize("sort", ["created_at", "quarantined_at"])
def test_a_list_is_followed_to_its_end(api: Machine, crowd: dict[str, Subscriber], sort: str) -> None:
    seen: list[str] = []
    query = f"?state=all&limit=1&sort_field={sort}"
    for _ in range(9):
        answer = api.get(f"/subscribers{query}")
        seen += names(answer)
        link = answer.headers.get("Link")
        if link is None:
            break
        query = "?" + link.partition("?")[2].partition(">")[0]
    assert sorted(seen) == ["active", "ops", "quarantined", "unconfirmed"]
    assert "Link" not in api.get("/subscribers?limit=1").headers, "an address is no part of one"


def test_everybody_is_counted(api: Machine, crowd: dict[str, Subscriber]) -> None:
    nobody = dict.fromkeys(["sms", "slack", "teams", "integration_partner"], 0)
    assert api.get("/subscribers/count").json == nobody | {"email": 1, "webhook": 1}
    assert api.get("/subscribers/count?state=all").json == nobody | {"email": 3, "webhook": 1}
    assert api.get("/subscribers/count?state=all&type=email").json == nobody | {"email": 3, "webhook": 0}
    found = api.get("/subscribers/histogram_by_state").json
    assert found["email"] == {"active": 1, "unconfirmed": 1, "quarantined": 1, "total": 3}
    assert found["sms"] == {"active": 0, "unconfirmed": 0, "quarantined": 0, "total": 0}


def test_addresses_of_chats_are_kept_secret(api: Machine, page: StatusPage) -> None:
    url = "https://hooks.slack.com/services/secret"
    add_confirmed(page, Who(url, Channel.SLACK, label="#ops"), SYSTEM, "test")
    shown = api.get("/subscribers").json
    assert "secret" not in str(shown)
    assert (shown[0]["mode"], shown[0]["obfuscated_channel_name"]) == ("slack", "#*****ps")
    assert api.get("/subscribers?q=secret").json == []


def test_more_subscribers_cost_no_more_queries(api: Machine, page: StatusPage, component: Component) -> None:
    needed = []
    # That the key is used is noted once.
    api.get("/subscribers")
    for number in (1, 20):
        for count in range(number):
            wish = Wish(scope="components", component_ids=frozenset([component.pk]))
            add_confirmed(page, Who(f"a{number}-{count}@example.org"), SYSTEM, "test", wish)
        with CaptureQueriesContext(connection) as made:
            api.get("/subscribers")
        needed.append(len(made))
    assert needed[0] == needed[1]


# Many at once --------------------------------------------------------------------------------------


@pytest.mark.parametrize("everybody", [True, False])
@pytest.mark.parametrize(
    ("verb", "changed"),
    [
        ("unsubscribe", {"active": "unsubscribed", "hook": "unsubscribed"}),
        ("reactivate", {"quarantined": "active"}),
        ("resend_confirmation", {}),
    ],
)
def test_many_are_seen_to_at_once(
    api: Machine, crowd: dict[str, Subscriber], verb: str, changed: dict[str, str], everybody: bool
) -> None:
    before, count = {name: Subscriber.objects.get(pk=one.pk).state for name, one in crowd.items()}, asked()
    which = "all" if everybody else [one.pk for one in crowd.values()]
    answer = api.post(f"/subscribers/{verb}", {"subscribers": which})
    assert (answer.status, answer.json) == (201, None)
    drain([TOGETHER])
    found = {name: Subscriber.objects.get(pk=one.pk).state for name, one in crowd.items()}
    assert found == before | changed
    assert asked() == count + (verb == "resend_confirmation")


def test_type_and_state_narrow_whom_it_is_about(api: Machine, crowd: dict[str, Subscriber]) -> None:
    def states() -> dict[str, str]:
        return {name: Subscriber.objects.get(pk=one.pk).state for name, one in crowd.items()}

    before = states()
    sent: dict[str, Any] = {"subscribers": "all", "type": "webhook", "state": "all"}
    assert api.post("/subscribers/unsubscribe", sent).status == 201
    drain([TOGETHER])
    assert states() == before | {"hook": "unsubscribed"}
    form = f"subscribers[]={crowd['unconfirmed'].pk}&state=unconfirmed".encode()
    assert api.send("POST", "/subscribers/unsubscribe", form, "").status == 201
    assert states()["unconfirmed"] == "unsubscribed"


def test_nobody_is_meant_where_nobody_is_named(api: Machine, crowd: dict[str, Subscriber]) -> None:
    for verb in ("unsubscribe", "reactivate", "resend_confirmation"):
        for body, status in (
            (None, 400),
            ({}, 400),
            ({"subscribers": None}, 400),
            ({"subscribers": {}}, 422),
            ({"subscribers": "all", "type": "pigeon"}, 422),
            ({"subscribers": ["x"] * 1_001}, 422),
        ):
            assert api.post(f"/subscribers/{verb}", body).status == status, (verb, body)


def test_one_is_asked_again(api: Machine, crowd: dict[str, Subscriber]) -> None:
    count = asked()
    for state, more in (("unconfirmed", 1), ("active", 0)):
        answer = api.post(f"/subscribers/{crowd[state].pk}/resend_confirmation")
        assert (answer.status, answer.json) == (201, None)
        assert asked() == count + more
        count += more


# Of one incident -----------------------------------------------------------------------------------


def test_somebody_may_follow_one_incident(api: Machine, page: StatusPage) -> None:
    incident = open_incident(page, ACTOR, Words("investigating", ""), name="Down")
    other = open_incident(page, ACTOR, Words("investigating", ""), name="Other")
    path = f"/incidents/{incident.pk}/subscribers"
    shown = add(api, path=path, email="ada@example.org")
    assert Subscriber.objects.get().incident == incident
    one = f"{path}/{shown['id']}"
    assert api.get(path).json == [shown]
    assert api.get(one).json == shown
    assert api.post(f"{one}/resend_confirmation").status == 201
    assert asked() == 2
    assert api.get(f"/incidents/{other.pk}/subscribers/{shown['id']}").status == 404
    asked_again = api.get(one).json
    assert api.delete(one).json == asked_again
    assert [api.get(one).status, api.delete(one).status] == [404, 404]

    resolve(page, incident, ACTOR)
    add(api, 422, path=path, email="bob@example.org")
    assert api.post("/incidents/none00000000/subscribers", {"subscriber": {"email": "a@b.c"}}).status == 404
    assert Incident.objects.count() == 2

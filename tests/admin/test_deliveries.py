"""What was told and to whom, in an organisation's admin; sending again, and holding back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection

from common.tenancy import in_tenant
from notifications.models import Delivery, Suppression
from pages.actions import create_page
from pages.models import StatusPage
from subscribers.actions import Who, add_confirmed
from subscribers.models import Subscriber
from tenants.actions import set_page_role
from tenants.models import Membership, Role, Tenant, User
from tests.admin.browser import Browser
from tests.admin.deliveries import delivered, told
from tests.conftest import ACTOR, CANARY

NOTIFICATIONS = "/o/acme/admin/notifications/notification/"
DELIVERIES = "/o/acme/admin/notifications/delivery/"


@pytest.fixture
def readers(page: StatusPage) -> list[Subscriber]:
    return [add_confirmed(page, Who(f"reader{number}@example.org"), ACTOR, "said so") for number in range(9)]


@pytest.fixture
def owner(browsers: dict[str, Browser]) -> Browser:
    return browsers["owner"]


def shown(browser: Browser, address: str) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def do(browser: Browser, address: str, action: str, ids: list[int], **more: str) -> str:
    data = {"action": action, "index": "0", "_selected_action": [str(pk) for pk in ids], **more}
    return browser.post(address, data, follow=True).content.decode()


def statuses() -> dict[str, str]:
    return dict(Delivery.objects.values_list("target", "status"))


OUTCOMES = [
    ({"status": "accepted", "attempts": 1}, 2),
    ({"status": "delivered", "attempts": 1}, 1),
    ({"status": "pending", "attempts": 0}, 1),
    ({"status": "pending", "attempts": 3}, 2),
    ({"status": "dead"}, 1),
    ({"status": "bounced", "attempts": 1}, 1),
    ({"status": "suppressed", "attempts": 0}, 1),
]


def test_the_list_says_what_became_of_each(
    owner: Browser, page: StatusPage, readers: list[Subscriber]
) -> None:
    notification = told(page, "Search fails")
    left = list(readers)
    for values, number in OUTCOMES:
        for _ in range(number):
            delivered(page, left.pop(), notification, **values)
    html = shown(owner, NOTIFICATIONS)

    assert "3 of 9 sent, 1 waiting, 2 retrying, 1 dead, 1 refused, 1 held back" in html
    assert "Search fails" in html
    assert "more recipients to come" not in html
    assert "@example.org" not in html


def test_while_recipients_are_gathered_it_says_so(owner: Browser, page: StatusPage) -> None:
    told(page, expanded_at=None)

    assert "0 of 0 sent, more recipients to come" in shown(owner, NOTIFICATIONS)


def test_an_update_that_is_being_sent_is_looked_at_anew(
    owner: Browser, page: StatusPage, readers: list[Subscriber]
) -> None:
    notification = told(page)
    delivery = delivered(page, readers[0], notification, status="pending", attempts=0)
    address = f"{NOTIFICATIONS}{notification.pk}/change/"
    assert owner.get(address)["Refresh"] == "3"
    Delivery.objects.filter(pk=delivery.pk).update(status="accepted")
    assert "Refresh" not in owner.get(address)


def test_each_recipient_is_shown_with_every_attempt(
    owner: Browser, page: StatusPage, readers: list[Subscriber]
) -> None:
    first, other = (delivered(page, reader) for reader in readers[:2])
    listed = shown(owner, f"{DELIVERIES}?notification__id__exact={first.notification_id}")
    assert first.target in listed
    assert other.target not in listed

    one = shown(owner, f"{DELIVERIES}{first.pk}/change/")
    assert "Greylisted, come back later" in one
    assert "451" in one
    assert "Given up after every attempt" in one
    assert 'name="_save"' not in one


def test_what_was_given_up_is_sent_again(owner: Browser, page: StatusPage, readers: list[Subscriber]) -> None:
    dead, sent = delivered(page, readers[0]), delivered(page, readers[1], status="accepted")
    html = do(owner, DELIVERIES, "send_again", [dead.pk, sent.pk])

    assert "1 message is sent again." in html
    assert statuses() == {dead.target: "pending", sent.target: "accepted"}


def test_so_is_all_of_a_notification(owner: Browser, page: StatusPage, readers: list[Subscriber]) -> None:
    notification, other = told(page), told(page)
    for reader in readers[:3]:
        delivered(page, reader, notification)
    delivered(page, readers[3], other)
    html = do(owner, NOTIFICATIONS, "send_again", [notification.pk])

    assert "3 messages are sent again." in html
    assert sorted(statuses().values()) == ["dead", "pending", "pending", "pending"]


def test_so_is_all_that_died_since_then(owner: Browser, page: StatusPage, readers: list[Subscriber]) -> None:
    old, new = delivered(page, readers[0], age=timedelta(days=2)), delivered(page, readers[1])
    do(owner, f"{DELIVERIES}?status__exact=dead&since=day", "send_again", [new.pk], select_across="1")

    assert statuses() == {old.target: "dead", new.target: "pending"}


def test_an_address_is_held_back_and_allowed_again(
    owner: Browser, page: StatusPage, readers: list[Subscriber]
) -> None:
    first, second = delivered(page, readers[0]), delivered(page, readers[0])
    assert "1 address is held back." in do(owner, DELIVERIES, "never_write", [first.pk, second.pk])
    assert Suppression.objects.get().target_hash == first.target_hash
    assert "0 messages are sent again." in do(owner, DELIVERIES, "send_again", [first.pk])

    assert "1 address may be written to." in do(owner, DELIVERIES, "write_again", [first.pk])
    assert not Suppression.objects.exists()
    assert "1 message is sent again." in do(owner, DELIVERIES, "send_again", [first.pk])


def test_an_address_that_was_erased_is_nobodys(
    owner: Browser, page: StatusPage, readers: list[Subscriber]
) -> None:
    erased = delivered(page, readers[0])
    Delivery.objects.update(target="", target_hash="")

    assert "0 addresses are held back." in do(owner, DELIVERIES, "never_write", [erased.pk])
    assert not Suppression.objects.exists()


def test_editors_see_what_was_told_and_not_to_whom(
    browsers: dict[str, Browser], page: StatusPage, readers: list[Subscriber]
) -> None:
    dead = delivered(page, readers[0])
    assert "0 of 1 sent, 1 dead" in shown(browsers["editor"], NOTIFICATIONS)
    assert 'value="send_again"' not in shown(browsers["editor"], NOTIFICATIONS)
    do(browsers["editor"], NOTIFICATIONS, "send_again", [dead.notification_id])
    do(browsers["editor"], DELIVERIES, "send_again", [dead.pk])

    assert statuses() == {dead.target: "dead"}


def test_who_administers_one_page_sees_the_people_of_that_page_alone(
    browsers: dict[str, Browser],
    people: dict[str, User],
    acme: Tenant,
    page: StatusPage,
    readers: list[Subscriber],
) -> None:
    second = create_page(ACTOR, name="Second", slug="second")
    theirs = add_confirmed(second, Who("theirs@example.org"), ACTOR, "said so")
    dead, other = delivered(second, theirs), delivered(page, readers[0])
    set_page_role(Membership.objects.get(user=people["viewer"]), second.pk, Role.ADMIN, ACTOR)
    viewer = browsers["viewer"]
    for address in (DELIVERIES, "/o/acme/admin/subscribers/subscriber/"):
        html = shown(viewer, address)
        assert "theirs@example.org" in html
        assert readers[0].address not in html

    assert viewer.get(f"{DELIVERIES}{other.pk}/change/").status_code == 404
    do(viewer, DELIVERIES, "send_again", [dead.pk, other.pk])
    do(viewer, NOTIFICATIONS, "send_again", [dead.notification_id, other.notification_id])
    assert statuses() == {dead.target: "pending", other.target: "dead"}


def test_nothing_of_another_organisation_is_listed(
    owner: Browser, globex: Tenant, page: StatusPage, readers: list[Subscriber]
) -> None:
    with in_tenant(globex.id):
        strange_page = StatusPage.objects.get()
        reader = add_confirmed(strange_page, Who("canary@example.org"), ACTOR, "said so")
        strange = delivered(strange_page, reader, told(strange_page, CANARY))
    assert connection.schema_name != globex.schema_name

    for address in (
        NOTIFICATIONS,
        DELIVERIES,
        f"{DELIVERIES}?notification__id__exact={strange.notification_id}",
    ):
        html = shown(owner, address)
        assert CANARY not in html
        assert "canary@example.org" not in html
    assert owner.get(f"{NOTIFICATIONS}{strange.notification_id}/change/").status_code == 404
    do(owner, DELIVERIES, "send_again", [strange.pk])
    assert statuses()[strange.target] == "dead"

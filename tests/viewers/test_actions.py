"""Page access users and groups: who they are, what they may see, and what is written down of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from common.errors import Refused, Taken
from components.actions import create_component, delete_component
from components.models import Component
from events.models import Event
from pages.actions import create_page
from pages.models import StatusPage
from tests.conftest import ACTOR
from viewers.actions import (
    COMPONENTS,
    METRICS,
    create_group,
    create_user,
    delete,
    hide,
    hide_component,
    show,
    show_component,
    show_only,
    update_group,
    update_user,
)
from viewers.models import PageAccessGroup, PageAccessUser


@pytest.fixture
def ada(page: StatusPage) -> PageAccessUser:
    return create_user(page, ACTOR, email="Ada@Example.org ", external_login="ada")


@pytest.fixture
def elsewhere(page: StatusPage) -> StatusPage:
    return create_page(ACTOR, name="Elsewhere", slug="elsewhere")


def ids(page: StatusPage, number: int = 3) -> list[str]:
    return [create_component(page, ACTOR, name=f"Part {one}").pk for one in range(number)]


def test_an_address_and_a_login_are_known_once_on_a_page(
    page: StatusPage, elsewhere: StatusPage, ada: PageAccessUser
) -> None:
    assert ada.email == "ada@example.org"
    for known in ({"email": "ADA@example.org"}, {"email": "x@example.org", "external_login": "ada"}):
        with pytest.raises(Taken):
            create_user(page, ACTOR, **known)
        create_user(elsewhere, ACTOR, **known)
    other = create_user(page, ACTOR, email="bob@example.org")
    with pytest.raises(Taken):
        update_user(other, ACTOR, email="ada@example.org")
    assert update_user(ada, ACTOR, email="ada@example.org").external_login == "ada"


def test_who_is_nobody_or_has_no_address_is_refused(page: StatusPage, ada: PageAccessUser) -> None:
    for fields in ({}, {"email": ""}, {"email": "nobody"}, {"email": "a\x00@example.org"}, {"name": "Ada"}):
        with pytest.raises(Refused):
            create_user(page, ACTOR, **fields)
    with pytest.raises(Refused):
        update_user(ada, ACTOR, email="", external_login="")
    assert PageAccessUser.objects.get() == ada


SEEING: dict[str, tuple[Callable[[PageAccessUser, list[str]], PageAccessUser], list[int]]] = {
    "one more": (lambda ada, own: show(ada, ACTOR, COMPONENTS, [own[2], own[0]]), [0, 1, 2]),
    "these alone": (lambda ada, own: show_only(ada, ACTOR, COMPONENTS, [own[2], own[2]]), [2]),
    "nothing": (lambda ada, own: show_only(ada, ACTOR, COMPONENTS, []), []),
    "one less": (lambda ada, own: hide(ada, ACTOR, COMPONENTS, [own[0], "unknown"]), [1]),
    "all less": (lambda ada, own: hide(ada, ACTOR, COMPONENTS), []),
    "other metrics": (lambda ada, own: hide(ada, ACTOR, METRICS), [0, 1]),
}


@pytest.mark.parametrize("name", SEEING)
def test_what_somebody_may_see_is_added_to_replaced_and_taken_away(
    name: str, page: StatusPage, ada: PageAccessUser
) -> None:
    own = ids(page)
    show(ada, ACTOR, COMPONENTS, own[:2])
    verb, left = SEEING[name]

    assert verb(ada, own).component_ids == [own[place] for place in left]
    ada.refresh_from_db()
    assert ada.component_ids == [own[place] for place in left]


def test_only_what_the_page_has_can_be_seen(
    page: StatusPage, elsewhere: StatusPage, ada: PageAccessUser
) -> None:
    gone, theirs = create_component(page, ACTOR, name="Gone"), create_component(elsewhere, ACTOR, name="X")
    delete_component(page, gone, ACTOR)
    others = create_group(elsewhere, ACTOR, name="Others")
    for pk in (gone.pk, theirs.pk, "unknown"):
        for verb in (show, show_only):
            with pytest.raises(Refused, match=pk):
                verb(ada, ACTOR, COMPONENTS, [pk])
        with pytest.raises(Refused, match=pk):
            create_group(page, ACTOR, name="G", component_ids=[pk])
    with pytest.raises(Refused, match="unknown"):
        show(ada, ACTOR, METRICS, ["unknown"])
    with pytest.raises(Refused, match=others.pk):
        update_user(ada, ACTOR, group_ids=[others.pk])
    with pytest.raises(Refused, match=ada.pk):
        update_group(others, ACTOR, user_ids=[ada.pk])


def test_users_come_and_go_in_groups_from_both_sides(page: StatusPage, ada: PageAccessUser) -> None:
    own = ids(page)
    group = create_group(page, ACTOR, name="Partners", component_ids=own[:2], user_ids=[ada.pk])
    bob = create_user(page, ACTOR, email="bob@example.org", group_ids=[group.pk])
    assert set(group.users.all()) == {ada, bob}

    update_user(ada, ACTOR, group_ids=[])
    changed = update_group(group, ACTOR, name="Friends", component_ids=[own[2]])
    assert (list(group.users.all()), changed.component_ids) == ([bob], [own[2]])

    delete(group, ACTOR)
    assert set(PageAccessUser.objects.all()) == {ada, bob}
    delete(bob, ACTOR)
    with pytest.raises(Refused):
        update_user(bob, ACTOR, email="new@example.org")


@pytest.mark.parametrize("kind", [PageAccessUser, PageAccessGroup])
def test_a_component_is_shown_to_some_and_hidden_from_all(
    kind: Any, page: StatusPage, component: Component, elsewhere: StatusPage
) -> None:
    rows = [made(kind, page, number) for number in range(3)]
    theirs = made(kind, elsewhere, 0)
    with pytest.raises(Refused, match=theirs.pk):
        show_component(component, ACTOR, kind, [rows[0].pk, theirs.pk])

    show_component(component, ACTOR, kind, [rows[0].pk, rows[1].pk])
    assert set(kind.objects.who_see(component.pk)) == set(rows[:2])
    hide_component(component, ACTOR, kind, [rows[0].pk])
    assert list(kind.objects.who_see(component.pk)) == [rows[1]]
    hide_component(component, ACTOR, kind)
    assert not kind.objects.who_see(component.pk).exists()


def made(kind: type, page: StatusPage, number: int) -> Any:
    if kind is PageAccessUser:
        return create_user(page, ACTOR, email=f"{number}@example.org")
    return create_group(page, ACTOR, name=f"Group {number}")


def test_events_say_what_changed_and_never_who_somebody_is(page: StatusPage, ada: PageAccessUser) -> None:
    version = StatusPage.objects.get(pk=page.pk).version
    group = create_group(page, ACTOR, name="Partners", user_ids=[ada.pk])
    update_user(ada, ACTOR, email="ada@example.com", group_ids=[])
    update_user(ada, ACTOR, email="ada@example.com", group_ids=[])
    delete(group, ACTOR)

    found = Event.objects.filter(object_type__startswith="page_access").order_by("id")
    assert [(one.name, one.object_id, one.version) for one in found] == [
        ("page_access_user.created", ada.pk, None),
        ("page_access_group.created", group.pk, None),
        ("page_access_user.updated", ada.pk, None),
        ("page_access_group.deleted", group.pk, None),
    ]
    assert [one.facts["page_access_group_ids"] for one in found if "user" in one.name] == [[], []]
    assert "ada" not in str([one.facts for one in found]).replace(ada.pk, "")
    assert StatusPage.objects.get(pk=page.pk).version == version


def test_how_much_is_asked_of_the_database_does_not_grow(page: StatusPage, component: Component) -> None:
    counts = []
    for number in (2, 20):
        users = [create_user(page, ACTOR, email=f"{one}-{number}@example.org").pk for one in range(number)]
        with CaptureQueriesContext(connection) as queries:
            group = create_group(page, ACTOR, name="All", user_ids=users)
            show_component(component, ACTOR, PageAccessUser, users)
            hide_component(component, ACTOR, PageAccessUser)
            delete(group, ACTOR)
        counts.append(len(queries))
    assert counts[0] == counts[1]

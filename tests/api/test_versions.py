"""ETag and If-Match; lists that are read part by part."""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64encode
from contextlib import AbstractContextManager
from typing import Any

import pytest

from components.actions import create_component, create_group, set_status
from components.models import Component
from pages.change import only_if
from pages.models import StatusPage
from tenants.models import Tenant
from tests.api.cases import build
from tests.api.conftest import Answer, Machine
from tests.conftest import ACTOR


def hidden(ids: dict[str, str]) -> list[tuple[str, str, Any, Any]]:
    """What takes no version of the page: how it is changed, where, and two things that can be said of it."""

    def changed(path: str, envelope: str, name: str, *values: Any) -> tuple[str, str, Any, Any]:
        first, second = ({envelope: {name: value}} for value in values)
        return "PUT" if envelope == "postmortem" else "PATCH", path, first, second

    source, user = ids["metrics_provider_id"], ids["page_access_user_id"]
    group, template = ids["page_access_group_id"], ids["incident_template_id"]
    part = {"component_ids": [ids["component_id"]]}
    return [
        changed(f"/metrics_providers/{source}", "metrics_provider", "disabled", True, False),
        changed(f"/page_access_users/{user}", "page_access_user", "external_login", "a", "b"),
        changed(f"/page_access_groups/{group}", "page_access_group", "name", "a", "b"),
        changed(f"/incident_templates/{template}", "template", "name", "a", "b"),
        changed(f"/incidents/{ids['drafted_id']}/postmortem", "postmortem", "body_draft", "a", "b"),
        ("PATCH", f"/subscribers/{ids['subscriber_id']}", part, {}),
    ]


def test_what_is_known_is_not_sent_again(api: Machine, page: StatusPage, component: Component) -> None:
    one = f"/components/{component.pk}"
    tag = api.get(one).headers["ETag"]
    again = api.ask("GET", one, **{"If-None-Match": f'"other", W/{tag}'})
    assert (again.status, again.json, again.headers["ETag"]) == (304, None, tag)

    set_status(page, {component.pk: "major_outage"}, ACTOR)
    assert api.ask("GET", one, **{"If-None-Match": tag}).status == 200


def test_a_write_may_be_bound_to_what_was_read(api: Machine, page: StatusPage, component: Component) -> None:
    one = f"/components/{component.pk}"
    tag = api.get(one).headers["ETag"]
    changed = api.ask("PATCH", one, {"component": {"name": "First"}}, **{"If-Match": tag})
    assert changed.status == 200
    assert changed.headers["ETag"] == api.get(one).headers["ETag"] != tag

    late = api.ask("PATCH", one, {"component": {"name": "Second"}}, **{"If-Match": tag})
    assert late.status == 412
    assert api.get(one).json["name"] == "First"
    assert api.ask("DELETE", one, **{"If-Match": tag}).status == 412
    assert api.ask("DELETE", one, **{"If-Match": "*"}).status == 204
    assert api.ask("DELETE", one, **{"If-Match": "*"}).status == 404


def test_what_changes_between_reading_and_locking_counts(
    api: Machine, page: StatusPage, component: Component, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, lock = f"/components/{component.pk}", "pages.change._lock"
    tag = api.get(one).headers["ETag"]

    def overtaken(locked: StatusPage) -> StatusPage:
        Component.objects.filter(pk=component.pk).update(name="Overtaken")
        return StatusPage.objects.get(pk=locked.pk)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(lock, overtaken)
        late = api.ask("PATCH", one, {"component": {"name": "Late"}}, **{"If-Match": tag})
    assert late.status == 412
    assert api.get(one).json["name"] != "Late"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("", {"page": {"page_description": "Late"}}),
        ("/status_embed_config", {"status_embed_config": {"position": "top-left"}}),
    ],
)
def test_a_page_that_changes_between_reading_and_locking_counts_as_well(
    api: Machine, page: StatusPage, path: str, body: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    tag = api.get(path).headers["ETag"]
    _overtake(monkeypatch, page, name="Overtaken", embed={"position": "top-right"})
    assert api.ask("PATCH", path, body, **{"If-Match": tag}).status == 412


def test_what_is_not_said_of_a_page_stays_as_somebody_else_has_made_it_meanwhile(
    api: Machine, page: StatusPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    _overtake(monkeypatch, page, closed_ways=["sms"], kept={"css_font_color": "#222222"})
    changed = api.patch("", {"page": {"name": "Renamed"}}).json
    assert (changed["name"], changed["allow_sms_subscribers"]) == ("Renamed", False)
    assert changed["css_font_color"] == "#222222"


def test_what_no_visitor_sees_is_held_to_its_tag_as_well(
    api: Machine, page: StatusPage, acme: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = build(page, acme.pk)
    for method, path, first, second in hidden(world.ids):
        tag = api.get(path).headers["ETag"]

        def overtaken(
            check: Any, *, method: str = method, path: str = path, first: Any = first
        ) -> AbstractContextManager[None]:
            monkeypatch.undo()
            assert api.ask(method, path, first).status == 200
            return only_if(check)

        monkeypatch.setattr("api.serving.only_if", overtaken)
        assert api.ask(method, path, second, **{"If-Match": tag}).status == 412, path
        assert api.get(path).headers["ETag"] != tag, path


def _overtake(monkeypatch: pytest.MonkeyPatch, page: StatusPage, **values: object) -> None:
    """From now on somebody is quicker than whoever changes the page."""

    def overtaken(locked: StatusPage) -> StatusPage:
        StatusPage.objects.filter(pk=page.pk).update(**values)
        return StatusPage.objects.get(pk=locked.pk)

    monkeypatch.setattr("pages.change._lock", overtaken)


def _next(answer: Answer) -> str | None:
    found = re.fullmatch(r'</v1/pages/\w+(?P<path>/\S+)>; rel="next"', answer.headers.get("Link", ""))
    return found["path"] if found else None


@pytest.mark.parametrize("path", ["/components", "/component-groups"])
def test_a_list_is_followed_to_its_end(api: Machine, page: StatusPage, path: str) -> None:
    for number in range(5):
        component = create_component(page, ACTOR, name=f"C{number}")
        create_group(page, ACTOR, name=f"G{number}", components=[component.pk], position=7)
    whole = [one["id"] for one in api.get(path).json]

    seen, place = [], f"{path}?per_page=2"
    while place:
        answer = api.get(place)
        assert 1 <= len(answer.json) <= 2
        seen += [one["id"] for one in answer.json]
        place = _next(answer) or ""
    assert seen == whole


def test_a_list_that_grows_meanwhile_repeats_nothing(api: Machine, page: StatusPage) -> None:
    for number in range(3):
        component = create_component(page, ACTOR, name=f"C{number}", position=number)
        create_group(page, ACTOR, name=f"G{number}", components=[component.pk], position=number + 1)
    first = api.get("/component-groups?limit=2")
    create_group(page, ACTOR, name="Before", position=0)
    place = _next(first)
    assert place is not None
    assert [one["name"] for one in api.get(place).json] == ["G2"]


@pytest.mark.parametrize("path", ["/components", "/component-groups"])
@pytest.mark.parametrize(
    "cursor", ["x", "W10=", "e30=", "WzEsMl0=", "WyIxIiwiMiIsIjMiXQ==", "%00", "bnVsbA=="]
)
def test_a_cursor_that_is_none_is_refused(api: Machine, path: str, cursor: str) -> None:
    assert api.get(f"{path}?cursor={cursor}").status == 400


@pytest.mark.parametrize(
    "values",
    [[5, "x"], [True, "x"], ["x", 5], ["2026-01-01T00:00:00", "x"], ["2026-01-01", "x"], ["\ud800", "x"]],
)
@pytest.mark.parametrize("path", ["/incidents?", "/subscribers?sort_field=quarantined_at&"])
def test_a_cursor_with_values_of_another_kind_is_refused(api: Machine, path: str, values: object) -> None:
    cursor = urlsafe_b64encode(json.dumps(values).encode()).decode()
    assert api.get(f"{path}cursor={cursor}").status == 400

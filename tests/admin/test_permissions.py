"""Who may see and do what in an organisation's admin: every address, every kind of person."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.urls import URLPattern, URLResolver, get_script_prefix, reverse
from django.utils import timezone

from common.tenancy import in_tenant
from components.actions import create_component, create_group
from copies.actions import add_copy_target
from events.models import Event
from incidents.actions.announcement import create_announcement
from incidents.actions.incident import open_incident
from incidents.actions.maintenance import schedule_maintenance
from incidents.actions.postmortem import write_postmortem
from incidents.actions.series import create_series
from incidents.actions.template import create_template
from incidents.models import Incident
from incidents.steps import Words
from metrics.actions import create_metric, create_provider
from pages.actions import create_page
from pages.models import StatusPage
from statuspage.admin import organisation
from subscribers.actions import Who, add_confirmed
from tenants.actions import set_page_role
from tenants.models import Membership, Role, Tenant, User
from tests.admin.browser import Browser, said_by
from tests.admin.deliveries import delivered
from tests.conftest import ACTOR, CANARY

PERSONS = ["anonymous", "outsider", "viewer", "editor", "admin", "owner", "staff"]
# What each of them gets, in that order.
EVERY_MEMBER = [302, 404, 200, 200, 200, 200, 200]
EDITORS = [302, 404, 403, 200, 200, 200, 200]
ADMINS = [302, 404, 403, 403, 200, 200, 200]
ELSEWHERE = [302, 404, 302, 302, 302, 302, 302]
NOBODY = [302, 404, 403, 403, 403, 403, 403]
NOT_BY_GET = [302, 404, 405, 405, 405, 405, 405]
# Of rows that only admins see, nobody else learns that there are any.
ADMINS_ROW = [302, 404, 404, 404, 200, 200, 200]
ADMINS_ELSEWHERE = [302, 404, 404, 404, 302, 302, 302]
NOBODYS_ROW = [302, 404, 404, 404, 403, 403, 403]


def editors_change(model: str) -> dict[str, list[int]]:
    return {
        f"{model}_changelist": EVERY_MEMBER,
        f"{model}_add": EDITORS,
        f"{model}_change": EVERY_MEMBER,
        f"{model}_delete": EDITORS,
        f"{model}_history": ELSEWHERE,
    }


# Members say first who they are; see tests/dashboard/test_proven.py.
ASKED_FIRST = [302, 404, 302, 302, 302, 302, 302]

MATRIX = {
    "index": EVERY_MEMBER,
    "app_list": EVERY_MEMBER,
    "jsi18n": EVERY_MEMBER,
    "password_change": EVERY_MEMBER,
    "password_change_done": EVERY_MEMBER,
    "login": ELSEWHERE,
    "logout": NOT_BY_GET,
    **editors_change("components_component"),
    **editors_change("components_componentgroup"),
    **editors_change("incidents_incident"),
    **editors_change("incidents_maintenancewindow"),
    **editors_change("incidents_maintenanceseries"),
    **editors_change("incidents_incidenttemplate"),
    **editors_change("incidents_postmortem"),
    **editors_change("incidents_announcement"),
    **editors_change("pages_statuspage"),
    "pages_statuspage_add": ADMINS,
    "pages_statuspage_delete": ADMINS,
    "subscribers_subscriber_changelist": ADMINS,
    "subscribers_subscriber_add": ADMINS,
    "subscribers_subscriber_export": ASKED_FIRST,
    "subscribers_subscriber_import": ADMINS,
    "subscribers_subscriber_test": ADMINS,
    "subscribers_subscriber_person": ASKED_FIRST,
    "subscribers_subscriber_change": ADMINS_ROW,
    "subscribers_subscriber_delete": ADMINS_ROW,
    "subscribers_subscriber_history": ADMINS_ELSEWHERE,
    "copies_copytarget_changelist": ADMINS,
    "copies_copytarget_add": ADMINS,
    "copies_copytarget_change": ADMINS_ROW,
    "copies_copytarget_delete": ADMINS_ROW,
    "copies_copytarget_history": ADMINS_ELSEWHERE,
    **editors_change("metrics_metric"),
    "metrics_metricsprovider_changelist": ADMINS,
    "metrics_metricsprovider_add": ADMINS,
    "metrics_metricsprovider_change": ADMINS_ROW,
    "metrics_metricsprovider_delete": ADMINS_ROW,
    "metrics_metricsprovider_history": ADMINS_ELSEWHERE,
    "notifications_notification_changelist": EVERY_MEMBER,
    "notifications_notification_add": NOBODY,
    "notifications_notification_change": EVERY_MEMBER,
    "notifications_notification_delete": NOBODY,
    "notifications_notification_history": ELSEWHERE,
    "notifications_delivery_changelist": ADMINS,
    "notifications_delivery_add": NOBODY,
    "notifications_delivery_change": ADMINS_ROW,
    "notifications_delivery_delete": NOBODYS_ROW,
    "notifications_delivery_history": ADMINS_ELSEWHERE,
    **editors_change("events_event"),
    "events_event_add": NOBODY,
    "events_event_delete": NOBODY,
}


def names(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
    """Every named address of the site."""
    for one in patterns:
        if isinstance(one, URLResolver):
            yield from names(one.url_patterns)
        elif one.name:
            yield one.name


@pytest.fixture
def rows(page: StatusPage, settings: Any, tmp_path: Path) -> dict[str, str]:
    """One of everything: model -> id."""
    settings.COPIES_ROOT = str(tmp_path)
    component = create_component(page, ACTOR, name="API")
    group = create_group(page, ACTOR, name="Core")
    incident = open_incident(page, ACTOR, Words("investigating", "Hm."), name="Slow")
    begins = timezone.now() + timedelta(days=1)
    times = {"scheduled_for": begins, "scheduled_until": begins + timedelta(hours=1)}
    maintenance = schedule_maintenance(page, ACTOR, name="Work", **times)
    template = create_template(page, ACTOR, name="Usual", title="Slow", body="Hm.")
    postmortem = write_postmortem(page, incident, ACTOR, "Because.")
    announcement = create_announcement(page, ACTOR, title="Soon")
    series = create_series(
        page,
        ACTOR,
        name="Weekly",
        rule="FREQ=WEEKLY;BYDAY=TU",
        local_start=datetime.fromisoformat("2027-01-05T03:00"),
        duration=timedelta(hours=1),
    )
    subscriber = add_confirmed(page, Who("reader@example.org"), ACTOR, "said so")
    delivery = delivered(page, subscriber)
    source = create_provider(page, ACTOR, kind="Self")
    metric = create_metric(page, source, ACTOR, name="Response time")
    copy = add_copy_target(page, ACTOR, kind="directory", folder="status")
    return {
        "pages_statuspage": page.pk,
        "components_component": component.pk,
        "components_componentgroup": group.pk,
        "incidents_incident": incident.pk,
        "incidents_maintenancewindow": maintenance.pk,
        "incidents_incidenttemplate": template.pk,
        "incidents_postmortem": postmortem.pk,
        "incidents_announcement": announcement.pk,
        "incidents_maintenanceseries": series.pk,
        "subscribers_subscriber": subscriber.pk,
        "notifications_notification": str(delivery.notification_id),
        "notifications_delivery": str(delivery.pk),
        "copies_copytarget": copy.pk,
        "metrics_metric": metric.pk,
        "metrics_metricsprovider": source.pk,
        "events_event": str(Event.objects.earliest("id").pk),
    }


def address(name: str, rows: dict[str, str], slug: str = "acme") -> str:
    model, _, view = name.rpartition("_")
    arguments = [rows[model]] if model in rows and view in ("change", "delete", "history", "person") else []
    if name == "app_list":
        arguments = ["incidents"]
    return f"/o/{slug}{reverse(f'admin:{name}', 'statuspage.organisation_urls', arguments)}"


def test_the_table_has_every_address() -> None:
    assert set(names(organisation.get_urls())) == set(MATRIX)


def test_everybody_gets_what_the_table_says_and_nothing_of_others(
    browsers: dict[str, Browser], rows: dict[str, str], globex: Tenant
) -> None:
    found = {}
    for name in MATRIX:
        answers = {person: browsers[person].get(address(name, rows)) for person in PERSONS}
        found[name] = [answer.status_code for answer in answers.values()]
        assert_nothing_of(globex, answers["viewer"], name)
        assert_nothing_of(globex, answers["owner"], name)

    assert found == MATRIX


def assert_nothing_of(other: Tenant, answer: Any, name: str) -> None:
    said = said_by(answer)
    assert CANARY not in said, name
    assert other.id not in said, name


_VIEWS = ("_add", "_change", "_delete", "_changelist")
SENDING = [
    name
    for name, (*_, owner, _staff) in MATRIX.items()
    if name.count("_") > 1 and name.endswith(_VIEWS) and owner == 200
]


def test_who_may_not_change_cannot_send_either(
    acme: Tenant, browsers: dict[str, Browser], rows: dict[str, str]
) -> None:
    """Also not by sending what an owner's form would."""
    owner = browsers["owner"]
    filled = {name: owner.shown(address(name, rows)) | {"name": "X", "post": "yes"} for name in SENDING}
    with in_tenant(acme.id):
        before = Event.objects.count()
    for name, person in product(filled, ("anonymous", "outsider", "viewer")):
        action = {"action": "set_major_outage", "index": "0", "_selected_action": list(rows.values())}
        given = action if name.endswith("_changelist") else filled[name]
        # A list without that action for this person is just shown.
        harmless = (200, 302, 404) if name.endswith("_changelist") and person == "viewer" else (302, 404)
        answer = browsers[person].post(address(name, rows), given)
        assert answer.status_code in (*harmless, 403), (name, person)

    with in_tenant(acme.id):
        assert Event.objects.count() == before


def test_whoever_is_not_signed_in_is_sent_to_the_sign_in_and_back(
    browsers: dict[str, Browser], page: StatusPage, people: dict[str, User]
) -> None:
    people["editor"].set_password("long enough")
    people["editor"].save()
    wanted = "/o/acme/admin/incidents/incident/"
    to_sign_in = browsers["anonymous"].get(wanted)["Location"]
    assert to_sign_in == f"/accounts/login/?next={wanted}"

    given = {"login": "editor@acme.example", "password": "long enough"}
    assert browsers["anonymous"].send(to_sign_in, **given)["Location"] == wanted


def test_nothing_of_another_organisation_is_seen_where_an_address_leads_elsewhere(
    browsers: dict[str, Browser], rows: dict[str, str], globex: Tenant
) -> None:
    for name, (*_, owner, _staff) in MATRIX.items():
        if owner == 302:
            assert_nothing_of(globex, browsers["owner"].get(address(name, rows), follow=True), name)


def test_another_organisations_rows_are_not_found_by_their_ids(
    browsers: dict[str, Browser], rows: dict[str, str], globex: Tenant
) -> None:
    with in_tenant(globex.id):
        stranger = Incident.objects.get().pk
    for view in ("change", "delete", "history"):
        found = browsers["owner"].get(address(f"incidents_incident_{view}", {"incidents_incident": stranger}))
        assert found.status_code == 404


def test_the_address_alone_names_the_organisation(
    browsers: dict[str, Browser], people: dict[str, User], globex: Tenant, page: StatusPage
) -> None:
    """Having been in one organisation a moment ago changes nothing."""
    staff = browsers["staff"]
    first = staff.get("/o/globex/admin/").content.decode()
    second = staff.get("/o/acme/admin/").content.decode()

    assert CANARY in first
    assert CANARY not in second
    assert "/o/globex/admin/incidents/incident/add/" in first
    assert "/o/acme/admin/incidents/incident/add/" in second


@pytest.mark.parametrize("path", ["admin/", "admin/no/such/thing/", "admin/incidents/incident/none/change/"])
def test_every_answer_leaves_the_organisation_again(
    browsers: dict[str, Browser], page: StatusPage, path: str
) -> None:
    browsers["owner"].get(f"/o/acme/{path}")

    assert connection.schema_name == "public"
    assert get_script_prefix() == "/"


def test_an_error_leaves_the_organisation_again(
    browsers: dict[str, Browser], page: StatusPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(organisation, "get_app_list", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        browsers["owner"].get("/o/acme/admin/")

    assert connection.schema_name == "public"
    assert get_script_prefix() == "/"


@pytest.fixture
def second_page(page: StatusPage) -> StatusPage:
    return create_page(ACTOR, name="Second", slug="second")


@pytest.mark.parametrize(("role", "first", "second"), [("viewer", 200, 403), ("editor", 200, 200)])
def test_a_pages_own_role_counts_on_that_page(
    browsers: dict[str, Browser],
    people: dict[str, User],
    acme: Tenant,
    page: StatusPage,
    second_page: StatusPage,
    role: str,
    first: int,
    second: int,
) -> None:
    membership = Membership.objects.get(user=people["editor"])
    set_page_role(membership, second_page.pk, Role(role), ACTOR)
    on = {}
    for one in (page, second_page):
        with in_tenant(acme.id):
            incident = open_incident(one, ACTOR, Words("investigating", "Hm."), name="Slow")
        on[one.pk] = browsers["editor"].get(f"/o/acme/admin/incidents/incident/{incident.pk}/delete/")

    assert (on[page.pk].status_code, on[second_page.pk].status_code) == (first, second)


def test_a_viewer_may_edit_the_page_that_is_the_viewers_own(
    browsers: dict[str, Browser],
    people: dict[str, User],
    acme: Tenant,
    page: StatusPage,
    second_page: StatusPage,
) -> None:
    set_page_role(Membership.objects.get(user=people["viewer"]), second_page.pk, Role.EDITOR, ACTOR)
    add = "/o/acme/admin/incidents/incident/add/"

    assert browsers["viewer"].get(f"{add}?page={page.pk}").status_code == 404
    browsers["viewer"].send(f"{add}?page={second_page.pk}", name="Theirs")
    with in_tenant(acme.id):
        assert Incident.objects.get().page_id == second_page.pk


def test_who_may_edit_several_pages_chooses_one_first(
    browsers: dict[str, Browser], page: StatusPage, second_page: StatusPage
) -> None:
    html = browsers["editor"].get("/o/acme/admin/incidents/incident/add/").content.decode()

    assert f'href="?page={page.pk}"' in html
    assert f'href="?page={second_page.pk}"' in html


def test_the_switcher_lists_exactly_ones_own_organisations(
    browsers: dict[str, Browser], page: StatusPage
) -> None:
    def listed(person: str) -> set[str]:
        html = browsers[person].get("/o/acme/admin/").content.decode()
        return {
            slug for slug in ("acme", "globex") if f'href="/o/{slug}/admin/"' in html.split("</header>")[0]
        }

    assert listed("staff") == {"acme", "globex"}
    # With only one, there is nothing to switch to.
    assert "globex" not in listed("owner")


def test_page_hosts_have_no_admin(browsers: dict[str, Browser], page: StatusPage) -> None:
    assert browsers["owner"].get("/o/acme/admin/", HTTP_HOST="acme.localhost").status_code == 404


def test_an_organisations_own_address_leads_to_its_only_page(
    browsers: dict[str, Browser], page: StatusPage
) -> None:
    assert browsers["viewer"].get("/o/acme/")["Location"] == f"/o/acme/p/{page.pk}/"

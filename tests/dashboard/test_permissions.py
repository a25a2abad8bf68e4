"""Who may see and do what in the dashboard: every address, every kind of person, and the other organisation.

A screen that is added gets a row in MATRIX (what a GET answers) and, where its address has more parts than
the page's id, in `parts`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.urls import URLPattern, URLResolver, reverse
from django.utils import timezone

from common.tenancy import in_tenant
from components.actions import create_group
from copies.actions import add_copy_target
from dashboard.urls import urlpatterns
from events.models import Event
from importing.asking import ask_for_import
from importing.models import PageImport
from incidents.actions.draft import keep_draft
from incidents.actions.maintenance import schedule_maintenance
from incidents.actions.series import create_series
from incidents.actions.template import create_template
from incidents.drafts import Written
from incidents.models import Incident
from incidents.steps import Words
from notifications.trials import send_test
from pages.models import StatusPage
from pages.own_hosts import add_host
from subscribers.actions import Who, add_confirmed
from tenants.models import Membership, Tenant
from tests.conftest import ACTOR, CANARY
from tests.dashboard.conftest import Place, Visitor

PERSONS = ["anonymous", "outsider", "viewer", "editor", "admin", "owner", "staff"]
# What each of them gets, in that order.
EVERY_MEMBER = [302, 404, 200, 200, 200, 200, 200]
ELSEWHERE = [302, 404, 302, 302, 302, 302, 302]
EDITORS = [302, 404, 403, 200, 200, 200, 200]
ADMINS = [302, 404, 403, 403, 200, 200, 200]
# Asked first who they are; see test_proven.py.
ADMINS_ASKED = [302, 404, 403, 403, 302, 302, 302]
OWNERS = [302, 404, 403, 403, 403, 200, 200]
# Changes something, by POST alone.
NOT_BY_GET = [302, 404, 405, 405, 405, 405, 405]

MATRIX: dict[str, list[int]] = {
    # Straight to the only page.
    "index": ELSEWHERE,
    "page_new": ADMINS,
    "page_import": ADMINS,
    "page_import_one": ADMINS,
    # Straight home: it is launched.
    "launch": [302, 404, 403, 403, 302, 302, 302],
    "home": EVERY_MEMBER,
    "members": EVERY_MEMBER,
    "invite": ADMINS,
    "leave": NOT_BY_GET,
    "reminders": NOT_BY_GET,
    "member": ADMINS,
    "remove_member": NOT_BY_GET,
    "invite_again": NOT_BY_GET,
    "withdraw_invitation": NOT_BY_GET,
    "log": ADMINS,
    "log_csv": ADMINS,
    "organisation_settings": ADMINS,
    "organisation_sms": ADMINS,
    "require_second_factor": NOT_BY_GET,
    "transfer_organisation": NOT_BY_GET,
    "export_organisation": NOT_BY_GET,
    "delete_organisation": NOT_BY_GET,
    "switch": NOT_BY_GET,
    "find": EVERY_MEMBER,
    "release": NOT_BY_GET,
    "draft_discard": NOT_BY_GET,
    "incidents": EVERY_MEMBER,
    "incident_new": EDITORS,
    "incident_preview": NOT_BY_GET,
    "incident_past": EDITORS,
    # Nobody has looked at a preview yet.
    "mail_preview": [302, 404, 403, 404, 404, 404, 404],
    "templates": EDITORS,
    "template_new": EDITORS,
    "template_preview": NOT_BY_GET,
    "template_edit": EDITORS,
    "template_delete": EDITORS,
    "incident": EVERY_MEMBER,
    "update_preview": NOT_BY_GET,
    "incident_progress": EVERY_MEMBER,
    "incident_edit": EDITORS,
    "incident_delete": EDITORS,
    "postmortem": EDITORS,
    "postmortem_preview": NOT_BY_GET,
    "update_edit": EDITORS,
    "components": EVERY_MEMBER,
    "component_order": NOT_BY_GET,
    "component_new": EDITORS,
    "component": EVERY_MEMBER,
    "component_edit": EDITORS,
    "component_correct": EDITORS,
    "component_delete": EDITORS,
    "correction_withdraw": NOT_BY_GET,
    "group_new": EDITORS,
    "group_edit": EDITORS,
    "group_delete": EDITORS,
    "subscribers": ADMINS,
    "subscriber_new": ADMINS,
    "subscribers_import": ADMINS,
    "subscribers_export": ADMINS_ASKED,
    "subscriber": ADMINS,
    "subscriber_person": ADMINS_ASKED,
    "subscriber_erase": ADMINS,
    "subscriber_do": NOT_BY_GET,
    "notifications": EVERY_MEMBER,
    "notification": EVERY_MEMBER,
    "notification_progress": EVERY_MEMBER,
    "test_message": ADMINS,
    "deliveries": ADMINS,
    "delivery": ADMINS,
    "deliveries_replay": NOT_BY_GET,
    "delivery_do": NOT_BY_GET,
    "settings": ADMINS,
    "settings_section": ADMINS,
    "sender": ADMINS,
    "sender_check": NOT_BY_GET,
    "page_webhooks": ADMINS,
    "webhook_new": ADMINS,
    "webhook": ADMINS,
    "webhook_test": NOT_BY_GET,
    "webhook_secret": NOT_BY_GET,
    "webhook_again": NOT_BY_GET,
    "webhook_remove": ADMINS,
    "page_data": ADMINS,
    "page_data_import": ADMINS,
    "page_export": NOT_BY_GET,
    # Of the tests: nobody has published it.
    "page_site": [302, 404, 403, 403, 302, 302, 302],
    "copies": ADMINS,
    "copy_new": ADMINS,
    "copy_edit": ADMINS,
    "copy_again": NOT_BY_GET,
    "copy_remove": ADMINS,
    "appearance": ADMINS,
    "appearance_preview": NOT_BY_GET,
    "hosts": ADMINS,
    "host_primary": NOT_BY_GET,
    "host_check": NOT_BY_GET,
    "host_remove": ADMINS,
    "page_unpublish": ADMINS,
    "page_delete": ADMINS,
    "keys": EVERY_MEMBER,
    "key_new": EVERY_MEMBER,
    "key_rotate": NOT_BY_GET,
    "key_revoke": NOT_BY_GET,
    "maintenance": EVERY_MEMBER,
    "maintenance_calendar": EVERY_MEMBER,
    "maintenance_new": EDITORS,
    "maintenance_preview": NOT_BY_GET,
    "maintenance_one": EVERY_MEMBER,
    "maintenance_edit": EDITORS,
    "maintenance_remind": NOT_BY_GET,
    "maintenance_cancel": EDITORS,
    "maintenance_delete": EDITORS,
    "all_series": EVERY_MEMBER,
    "series": EVERY_MEMBER,
    "series_end": EDITORS,
}
# Those who may look there may not send.
LOOKED_AT_BY_VIEWERS = {
    "index",
    "home",
    "find",
    "incidents",
    "incident_progress",
    "components",
    "component",
    "maintenance",
    "maintenance_calendar",
    "all_series",
    "notifications",
    "notification",
    "notification_progress",
}


@pytest.fixture
def parts(place: Place) -> dict[str, dict[str, object]]:
    return parts_of(place)


def parts_of(place: Place) -> dict[str, dict[str, object]]:
    """What the address of a screen says beside the page's id."""
    incident = {"incident_id": place.incident.pk}
    of_incidents = {name: incident for name in MATRIX if name in {"incident", "postmortem"}}
    of_incidents |= {name: incident for name in MATRIX if name.startswith(("incident_", "postmortem_"))}
    whole = {name: {} for name in ("incident_new", "incident_preview", "incident_past")}
    somebody = {"member_id": Membership.objects.get(user__email="viewer@acme.example").pk}
    return {
        **of_incidents,
        "member": somebody,
        "remove_member": somebody,
        "invite_again": {"invitation_id": "none"},
        "withdraw_invitation": {"invitation_id": "none"},
        **whole,
        "update_preview": incident,
        "update_edit": incident | {"update_id": place.incident.updates.get().pk},
        "release": {"event_id": 1},
        "draft_discard": {"draft_id": "0" * 12},
        **dict.fromkeys(("template_edit", "template_delete"), template_of(place)),
        **of_components(place),
        **of_maintenance(place),
        **of_subscribers(place),
        "settings_section": {"section": "uptime"},
        "page_import_one": {"import_id": import_of(place)},
        "page_data_import": {"import_id": import_of(place)},
        **webhook_of(place),
        **dict.fromkeys(("copy_edit", "copy_again", "copy_remove"), copy_of(place)),
        **dict.fromkeys(("host_check", "host_remove"), host_of(place)),
        "key_rotate": {"key_id": "0" * 12},
        "key_revoke": {"key_id": "0" * 12},
    }


def of_components(place: Place) -> dict[str, dict[str, object]]:
    own = {"pk": place.api.pk}
    group = {"pk": create_group(place.page, ACTOR, name="Core").pk}
    names = ("component", "component_edit", "component_correct", "component_delete")
    return {
        **dict.fromkeys(names, own),
        **dict.fromkeys(("group_edit", "group_delete"), group),
        "correction_withdraw": own | {"number": 1},
    }


def of_subscribers(place: Place) -> dict[str, dict[str, object]]:
    person = {"pk": add_confirmed(place.page, Who("ada@example.org"), ACTOR, "Asked.").pk}
    test = send_test(place.page, "email", f"{place.page.pk}@example.org", "incident.created", ACTOR)
    sent, one = {"number": test.pk}, {"number": test.notification_id}
    names = ("subscriber", "subscriber_person", "subscriber_erase")
    return {
        **dict.fromkeys(names, person),
        "subscriber_do": person | {"verb": "unsubscribe"},
        **dict.fromkeys(("notification", "notification_progress"), one),
        "delivery": sent,
        "delivery_do": sent | {"verb": "replay"},
    }


def template_of(place: Place) -> dict[str, object]:
    return {"pk": create_template(place.page, ACTOR, name="Usual", title="Slow", body="Hm.").pk}


def webhook_of(place: Place) -> dict[str, dict[str, object]]:
    who = Who("https://hooks.example.org/status", "webhook", contact="ops@example.org")
    own = {"pk": add_confirmed(place.page, who, ACTOR, "Ours.").pk}
    names = ("webhook", *(f"webhook_{one}" for one in ("test", "secret", "again", "remove")))
    return dict.fromkeys(names, own)


def import_of(place: Place) -> str:
    former = PageImport.objects.first()
    return (former or ask_for_import(ACTOR, "https://status.example.com", into=place.page)).pk


def host_of(place: Place) -> dict[str, object]:
    return {"pk": add_host(place.page, ACTOR, "status.example.org").pk}


def copy_of(place: Place) -> dict[str, object]:
    keys = {"access_key_id": "id", "secret_access_key": "secret"}
    where = {"endpoint": "https://s3.example.com", "region": "eu-1", "bucket": "status"}
    return {"pk": add_copy_target(place.page, ACTOR, kind="bucket", **where, **keys).pk}


def of_maintenance(place: Place) -> dict[str, dict[str, object]]:
    begins = timezone.now() + timedelta(days=1)
    times = {"scheduled_for": begins, "scheduled_until": begins + timedelta(hours=1)}
    window = {"pk": schedule_maintenance(place.page, ACTOR, name="Work", **times).pk}
    rule = {"rule": "FREQ=WEEKLY", "local_start": begins.replace(tzinfo=None), "duration": timedelta(hours=1)}
    recurring = {"pk": create_series(place.page, ACTOR, name="Every week", **rule).pk}
    names = ("maintenance_one", *(f"maintenance_{one}" for one in ("edit", "remind", "cancel", "delete")))
    return {**dict.fromkeys(names, window), **dict.fromkeys(("series", "series_end"), recurring)}


def named(patterns: list[URLPattern | URLResolver], before: str = "") -> Iterator[tuple[str, bool]]:
    """Every address by its name, and whether it is about a page."""
    for one in patterns:
        route = f"{before}{one.pattern}"
        if isinstance(one, URLResolver):
            yield from named(one.url_patterns, route)
        elif one.name:
            yield one.name, "page_id" in route


ABOUT_A_PAGE = {name for name, is_about in named(urlpatterns) if is_about}


def address(name: str, page_id: str, parts: dict[str, dict[str, object]]) -> str:
    given = dict(parts.get(name, {})) | ({"page_id": page_id} if name in ABOUT_A_PAGE else {})
    return f"/o/acme{reverse(name, 'statuspage.organisation_urls', kwargs=given)}"


def test_the_table_has_every_address() -> None:
    assert {name for name, _is_about in named(urlpatterns)} == set(MATRIX)


def test_everybody_gets_what_the_table_says(
    visitors: dict[str, Visitor], place: Place, parts: dict[str, dict[str, object]]
) -> None:
    found = {
        name: [visitors[who].get(address(name, place.page.pk, parts)).status_code for who in PERSONS]
        for name in MATRIX
    }

    assert found == MATRIX


@pytest.mark.parametrize("who", ["anonymous", "outsider", "viewer"])
def test_who_may_not_change_cannot_send_either(
    who: str,
    acme: Tenant,
    visitors: dict[str, Visitor],
    place: Place,
    parts: dict[str, dict[str, object]],
) -> None:
    with in_tenant(acme.id):
        before = Event.objects.count()
    allowed = {302, 403, 404, 405}
    for name in sorted(ABOUT_A_PAGE - LOOKED_AT_BY_VIEWERS):
        answer = visitors[who].post(address(name, place.page.pk, parts), {"name": "X", "status": "resolved"})
        assert answer.status_code in allowed, name
        assert not (who == "viewer" and answer.status_code == 302), name
    with in_tenant(acme.id):
        assert Event.objects.count() == before


def test_a_page_of_another_organisation_is_not_there(
    visitors: dict[str, Visitor], globex: Tenant, place: Place, parts: dict[str, dict[str, object]]
) -> None:
    with in_tenant(globex.id):
        theirs = StatusPage.objects.get().pk
    for name in sorted(ABOUT_A_PAGE):
        for method in ("get", "post"):
            answer = getattr(visitors["owner"], method)(address(name, theirs, parts))
            assert answer.status_code in {404, 405}, name
            assert CANARY not in answer.content.decode(), name


def test_an_incident_of_another_page_is_not_there(
    visitors: dict[str, Visitor], globex: Tenant, place: Place, parts: dict[str, dict[str, object]]
) -> None:
    with in_tenant(globex.id):
        theirs = Incident.objects.get().pk
    stolen = {
        name: given | {"incident_id": theirs} for name, given in parts.items() if "incident_id" in given
    }
    for name, given in stolen.items():
        url = address(name, place.page.pk, {name: given})
        answers = [visitors["owner"].get(url), visitors["owner"].post(url, {"body": "X"})]
        assert {answer.status_code for answer in answers} <= {404, 405}, name


def test_a_deleted_page_is_not_there(visitors: dict[str, Visitor], place: Place) -> None:
    assert visitors["owner"].get(f"/o/acme/p/{'0' * 12}/").status_code == 404


# What no screen of ours sends: the address, and what is posted, if anything is.
BROKEN: list[tuple[str, dict[str, object] | None]] = [
    ("/o/acme/p/%00/", None),
    ("{home}incidents/?q=%00", None),
    ("{home}incidents/new?draft=%00", None),
    ("{home}incidents/new?template=%00", None),
    ("{home}incidents/templates/new?from=%00", None),
    ("{home}incidents/templates/preview", {"body": "\0{{\0}}", "update_status": "splendid", "value-\0": "x"}),
    ("{home}incidents/templates/new", {"name": "\0", "title": "{{" * 200, "components": "\0"}),
    ("{home}incidents/new", {"draft": "\0"}),
    ("{home}incidents/new", {"name": "X", "then": "draft", "draft": "{draft}", "draft_seen": "\u00b2"}),
    ("{home}incidents/new", {"name": "X", "then": "draft", "draft": "{draft}", "draft_seen": "9" * 5_000}),
    ("{home}find?q=%00", None),
    ("{home}components/%00/", None),
    ("{home}components/order", {"item": ["group:x", "component:y", "end", "end"], "move": "end:up"}),
    ("{home}components/status", {"set": "x:operational"}),
    ("{home}switch", {"set": "{component}:splendid"}),
    ("{home}maintenance/calendar?month=9999-12", None),
    ("{home}subscribers/?q=%00&page=x", None),
    ("{home}notifications/" + "9" * 40 + "/", None),
    ("{home}notifications/deliveries/replay", {"id": ["\u00b2", "9" * 5_000], "notification": "\0"}),
    ("{home}held/" + "9" * 40, {"then": "tell"}),
    ("{home}held/1", {"then": "tell", "next": "no-address"}),
    ("{home}settings/hosts/primary", {"host": "\0"}),
    ("{home}appearance/preview?theme=x", {"custom_css": "@media a {" * 1_500}),
    ("/o/acme/log/?person=%00", None),
    ("/o/acme/log/?since=0001-01-01&until=9999-12-31", None),
    ("/o/acme/log/csv?since=x&until=9999-12-31", None),
    ("/o/acme/settings/sms", {"sms_countries": ["\0", "XX"], "sms_daily_cap": "1e99999"}),
    ("/o/acme/settings/transfer", {"member": "9" * 5_000}),
    ("/o/acme/members/" + "9" * 40, None),
]


def test_what_no_screen_sends_breaks_none(visitors: dict[str, Visitor], place: Place) -> None:
    draft = keep_draft(place.page, ACTOR, Written(Words("investigating", "")))
    known = {"{home}": place.home, "{draft}": draft.pk, "{component}": place.api.pk}

    def filled(text: object) -> object:
        for name, value in known.items():
            text = text.replace(name, value) if isinstance(text, str) else text
        return text

    owner = visitors["owner"]
    for where, typed in BROKEN:
        url = str(filled(where))
        sent = {name: filled(value) for name, value in (typed or {}).items()}
        answer = owner.get(url) if typed is None else owner.post(url, sent)
        assert answer.status_code < 500, url


def test_a_form_says_nothing_that_is_not_utf_8(visitors: dict[str, Visitor], place: Place) -> None:
    part = b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\n+2AA-\r\n--x--\r\n'
    kind = "multipart/form-data; boundary=x; charset=utf-7"
    assert b"+2AA-" in visitors["owner"].generic("POST", f"{place.incidents}new", part, kind).content

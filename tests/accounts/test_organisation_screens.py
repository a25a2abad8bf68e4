"""The screens of an organisation: its members, its log, its settings; and who gets to see them."""

from __future__ import annotations

import csv
import io
import re
import zipfile
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from asgiref.sync import async_to_sync
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.invitations import send_invitation
from common.tenancy import in_tenant
from components.actions import create_component, update_component
from events.models import Event
from outbox.registry import Claimed
from pages.models import StatusPage
from tenants.members import invitation_by, token_of
from tenants.models import Invitation, Membership, PageRole, Role, Tenant, User
from tests.accounts.conftest import PASSWORD, mails, sign_in
from tests.admin.browser import Browser, said_by
from tests.conftest import ACTOR, CANARY
from tests.proven import proven

BASE = "/o/acme"


# Who gets in: by role, the status of an answer. Whoever is not signed in is sent to the sign-in.
EVERYBODY = {
    "viewer": 200,
    "editor": 200,
    "admin": 200,
    "owner": 200,
    "staff": 200,
    "outsider": 404,
    "anonymous": 302,
}
ADMINS = EVERYBODY | {"viewer": 403, "editor": 403}
OWNERS = ADMINS | {"admin": 403}
SCREENS = {
    "members/": EVERYBODY,
    "members/invite": ADMINS,
    "log/": ADMINS,
    "log/csv": ADMINS,
    "settings/": ADMINS,
}
# What is sent by a form, with what it answers to whoever may: it leads somewhere, or there is no such thing.
VERBS = {
    "members/leave": EVERYBODY | {"staff": 404},
    "members/reminders": EVERYBODY | {"staff": 404},
    "members/0/remove": ADMINS,
    "invitations/none/again": ADMINS | {"admin": 404, "owner": 404, "staff": 404},
    "invitations/none/withdraw": ADMINS | {"admin": 404, "owner": 404, "staff": 404},
    "settings/second-factor": OWNERS,
    "settings/transfer": OWNERS,
    "settings/export": OWNERS,
    "settings/delete": OWNERS,
}


@pytest.mark.parametrize("path", SCREENS)
def test_who_sees_a_screen(browsers: dict[str, Browser], page: StatusPage, path: str) -> None:
    seen = {name: browser.get(f"{BASE}/{path}").status_code for name, browser in browsers.items()}

    assert seen == SCREENS[path]


@pytest.mark.parametrize("path", VERBS)
def test_who_may_send_a_form(browsers: dict[str, Browser], page: StatusPage, path: str) -> None:
    """Whoever may do what is dangerous is asked first who they are."""
    seen = {}
    for name, browser in browsers.items():
        answer = browser.post(f"{BASE}/{path}")
        seen[name] = 200 if answer.status_code == 302 and name != "anonymous" else answer.status_code
        if VERBS[path] == OWNERS and name == "owner":
            assert answer["Location"].startswith("/accounts/again/?next=%2Fo%2Facme%2F")
    assert seen == VERBS[path]
    assert browsers["owner"].get(f"{BASE}/{path}").status_code in (302, 405)


def test_nothing_of_another_organisation_is_seen(
    browsers: dict[str, Browser], people: dict[str, User], globex: Tenant, page: StatusPage
) -> None:
    theirs = Membership.objects.get(tenant=globex).pk
    browser = proven(browsers["owner"])
    for path in [*SCREENS, "members/invite?email=x"]:
        assert not re.search(f"{CANARY}|globex", said_by(browser.get(f"{BASE}/{path}"))), path
    for path in (f"members/{theirs}", f"members/{theirs}/remove"):
        assert browser.post(f"{BASE}/{path}").status_code == 404
    assert browser.post(f"{BASE}/settings/transfer", {"member": theirs}).status_code == 404


def test_somebody_is_invited_and_comes_in(
    browsers: dict[str, Browser], page: StatusPage, people: Any
) -> None:
    owner = browsers["owner"]
    given = {"email": "New@Example.org", "role": "viewer", f"page_{page.pk}": "editor"}
    assert owner.post(f"{BASE}/members/invite", given)["Location"] == f"{BASE}/members/"
    invitation = Invitation.objects.get()
    assert invitation.email in owner.get(f"{BASE}/members/").content.decode()
    path = f"/accounts/invitation/{token_of(invitation)}/"

    new = Browser()
    assert "Acme" in new.get(path).content.decode()
    answer = new.post(f"/accounts/signup/?next={path}", {"email": "new@example.org", "password1": PASSWORD})
    # The link was the proof: there is nothing more to confirm.
    assert answer["Location"] == path
    assert new.post(path)["Location"] == f"{BASE}/"

    membership = Membership.objects.get(user__email="new@example.org")
    assert membership.role == Role.VIEWER
    assert PageRole.objects.get(membership=membership).role == Role.EDITOR
    assert new.get(f"{BASE}/members/").status_code == 200
    assert invitation_by(token_of(invitation)) is None
    assert Browser().get(path).status_code == 410


def test_an_invitation_opens_a_closed_installation(
    browsers: dict[str, Browser], page: StatusPage, settings: Any
) -> None:
    settings.SIGNUP = "invited"
    browsers["owner"].post(f"{BASE}/members/invite", {"email": "new@example.org", "role": "editor"})
    path = f"/accounts/invitation/{token_of(Invitation.objects.get())}/"
    new = Browser()
    given = {"email": "new@example.org", "password1": PASSWORD}
    assert new.post("/accounts/signup/", given).status_code == 200
    new.get(path)

    assert new.post(f"/accounts/signup/?next={path}", given)["Location"] == path


def test_an_invitation_looks_the_same_with_an_account_and_without(
    browsers: dict[str, Browser], page: StatusPage, ann: User
) -> None:
    seen = []
    for address in (ann.email, "xyz@acme.example"):
        browsers["owner"].post(f"{BASE}/members/invite", {"email": address, "role": "editor"})
        path = f"/accounts/invitation/{token_of(Invitation.objects.get(email=address))}/"
        text = Browser().get(path).content.decode().replace(address, "").replace(path.split("/")[3], "")
        seen.append(re.sub(r'value="[^"]*"|next=[^"]*|<time.*?</time>', "", text))

    assert seen[0] == seen[1]


@pytest.mark.parametrize(("who", "role", "status"), [("admin", "owner", 200), ("admin", "admin", 302)])
def test_nobody_gives_more_than_they_have(
    browsers: dict[str, Browser], page: StatusPage, who: str, role: str, status: int
) -> None:
    given = {"email": "new@example.org", "role": role}
    answer = proven(browsers[who]).post(f"{BASE}/members/invite", given)

    assert answer.status_code == status
    assert Invitation.objects.exists() == (status == 302)


def test_an_admin_touches_no_owner(
    browsers: dict[str, Browser], page: StatusPage, people: dict[str, User], acme: Tenant
) -> None:
    owner = Membership.objects.get(user=people["owner"], tenant=acme)
    for path in (f"members/{owner.pk}", f"members/{owner.pk}/remove"):
        assert proven(browsers["admin"]).post(f"{BASE}/{path}", {"role": "viewer"}).status_code == 403
    assert Membership.objects.get(pk=owner.pk).role == Role.OWNER


def test_roles_are_changed_page_by_page(
    browsers: dict[str, Browser], page: StatusPage, people: dict[str, User], acme: Tenant
) -> None:
    found = Membership.objects.get(user=people["viewer"], tenant=acme)
    path = f"{BASE}/members/{found.pk}"
    browsers["admin"].post(path, {"role": "editor", f"page_{page.pk}": "admin"})
    assert PageRole.objects.get(membership=found).role == Role.ADMIN
    browsers["admin"].post(path, {"role": "editor", f"page_{page.pk}": ""})
    found.refresh_from_db()

    assert found.role == Role.EDITOR
    assert not PageRole.objects.filter(membership=found).exists()
    # Raised to an admin, they manage every page: what is chosen for one is left, and what was is gone.
    browsers["admin"].post(path, {"role": "editor", f"page_{page.pk}": "viewer"})
    for chosen in ("viewer", "editor"):
        proven(browsers["admin"]).post(path, {"role": "admin", f"page_{page.pk}": chosen})
        assert not PageRole.objects.filter(membership=found).exists()
    proven(browsers["admin"]).post(f"{path}/remove")
    assert browsers["viewer"].get(f"{BASE}/members/").status_code == 404


def test_making_somebody_an_owner_asks_who_is_there(
    browsers: dict[str, Browser], page: StatusPage, people: dict[str, User], acme: Tenant
) -> None:
    found = Membership.objects.get(user=people["viewer"], tenant=acme)
    path = f"{BASE}/members/{found.pk}"
    assert browsers["owner"].post(path, {"role": "owner"})["Location"].startswith("/accounts/again/")
    proven(browsers["owner"]).post(path, {"role": "owner"})
    found.refresh_from_db()

    assert found.role == Role.OWNER


def test_being_asked_leads_back(browsers: dict[str, Browser], page: StatusPage, ann: User) -> None:
    browser = Browser()
    sign_in(browser)
    assert browser.get("/accounts/again/?next=/o/acme/settings/")["Location"] == "/o/acme/settings/"
    session = browser.session
    session["account_authentication_methods"] = []
    session.save()
    asked = browser.get("/accounts/again/?next=/o/acme/settings/")["Location"]
    assert asked == "/accounts/reauthenticate/?next=%2Fo%2Facme%2Fsettings%2F"
    given = {"password": PASSWORD, "next": "/o/acme/settings/"}

    assert browser.post(asked, given)["Location"] == "/o/acme/settings/"
    assert browser.get("/accounts/again/?next=//evil.example")["Location"] == "/o/"


def test_an_organisation_can_ask_for_a_second_factor(
    browsers: dict[str, Browser], page: StatusPage, people: dict[str, User], acme: Tenant
) -> None:
    owner = proven(browsers["owner"])
    owner.post(f"{BASE}/settings/second-factor", {"required": "yes"})
    acme.refresh_from_db()
    # Not before the owner has one.
    assert not acme.requires_2fa
    Authenticator.objects.create(user=people["owner"], type=Authenticator.Type.TOTP, data={"secret": "x"})
    owner.post(f"{BASE}/settings/second-factor", {"required": "yes"})

    assert owner.get(f"{BASE}/members/").status_code == 200
    for path in ("/", "/members/", "/admin/"):
        assert browsers["viewer"].get(f"{BASE}{path}")["Location"] == "/accounts/2fa/"
    assert "Acme asks for it" in browsers["viewer"].get("/accounts/2fa/").content.decode()
    # Nothing is said to whoever is no member.
    assert browsers["outsider"].get(f"{BASE}/").status_code == 404


def test_everything_is_taken_away_in_one_file(
    browsers: dict[str, Browser], page: StatusPage, acme: Tenant
) -> None:
    answer: Any = proven(browsers["owner"]).post(f"{BASE}/settings/export")
    content = _bytes_of(answer)

    assert "pages/statuspage.jsonl" in zipfile.ZipFile(io.BytesIO(content)).namelist()
    with in_tenant(acme.pk):
        assert Event.objects.latest("id").name == "organisation.exported"


def _bytes_of(answer: Any) -> bytes:
    async def collected() -> bytes:
        return b"".join([part async for part in answer])

    return async_to_sync(collected)()


def test_an_organisation_is_closed_and_brought_back(
    browsers: dict[str, Browser], page: StatusPage, acme: Tenant
) -> None:
    owner = proven(browsers["owner"])
    assert owner.post(f"{BASE}/settings/delete", {"name": "Globex"}).status_code == 200
    assert owner.get(f"{BASE}/settings/").status_code == 200
    owner.post(f"{BASE}/settings/delete", {"name": "Acme"})

    assert {name: one.get(f"{BASE}/").status_code for name, one in browsers.items()} == {
        name: 302 if name == "anonymous" else 404 for name in browsers
    }
    assert "Bring it back" in owner.get("/o/").content.decode()
    for name in ("admin", "outsider"):
        assert browsers[name].post("/o/restore", {"organisation": acme.pk}).status_code == 404
    owner.post("/o/restore", {"organisation": acme.pk})
    assert owner.get(f"{BASE}/members/").status_code == 200


def test_an_organisation_is_made_by_whoever_may(ann: User, settings: Any) -> None:
    browser = Browser(ann)
    settings.SIGNUP = "invited"
    assert browser.get("/o/new").status_code == 403
    settings.SIGNUP = "open"
    assert "/o/new" in browser.get("/o/").content.decode()
    answer = browser.post("/o/new", {"name": "Acme", "slug": "acme"})
    assert "already an organisation" in answer.content.decode()

    assert browser.post("/o/new", {"name": "Initech Ltd."})["Location"] == "/o/initech-ltd/"
    assert browser.get("/o/initech-ltd/members/").status_code == 200


def test_the_log_says_who_changed_what(
    browsers: dict[str, Browser], page: StatusPage, people: dict[str, User]
) -> None:
    component = create_component(page, ACTOR, name="Shop")
    update_component(page, component, ACTOR, name="Store")
    browsers["owner"].post(f"{BASE}/settings/", {"name": "Acme & Sons"})
    html = browsers["owner"].get(f"{BASE}/log/").content.decode()

    assert re.search(r"<del>Shop</del>\s*<ins>Store</ins>", html)
    assert re.search(r"<del>Acme</del>\s*<ins>Acme &amp; Sons</ins>", html) or "Acme &amp; Sons" in html
    assert "owner@acme.example" in html
    assert "127.0.0.1" in html
    found = browsers["owner"].get(f"{BASE}/log/?kind=component").content.decode()
    assert "Organisation: renamed" not in found
    assert "Component: updated" in found
    nobody = browsers["owner"].get(f"{BASE}/log/?person={people['viewer'].pk}").content.decode()
    assert "Nothing was changed that fits." in nobody
    days = browsers["owner"].get(f"{BASE}/log/?since=2001-01-01&until=2001-13-45").content.decode()
    assert "Component: updated" in days


def test_the_log_is_taken_away_as_a_table(browsers: dict[str, Browser], page: StatusPage) -> None:
    create_component(page, ACTOR, name='=HYPERLINK("https://evil.example")')
    rows = list(csv.reader(io.StringIO(said_by(browsers["owner"].get(f"{BASE}/log/csv?kind=component")))))

    assert rows[0][:3] == ["At", "Who", "What"]
    assert rows[1][2:4] == ["Component: created", '\'=HYPERLINK("https://evil.example")']


def test_screens_take_as_many_queries_however_much_there_is(
    browsers: dict[str, Browser], page: StatusPage, people: dict[str, User], acme: Tenant
) -> None:
    owner = browsers["owner"]

    def queries(path: str) -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            assert owner.get(f"{BASE}/{path}").status_code == 200
        return len(seen)

    paths = ["members/", "log/", "settings/"]
    owner.post(f"{BASE}/members/invite", {"email": "first@example.org", "role": "viewer"})
    before = {path: queries(path) for path in paths}
    for number in range(8):
        with in_tenant(acme.pk):
            create_component(page, ACTOR, name=f"Part {number}")
        owner.post(f"{BASE}/members/invite", {"email": f"n{number}@example.org", "role": "viewer"})
        Membership.objects.create(
            user=User.objects.create_user(f"m{number}@example.org"), tenant=acme, role=Role.VIEWER
        )
    assert {path: queries(path) for path in paths} == before
    assert max(before.values()) <= 20


def test_mail_of_invitations_leads_to_the_host_of_the_settings(
    browsers: dict[str, Browser], page: StatusPage
) -> None:
    browsers["owner"].post(f"{BASE}/members/invite", {"email": "new@example.org", "role": "viewer"})
    invitation = Invitation.objects.get()
    send_invitation(Claimed(1, "invitation", invitation.tenant_id, invitation.pk, 1, 1))
    (mail,) = mails()

    assert mail["to"] == "new@example.org"
    assert mail["subject"] == "Acme invites you"
    assert "http://localhost:8000/accounts/invitation/" in mail["text"]

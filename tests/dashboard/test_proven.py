"""What is dangerous is done only by whoever has just said who they are; what they typed is there then."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse

from common.tenancy import in_tenant
from dashboard.proven import DANGEROUS
from dashboard.urls import urlpatterns
from events.models import Event
from subscribers.actions import Who, add_confirmed
from tenants.keys import create_key
from tenants.models import Membership, Tenant, User
from tests.conftest import ACTOR
from tests.dashboard.conftest import Place, Visitor
from tests.dashboard.test_permissions import named
from tests.proven import proven

# By address: what makes it dangerous; None: looking is enough.
REQUESTS: dict[str, dict[str, Any] | None] = {
    "subscribers_export": None,
    "subscriber_person": None,
    "subscriber": None,
    "subscriber_do": {},
    "webhook": None,
    "webhook_secret": {},
    "invite": {"email": "new@example.org", "role": "owner"},
    "member": {"role": "owner"},
    "remove_member": {},
    "key_new": {"name": "Terraform", "scopes": ["read"]},
    "key_rotate": {},
    "page_export": {},
    "page_unpublish": {},
    "page_delete": {"name": "Acme"},
    "require_second_factor": {"required": "no"},
    "transfer_organisation": {},
    "export_organisation": {},
    "delete_organisation": {"name": "Acme"},
    "organisation:pages_statuspage_change": {"initial-published": "True", "published": "False"},
    "organisation:pages_statuspage_delete": {},
    "organisation:subscribers_subscriber_export": None,
    "organisation:subscribers_subscriber_person": None,
    "organisation:subscribers_subscriber_changelist": {
        "action": ["rotate_chosen", "unsubscribe_chosen"],
        "index": "0",
        "_selected_action": ["x"],
    },
    "platform:tenants_membership_add": {},
    "platform:tenants_membership_change": {},
    "platform:tenants_user_add": {},
    "platform:tenants_user_change": {},
}
# Of those who run the installation; the others are of an organisation.
_PLATFORM = "platform:"
# What an address with such a name does is dangerous.
_INSIDE = "statuspage.organisation_urls"
_NAMES = re.compile("export|person|secret|rotate|transfer|remove_member|key_new|reveal|delete_organisation")


@pytest.fixture
def addresses(place: Place, acme: Tenant, people: dict[str, User | None]) -> dict[str, str]:
    person = add_confirmed(place.page, Who("ada@example.org"), ACTOR, "Asked.").pk
    hook = Who("https://hooks.example.org/status", "webhook")
    webhook = add_confirmed(place.page, hook, ACTOR, "Ours.").pk
    owner = people["owner"]
    assert owner is not None
    page = {"page_id": place.page.pk}
    member = {"member_id": Membership.objects.get(user__email="viewer@acme.example").pk}
    parts: dict[str, dict[str, object]] = {
        "subscribers_export": page,
        "subscriber_person": page | {"pk": person},
        "subscriber": page | {"pk": person},
        "subscriber_do": page | {"pk": person, "verb": "secret"},
        "webhook": page | {"pk": webhook},
        "webhook_secret": page | {"pk": webhook},
        "member": member,
        "remove_member": member,
        "key_rotate": {"key_id": create_key(owner, acme, ACTOR, name="x", scopes=["read"]).key.pk},
        "page_export": page,
        "page_unpublish": page,
        "page_delete": page,
        "organisation:pages_statuspage_change": {"object_id": place.page.pk},
        "organisation:pages_statuspage_delete": {"object_id": place.page.pk},
        "organisation:subscribers_subscriber_person": {"object_id": person},
        "platform:tenants_membership_change": {"object_id": member["member_id"]},
        "platform:tenants_user_change": {"object_id": owner.pk},
    }
    found = {}
    for name in REQUESTS:
        within = ("", "statuspage.urls") if name.startswith(_PLATFORM) else ("/o/acme", _INSIDE)
        found[name] = within[0] + reverse(name, within[1], kwargs=parts.get(name, {}))
    return found | {name: found[name] + "?secret=shown" for name in ("subscriber", "webhook")}


def ask(visitor: Visitor, name: str, address: str) -> Any:
    data = REQUESTS[name]
    return visitor.get(address) if data is None else visitor.post(address, data)


def test_the_table_has_every_dangerous_address() -> None:
    assert set(REQUESTS) == set(DANGEROUS)
    assert {name for name, _is_about in named(urlpatterns) if _NAMES.search(name)} <= set(DANGEROUS)


def test_nobody_does_what_is_dangerous_without_being_asked(
    visitors: dict[str, Visitor], acme: Tenant, addresses: dict[str, str]
) -> None:
    with in_tenant(acme.pk):
        before = Event.objects.count()
    for name, address in addresses.items():
        answer = ask(visitors["staff" if name.startswith(_PLATFORM) else "owner"], name, address)
        assert answer.status_code == 302, name
        back = "%2F" if name.startswith(_PLATFORM) else "%2Fo%2Facme%2F"
        assert answer["Location"].startswith(f"/accounts/again/?next={back}"), name
        # Who may not is not even asked, but in the admin, which asks before it looks.
        for who in ("viewer", "outsider"):
            if not name.startswith(("key_", "organisation:")):
                assert "/accounts/again/" not in ask(visitors[who], name, address).get("Location", ""), name
    with in_tenant(acme.pk):
        assert Event.objects.count() == before


def test_whoever_has_just_said_who_they_are_is_not_asked(
    visitors: dict[str, Visitor], addresses: dict[str, str]
) -> None:
    people = {one: proven(visitors[one]) for one in ("owner", "staff")}
    # The last ones leave nothing to ask about.
    last = ["page_delete", "delete_organisation"]
    for name in [*(one for one in addresses if one not in last), *last]:
        who = people["staff" if name.startswith(_PLATFORM) else "owner"]
        assert "/accounts/again/" not in ask(who, name, addresses[name]).get("Location", ""), name


def test_what_is_harmless_at_the_same_address_asks_nobody(
    visitors: dict[str, Visitor], addresses: dict[str, str]
) -> None:
    owner = visitors["owner"]
    assert owner.get(addresses["subscriber"].partition("?")[0]).status_code == 200
    answer = owner.post(addresses["subscriber_do"].replace("/secret", "/unsubscribe"))
    assert "/accounts/again/" not in answer["Location"]
    answer = owner.post(addresses["invite"], {"email": "new@example.org", "role": "viewer"})
    assert answer["Location"] == "/o/acme/members/"


# The screen, its form's own field, what is typed into it, and where that is sent if not there.
TYPED: list[tuple[str, str, dict[str, Any], str]] = [
    ("/o/acme/keys/new", "scopes", {"name": "Typed at length"}, ""),
    ("/o/acme/members/invite", "email", {"email": "typed@example.org", "role": "owner"}, ""),
    ("{home}settings/delete", "name", {"name": "Acme, typed"}, ""),
    ("/o/acme/settings/", "name", {"name": "Acme, typed"}, "/o/acme/settings/delete"),
]


@pytest.mark.parametrize(("screen", "field", "given", "to"), TYPED)
def test_what_was_typed_is_there_after_being_asked(
    visitors: dict[str, Visitor], place: Place, screen: str, field: str, given: dict[str, Any], to: str
) -> None:
    screen, owner = screen.format(home=place.home), visitors["owner"]
    sent = owner.fill(screen, field) | given
    asked = owner.post(to or screen, sent, HTTP_REFERER=f"http://localhost{screen}")
    assert asked["Location"] == f"/accounts/again/?next={screen.replace('/', '%2F')}"
    assert "csrf" not in owner.session["typed"]["data"]

    html = proven(owner).see(screen)
    for text in given.values():
        assert f'value="{text}"' in html
    assert "Nothing was sent yet" in html
    assert f'value="{next(iter(given.values()))}"' not in owner.see(screen)

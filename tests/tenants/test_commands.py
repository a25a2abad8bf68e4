"""Setting up an installation from a shell."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from django.core.management import CommandError, call_command

from common.tenancy import in_tenant
from events.models import Event
from pages.models import StatusPage
from tenants.models import Domain, Membership, Tenant, User

PASSWORD = "seven-small-boats"
Type = Callable[[str], None]


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> Type:
    """What comes on standard input, which is no terminal."""
    return lambda text: monkeypatch.setattr("sys.stdin", io.StringIO(text))


@pytest.mark.django_db
def test_a_person_is_added_with_the_password_from_standard_input(piped: Type) -> None:
    piped(f"{PASSWORD}\n")

    assert run("create_user", "Ada@Example.com", "--name", "Ada") == "ada@example.com can sign in.\n"

    ada = User.objects.get(email="ada@example.com")
    assert ada.check_password(PASSWORD)
    assert not ada.is_staff
    assert ada.name == "Ada"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("email", "password", "said"),
    [
        ("ada", PASSWORD, "Enter a valid email address."),
        ("ada@example.com", "short", "This password is too short."),
        ("ada@example.com", "1234567890", "This password is too common."),
        ("ADA@example.com", PASSWORD, "Somebody already signs in as ADA@example.com."),
    ],
)
def test_what_cannot_be_a_sign_in_is_refused(piped: Type, email: str, password: str, said: str) -> None:
    known = ["ada@example.com"] if "already" in said else []
    for one in known:
        User.objects.create_user(one, PASSWORD)
    piped(f"{password}\n")

    with pytest.raises(CommandError, match=said):
        run("create_user", email)

    assert list(User.objects.values_list("email", flat=True)) == known


@pytest.mark.django_db
def test_an_organisation_with_its_owner_and_page(piped: Type) -> None:
    piped(f"{PASSWORD}\n")
    run("create_user", "owner@example.com")

    said = run("create_organisation", "Initech", "--owner", "Owner@example.com")
    page = run("create_page", "Initech status", "--tenant", "initech", "--time-zone", "Europe/Berlin")

    assert said == "Made the organisation initech. Its admin is at /o/initech/admin/.\n"
    assert page == "Initech status is at http://initech-status.localhost:8000/, empty so far.\n"
    initech = Tenant.objects.get(slug="initech")
    assert Membership.objects.get(tenant=initech).role == "owner"
    assert Domain.objects.filter(tenant=initech, host="initech-status.localhost").exists()
    with in_tenant(initech.pk):
        assert StatusPage.objects.get().time_zone == "Europe/Berlin"
        names = Event.objects.order_by("id").values_list("name", flat=True)
        assert list(names) == ["member.role_set", "page.created"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["create_organisation", "Globex"], "There is already an organisation called “globex”."),
        (["create_organisation", "Initech", "--slug", "API"], "lower-case letters"),
        (["create_organisation", "Initech", "--owner", "x@example.com"], "Nobody signs in as x@example.com"),
        (["create_page", "P", "--tenant", "nobody"], "There is no organisation “nobody”."),
        (["create_page", "P", "--tenant", "globex", "--slug", "globex"], "The address is already in use"),
        (["create_page", "P", "--tenant", "globex", "--time-zone", "Mars"], "“Mars” is not a time zone."),
    ],
)
def test_what_cannot_be_made_is_refused(globex: Tenant, arguments: list[str], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        run(*arguments)

    assert not Tenant.objects.filter(name="Initech").exists()
    with in_tenant(globex.pk):
        assert StatusPage.objects.count() == 1

"""Numbers are spelled in one way, and only those that take an SMS without charging for it are taken."""

from __future__ import annotations

from typing import Any

import pytest

from common.errors import Refused
from subscribers.codes import code, is_code
from subscribers.phones import country_of, normal_number


@pytest.fixture(autouse=True)
def offered(settings: Any) -> None:
    settings.SMS_PROVIDERS, settings.SMS_COUNTRIES = ["twilio"], ["DE", "US", "GB"]


@pytest.mark.parametrize(
    ("given", "stored", "country"),
    [
        ("+49 171 1234567", "+491711234567", "DE"),
        ("+49 (0) 171-123 45 67", "+491711234567", "DE"),
        ("\u200e+1 (415) 555-2671", "+14155552671", "US"),
        ("+44 7400 123456", "+447400123456", "GB"),
    ],
)
def test_a_number_is_stored_as_the_network_writes_it(given: str, stored: str, country: str) -> None:
    assert normal_number(given, "address") == stored
    assert normal_number(stored, "address") == stored
    assert country_of(stored) == country


@pytest.mark.parametrize(
    "given",
    [
        "",
        "+",
        "0171 1234567",
        "+49 30 123456",
        "+1 800 234 5678",
        "+44 909 8790000",
        "+49 171 12",
        "+999 123456",
        "+491711234567" * 9,
        "ada@example.org",
        "\0",
    ],
)
def test_what_takes_no_sms_is_refused(given: str) -> None:
    with pytest.raises(Refused, match="not a mobile number"):
        normal_number(given, "address")


@pytest.mark.parametrize("given", ["+43 664 1234567", "+1 242 359 1234"])
def test_a_country_that_is_not_allowed_is_refused_also_where_it_shares_a_code(given: str) -> None:
    with pytest.raises(Refused, match="this country"):
        normal_number(given, "address")


def test_a_code_is_of_one_subscriber_and_one_asking() -> None:
    codes = {code(f"subscriber{number:02d}", version) for number in range(30) for version in range(1, 11)}
    assert len(codes) > 290
    assert all(len(one) == 6 and one.isdecimal() for one in codes)


@pytest.mark.parametrize("how", ["{}", " {} ", "{:.3} {:.3}"])
def test_a_code_may_be_typed_with_spaces(how: str) -> None:
    made = code("a" * 12, 2)
    assert is_code(how.format(made, made[3:]), "a" * 12, 2)
    assert not is_code(made, "a" * 12, 3)
    assert not is_code(made, "b" * 12, 2)
    assert not is_code("", "a" * 12, 2)
    assert not is_code("٠١٢٣٤٥", "a" * 12, 2)

"""Telephone numbers: how they are stored, and whose country they are of."""

from __future__ import annotations

from collections.abc import Collection

import phonenumbers
from django.conf import settings
from django.utils.translation import gettext as _
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from common.errors import Refused

_LONGEST = 40
# Numbers that answer no SMS, or that make whoever calls them pay.
_NO_MOBILE = {
    PhoneNumberType.FIXED_LINE,
    PhoneNumberType.PREMIUM_RATE,
    PhoneNumberType.SHARED_COST,
    PhoneNumberType.TOLL_FREE,
    PhoneNumberType.UAN,
    PhoneNumberType.VOICEMAIL,
}


def is_offered() -> bool:
    """Whether this installation sends SMS at all."""
    return bool(settings.SMS_PROVIDERS and settings.SMS_COUNTRIES)


def normal_number(given: str, field: str) -> str:
    """As +491711234567 (E.164). Raises Refused, naming `field`, for what is no mobile number, and for one of
    a country that nothing is sent to."""
    number = spelled(given, field)
    check_country(number, settings.SMS_COUNTRIES if settings.SMS_PROVIDERS else (), field)
    return number


def check_country(number: str, countries: Collection[str], field: str = "address") -> None:
    """Raises Refused, naming `field`, for a stored number of none of these countries."""
    if country_of(number) not in countries:
        message = _("We send no SMS to numbers of this country.")
        raise Refused(message, field)


def spelled(given: str, field: str = "address") -> str:
    """As +491711234567 (E.164), of whichever country. Raises Refused, naming `field`, for what is no mobile
    number."""
    try:
        number = phonenumbers.parse(given[:_LONGEST])
    except NumberParseException as error:
        raise Refused(_no_number(), field) from error
    if not phonenumbers.is_valid_number(number) or phonenumbers.number_type(number) in _NO_MOBILE:
        raise Refused(_no_number(), field)
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def international(given: str, country: str) -> str:
    """With its country's code what is written as people of `country` do; what is no number stays as it is."""
    try:
        number = phonenumbers.parse(given[:_LONGEST], country)
    except NumberParseException:
        return given
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def displayed(number: str, country: str = "") -> str:
    """A stored number as people write it: in `country`, or where none is given, from abroad."""
    form = PhoneNumberFormat.NATIONAL if country else PhoneNumberFormat.INTERNATIONAL
    try:
        return phonenumbers.format_number(phonenumbers.parse(number), form)
    except NumberParseException:
        return number


def country_of(number: str) -> str:
    """ISO 3166 of a stored number, such as DE; empty where it is of none."""
    try:
        return phonenumbers.region_code_for_number(phonenumbers.parse(number)) or ""
    except NumberParseException:
        return ""


def _no_number() -> str:
    return _(
        "This is not a mobile number. One begins with + and the code of its country, as +49 171 1234567."
    )

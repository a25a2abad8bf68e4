"""What a delivery becomes by what is reported of it, in any order and however often."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notifications.choices import DeliveryStatus
from notifications.reported import leads_to
from subscribers.choices import Channel

REPORTED = [
    DeliveryStatus.ACCEPTED,
    DeliveryStatus.DELIVERED,
    DeliveryStatus.FAILED,
    DeliveryStatus.BOUNCED,
]
# How far a delivery has come: what is reported takes it to a higher number, or nowhere.
FAR = {"pending": 0, "leased": 0, "accepted": 1, "dead": 1, "delivered": 2, "failed": 3, "bounced": 3}
channels, statuses = st.sampled_from(Channel.values), st.sampled_from(DeliveryStatus.values)


def told(channel: str, status: str, reports: list[DeliveryStatus]) -> list[str]:
    """Each status that the delivery had, in turn."""
    passed = [status]
    for one in reports:
        if leads_to(channel, passed[-1], one):
            passed.append(one.value)
    return passed


@given(channels, statuses, st.lists(st.sampled_from(REPORTED), max_size=12))
def test_a_delivery_goes_on_and_never_back(channel: str, status: str, reports: list[DeliveryStatus]) -> None:
    passed = told(channel, status, reports)
    far = [FAR[one] for one in passed if len(passed) > 1]
    assert far == sorted(set(far))


@given(channels, statuses, st.lists(st.sampled_from(REPORTED), max_size=6))
def test_a_report_that_comes_twice_is_as_one(
    channel: str, status: str, reports: list[DeliveryStatus]
) -> None:
    twice = [one for one in reports for _again in range(2)]
    assert told(channel, status, reports) == told(channel, status, twice)


@pytest.mark.parametrize("channel", Channel.values)
def test_what_has_arrived_has_arrived_whenever_it_is_heard_that_it_was_taken(channel: str) -> None:
    for status in ("pending", "leased", "accepted"):
        for reports in itertools.permutations(REPORTED[:2]):
            assert told(channel, status, list(reports))[-1] == "delivered"


def test_mail_alone_comes_back_after_it_has_arrived() -> None:
    came_back = {one for one in Channel.values if leads_to(one, "delivered", DeliveryStatus.BOUNCED)}
    assert came_back == {Channel.EMAIL}


@pytest.mark.parametrize("status", ["superseded", "suppressed", "failed", "bounced"])
def test_what_is_over_stays_as_it_is(status: str) -> None:
    assert told(Channel.EMAIL, status, REPORTED) == told(Channel.SMS, status, REPORTED) == [status]

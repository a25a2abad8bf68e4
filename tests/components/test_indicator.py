from __future__ import annotations

import pytest

from components.choices import ComponentStatus
from components.indicator import indicator
from incidents.choices import Impact
from pages.choices import PageIndicator

SENTENCES = {
    "All Systems Operational",
    "Major System Outage",
    "Partial System Outage",
    "Minor Service Outage",
    "Degraded System Service",
    "Partially Degraded Service",
    "Service Under Maintenance",
}
OK, D, P, M, U = (
    "operational",
    "degraded_performance",
    "partial_outage",
    "major_outage",
    "under_maintenance",
)


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ([], ("none", "All Systems Operational")),
        ([OK], ("none", "All Systems Operational")),
        ([OK, OK], ("none", "All Systems Operational")),
        ([M], ("critical", "Major System Outage")),
        ([M, M], ("critical", "Major System Outage")),
        ([M, OK], ("major", "Partial System Outage")),
        ([M, P], ("major", "Partial System Outage")),
        ([M, U, OK], ("major", "Partial System Outage")),
        ([P], ("major", "Partial System Outage")),
        ([P, P], ("major", "Partial System Outage")),
        ([P, OK], ("minor", "Minor Service Outage")),
        ([P, D], ("minor", "Minor Service Outage")),
        ([D], ("minor", "Degraded System Service")),
        ([D, D], ("minor", "Degraded System Service")),
        ([D, OK], ("minor", "Partially Degraded Service")),
        ([D, U], ("minor", "Partially Degraded Service")),
        ([U], ("maintenance", "Service Under Maintenance")),
        ([U, OK], ("maintenance", "Service Under Maintenance")),
    ],
)
def test_the_line_follows_the_components(statuses: list[str], expected: tuple[str, str]) -> None:
    assert indicator(statuses, []) == expected


@pytest.mark.parametrize("impact", Impact.values)
def test_with_components_open_incidents_do_not_matter(impact: str) -> None:
    assert indicator([OK, D], [impact]) == indicator([OK, D], [])


@pytest.mark.parametrize(
    ("impacts", "expected"),
    [
        (["none"], ("minor", "Partially Degraded Service")),
        (["maintenance"], ("maintenance", "Service Under Maintenance")),
        (["minor"], ("minor", "Minor Service Outage")),
        (["major"], ("major", "Partial System Outage")),
        (["critical"], ("critical", "Major System Outage")),
        (["minor", "critical", "none"], ("critical", "Major System Outage")),
        (["maintenance", "none"], ("minor", "Partially Degraded Service")),
    ],
)
def test_without_components_the_worst_open_impact_decides(
    impacts: list[str], expected: tuple[str, str]
) -> None:
    assert indicator([], impacts) == expected


@pytest.mark.parametrize("impact", Impact.values)
def test_a_page_without_components_never_calls_an_open_incident_operational(impact: str) -> None:
    shown, sentence = indicator([], [impact])
    assert shown is not PageIndicator.NONE
    assert sentence in SENTENCES - {"All Systems Operational"}


def test_every_mix_of_statuses_says_one_of_the_seven_sentences() -> None:
    said = {indicator([a, b], [])[1] for a in ComponentStatus.values for b in ComponentStatus.values}
    assert said == SENTENCES

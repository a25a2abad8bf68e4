from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from importing.documents import Source, assemble
from importing.fields import ImportFailed, parse_document
from tests.examples import examples
from tests.importing.made import PAGE, TIME, component, document, incident, maintenance, read, update
from tests.importing.mutation import anything, mutated, mutations


def read_incident(**values: Any) -> Source:
    return read(document(incidents=[incident("i1", **values)]))


def test_unknown_keys_are_ignored_and_nulls_tolerated() -> None:
    bare = {
        "id": "i1",
        "name": "Bare",
        "status": "resolved",
        "created_at": TIME,
        "impact": None,
        "components": None,
        "incident_updates": None,
        "resolved_at": None,
        "shortlink": None,
        "metadata": {"jira": [{}]},
    }
    notice = read(document(incidents=[bare], scheduled_maintenances=None)).notices[0]
    assert (notice.impact, notice.components, notice.updates) == ("none", (), ())
    assert notice.started_at == datetime(2026, 1, 1, 10, tzinfo=UTC)


def test_updates_are_oldest_first_and_those_of_one_minute_keep_their_order() -> None:
    listed = [update("u3"), update("u2"), update("u1"), update("u0", display_at="2026-01-01T09:00:00Z")]
    listed = [listed[3], *listed[:3]]
    notice = read_incident(incident_updates=listed).notices[0]
    assert [entry.id for entry in notice.updates] == ["u0", "u1", "u2", "u3"]


def test_times_of_any_offset_become_utc() -> None:
    notice = read_incident(started_at="2025-12-31T23:30:00.250-07:00").notices[0]
    assert notice.started_at == datetime(2026, 1, 1, 6, 30, 0, 250_000, tzinfo=UTC)


def test_the_old_form_of_no_affected_components_is_none() -> None:
    old = [{"name": "No components were affected by this update."}]
    assert (
        read_incident(incident_updates=[update("u1", affected_components=old)]).notices[0].updates[0].affected
        == ()
    )


def test_a_component_that_only_incidents_name_is_a_removed_one() -> None:
    gone = {"code": "gone2", "name": "Group - Old", "old_status": "operational", "new_status": "major_outage"}
    source = read_incident(
        components=[component("gone1")], incident_updates=[update("u1", affected_components=[gone])]
    )
    removed = [(found.id, found.name) for found in source.components if found.removed]
    assert removed == [("gone1", "Component gone1"), ("gone2", "Group - Old")]


def test_of_what_two_documents_list_the_first_holds() -> None:
    bodies = [document(incidents=[incident("i1", name=name)]) for name in ("First", "Second")]
    source = assemble([parse_document("d.json", json.dumps(body).encode()) for body in bodies])
    assert [notice.name for notice in source.notices] == ["First"]


def test_a_component_of_a_group_that_is_not_listed_stands_alone_and_is_noted() -> None:
    source = read(document(components=[component("c1", group_id="g9")]))
    assert source.components[0].group_id is None
    assert source.notes == ("Component c1: its group g9 is not listed, so it stands alone.",)


@pytest.mark.parametrize(
    ("came", "kept"),
    [
        ("a\x00b\x1bc", "abc"),
        ("half \ud800 pair", "half  pair"),
        ("one\r\ntwo\rthree\n", "one\ntwo\nthree"),
        ("tab\tstays <b>and markup too</b> \U0001f600", "tab\tstays <b>and markup too</b> \U0001f600"),
    ],
)
def test_what_cannot_be_stored_or_shown_is_dropped_from_texts(came: str, kept: str) -> None:
    assert read_incident(incident_updates=[update("u1", body=came)]).notices[0].updates[0].body == kept


def test_only_web_addresses_are_links() -> None:
    came = ["https://stspg.io/x", "javascript:alert(1)", "//host/x", "http://a b"]
    links = [read_incident(shortlink=link).notices[0].shortlink for link in came]
    assert links == ["https://stspg.io/x", "", "", ""]


SENTENCES = [
    ([], "summary.json: is not a JSON object"),
    ({}, "summary.json: is no Statuspage document, because it has no page"),
    ({"page": 5}, 'summary.json: "page" is not an object: 5'),
    (
        {"page": PAGE | {"id": "P1"}},
        "summary.json, page: \"id\" is not an id of 1 to 32 characters a-z and 0-9: 'P1'",
    ),
    (
        {"page": PAGE | {"time_zone": "Mars/Base"}},
        "summary.json, page: \"time_zone\" is not a time zone: 'Mars/Base'",
    ),
    ({"page": PAGE | {"time_zone": "../../etc/passwd"}}, "is not a time zone: '../../etc/passwd'"),
    ({"page": PAGE | {"time_zone": "Europe"}}, "is not a time zone: 'Europe'"),
    ({"page": PAGE | {"name": " \n"}}, 'summary.json, page: "name" is empty'),
    ({"page": PAGE}, "page p1: none of its documents holds a time"),
    (document(components={}), 'summary.json: "components" is not a list: an object'),
    (document(components=[5]), 'summary.json: "components" holds what is not an object: 5'),
    (
        document(components=[component("c1", status="sad")]),
        'summary.json, component c1: "status" is none of operational',
    ),
    (
        document(components=[component("c1", position=-1)]),
        '"position" is not a whole number from 0 to 1,000,000: -1',
    ),
    (document(components=[component("c1", position=True)]), '"position" is not a whole number'),
    (document(components=[component("c1", showcase="yes")]), "\"showcase\" is not true or false: 'yes'"),
    (
        document(components=[component("c1", start_date="2026-02-30")]),
        "\"start_date\" is not a day: '2026-02-30'",
    ),
    (
        document(components=[component("c1"), component("c1")]),
        'summary.json, component c1: "id" is there twice',
    ),
    (
        document(components=[component("c1", group_id="c2"), component("c2")]),
        'component c1: "group_id" names c2, which is no group',
    ),
    (
        document(
            components=[component("a", group=True, group_id="b"), component("b", group=True, group_id="a")]
        ),
        'component a: "group_id" puts a group inside a group',
    ),
    (document(components=[component("a", group=True, group_id="a")]), "puts a group inside a group"),
    (
        document(incidents=[incident("i1", created_at="foo")]),
        "summary.json, incident i1: \"created_at\" is not a time: 'foo'",
    ),
    (document(incidents=[incident("i1", created_at="2026-13-01T00:00:00Z")]), "is not a time"),
    (document(incidents=[incident("i1", created_at="0001-01-01T00:00:00Z")]), "is not a time"),
    (document(incidents=[incident("i1", created_at="2026-01-01T00:00:00")]), "is not a time"),
    (document(incidents=[incident("i1", created_at="2026-01-01T00:00:00+99:00")]), "is not a time"),
    (document(incidents=[incident("i1", created_at=1767225600)]), "is not a time: 1767225600"),
    (
        document(incidents=[incident("i1", name="x" * 300)]),
        '"name" is 300 characters long, and 255 are the most',
    ),
    (
        document(incidents=[incident("i1", status="completed")]),
        'incident i1: "status" is none of investigating',
    ),
    (document(incidents=[incident("i1"), incident("i1")]), 'summary.json, incident i1: "id" is there twice'),
    (
        document(incidents=[incident("i1"), incident(None, incident_updates=[])]),
        'summary.json, incident no. 2: "code" is missing',
    ),
    (
        document(incidents=[incident("i1", incident_updates=[update("u1", body=5)])]),
        'summary.json, incident i1, update u1: "body" is not a text: 5',
    ),
    (
        document(incidents=[incident(i, incident_updates=[update("u1")]) for i in ("i1", "i2")]),
        "incident i2, update u1: is already an update of i1",
    ),
    (
        document(scheduled_maintenances=[maintenance("m1", scheduled_until="2025-01-01T00:00:00Z")]),
        'maintenance m1: "scheduled_until" is before the beginning of the window',
    ),
    (document(scheduled_maintenances=[maintenance("m1", scheduled_for=None)]), '"scheduled_for" is missing'),
]


@pytest.mark.parametrize(("value", "sentence"), SENTENCES, ids=[sentence for _value, sentence in SENTENCES])
def test_an_error_names_the_document_the_record_and_the_field(value: Any, sentence: str) -> None:
    with pytest.raises(ImportFailed) as failure:
        read(value)
    assert sentence in str(failure.value)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b"", "is not JSON"),
        (b"\xff\xfe{}", "is not JSON"),
        (b'{"page": NaN}', "is not JSON (NaN is not a JSON value)"),
        (b'{"page": -Infinity}', "is not JSON (-Infinity is not a JSON value)"),
        (b"[" * 100_000, "is nested too deeply"),
        (b'{"a":' * 100_000, "is nested too deeply"),
        (b'{"position": ' + b"9" * 10_000 + b"}", "is not JSON"),
    ],
)
def test_what_is_not_plain_json_is_refused(body: bytes, sentence: str) -> None:
    with pytest.raises(ImportFailed, match=r"^hostile\.json: ") as failure:
        parse_document("hostile.json", body)
    assert sentence in str(failure.value)


def test_documents_of_two_pages_are_not_mixed() -> None:
    bodies = [document(page=PAGE | {"id": id_}) for id_ in ("p1", "p2")]
    with pytest.raises(ImportFailed, match=r"b\.json: is of page p2, but a\.json is of page p1"):
        assemble(
            [
                parse_document(n, json.dumps(b).encode())
                for n, b in zip(("a.json", "b.json"), bodies, strict=True)
            ]
        )


@examples(600, suppress_health_check=[HealthCheck.too_slow])
@given(mutations)
def test_a_mutated_document_is_read_or_refused_and_nothing_else(changes: list[tuple[Any, Any]]) -> None:
    try:
        source = read(mutated(changes))
    except ImportFailed as failure:
        sentence = str(failure)
    else:
        sentence = ""
        assert storable(source)
    assert "\n" not in sentence


def storable(source: Source) -> bool:
    texts = [
        source.page.name,
        *(text for found in source.components for text in (found.name, found.description)),
    ]
    texts += [text for notice in source.notices for text in (notice.name, *(u.body for u in notice.updates))]
    return all("\x00" not in text and text.encode() is not None for text in texts)


@examples(300)
@given(
    st.binary(max_size=200)
    | st.text().map(str.encode)
    | anything.map(lambda value: json.dumps(value).encode())
)
def test_any_bytes_are_read_or_refused_and_nothing_else(body: bytes) -> None:
    try:
        assemble([parse_document("any.json", body)])
    except ImportFailed as failure:
        sentence = str(failure)
    else:
        sentence = "any.json"
    assert sentence.startswith(("any.json", "page "))

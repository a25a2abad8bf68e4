"""Many at once: a table that is brought in, and one that is taken away."""

from __future__ import annotations

import csv
import io

import pytest

from common.errors import Refused
from components.actions import create_group
from components.models import Component
from events.models import Event
from notifications.models import Delivery
from outbox.models import OutboxItem
from pages.change import NOTIFY
from pages.models import StatusPage
from subscribers.actions import unsubscribe
from subscribers.bulk import import_confirmed
from subscribers.choices import ConsentSource, Scope, SubscriberState
from subscribers.models import Subscriber
from subscribers.reading import LARGEST, MOST, read, text_of
from subscribers.table import COLUMNS, head, step
from tests.clocks import work
from tests.examples import THOROUGH
from tests.mailing import ACTOR, Add, deliver, opened
from tests.sink import Sink


def written() -> str:
    text, after = step(Subscriber.objects.all(), "")
    return head() + text if after else head()


def rows() -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(written().removeprefix("\ufeff"))))


def test_a_table_says_who_is_new_who_is_known_and_what_is_wrong_in_which_line(
    page: StatusPage, component: Component, subscribed: Add
) -> None:
    subscribed("bob")
    text = (
        "Email,label,components,language,state,quiet_from,quiet_until\n"
        "ada@example.org,Ada,api,de,,22:00,07:00\n"
        "BOB@example.org,,,,,,\n"
        "\n"
        "no address,,,,,,\n"
        '"cy@example.org","a\nb",Nothing,,,,\n'
        "ada@EXAMPLE.org,,,,,,\n"
        "dan@example.org,,,xx,,,\n"
        "eve@example.org,,,,unsubscribed,,\n"
        "fay@example.org,,,,,22:00,\n"
        "gil@example.org,,,,,25:00,07:00\n"
    )
    found = read(page, text)

    assert [one.who.address for one in found.new] == ["ada@example.org"]
    assert found.known == ["BOB@example.org"]
    assert [one.line for one in found.problems] == [5, 7, 8, 9, 10, 11, 12]
    said = [one.message for one in found.problems]
    assert "no line" not in " ".join(said)
    assert "name@example.org" in said[0]
    assert "“Nothing”" in said[1]
    assert said[2] == "This address is in line 2 already."
    assert "“xx”" in said[3]
    assert "unsubscribed" in said[4]
    assert "25:00" in said[6]


def test_what_was_looked_at_is_what_is_added_and_nobody_is_written_to(
    page: StatusPage, component: Component, subscribed: Add, mail: Sink
) -> None:
    create_group(page, ACTOR, name="Core")
    text = "address;components;groups;maintenance;digest_at\nada@example.org;API;Core;no;08:00\n"
    found = read(page, text)
    deliver()

    assert import_confirmed(page, found.new, ACTOR, "From the former page") == 1
    assert not OutboxItem.objects.filter(topic=NOTIFY).exists()

    ada = Subscriber.objects.get()
    assert (ada.state, ada.scope, ada.wants_maintenance) == (SubscriberState.ACTIVE, Scope.COMPONENTS, False)
    assert (ada.consent_source, ada.consent_note) == (ConsentSource.IMPORT, "From the former page")
    assert [one.name for one in ada.components.all()] == ["API"]
    assert [one.name for one in ada.groups.all()] == ["Core"]
    assert str(ada.digest_at) == "08:00:00"
    event = Event.objects.get(object_id=ada.pk)
    assert (event.name, event.facts["subscriber"]["components"]) == ("subscriber.imported", [component.pk])
    assert "ada@" not in str(event.facts)
    assert not Delivery.objects.exists()


def test_who_was_imported_is_told_of_what_comes_then(page: StatusPage, mail: Sink) -> None:
    opened(page, name="Before")
    import_confirmed(page, read(page, "address\nada@example.org\n").new, ACTOR, "Asked on paper")
    opened(page, name="After")
    deliver()

    assert [one["Subject"] for one in mail.mail("ada@example.org")] == ["Investigating: After"]


def test_who_has_left_or_come_since_the_table_was_looked_at_keeps_everything(
    page: StatusPage, subscribed: Add
) -> None:
    found = read(page, "address,maintenance\nada@example.org,yes\nbob@example.org,yes\n")
    ada = subscribed("ada", wants_maintenance=False)
    unsubscribe(page, ada, ACTOR)
    before = Subscriber.objects.filter(pk=ada.pk).values().get()

    assert import_confirmed(page, found.new, ACTOR, "note") == 1
    assert Subscriber.objects.filter(pk=ada.pk).values().get() == before
    assert import_confirmed(page, found.new, ACTOR, "note") == 0
    assert not Event.objects.filter(name="subscriber.imported", object_id=ada.pk).exists()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "first line"),
        (b"name\nada@example.org\n", "first line"),
        ("address\n\xe4@x\n".encode("latin-1"), "UTF-8"),
        (b"address\n" + b"x" * LARGEST, "too large"),
        (b"address\n" + b"a@b.example\n" * (MOST + 1), "too long"),
        (b'address\n"ada@example.org"x\n', "Line 2"),
    ],
)
def test_what_is_no_such_table_is_refused_in_words(page: StatusPage, content: bytes, said: str) -> None:
    with pytest.raises(Refused) as refused:
        read(page, text_of(content))
    assert said in refused.value.message


def test_nobody_is_added_without_a_word_on_their_consent(page: StatusPage) -> None:
    with pytest.raises(Refused):
        import_confirmed(page, read(page, "address\nada@example.org\n").new, ACTOR, "  ")
    assert not Subscriber.objects.exists()


def test_ten_thousand_are_added_in_seconds(page: StatusPage) -> None:
    number = 10_000 if THOROUGH else 2_500
    text = "address\n" + "".join(f"p{n}@example.org\n" for n in range(number))

    def add() -> None:
        assert import_confirmed(page, read(page, text).new, ACTOR, "note") == number

    assert work(add, times=1) < 20 * number / 10_000
    assert Subscriber.objects.count() == Event.objects.filter(name="subscriber.imported").count() == number


def test_a_written_table_has_every_column_and_no_formulas(page: StatusPage, subscribed: Add) -> None:
    ada = subscribed("ada")
    tricks = ["=1+1", "+1", "-1", "@x", "\t=1", "plain", "'quoted"]
    for number, trick in enumerate(tricks):
        subscribed(f"p{number}")
        Subscriber.objects.filter(address=f"p{number}@example.org").update(label=trick)
    Subscriber.objects.filter(pk=ada.pk).update(label='a "quoted", one', time_zone="Asia/Tokyo")
    found = {row["address"]: row for row in rows()}

    assert list(found["ada@example.org"]) == COLUMNS
    assert (found["ada@example.org"]["label"], found["ada@example.org"]["state"]) == (
        'a "quoted", one',
        "active",
    )
    assert found["ada@example.org"]["time_zone"] == "Asia/Tokyo"
    assert not [row for row in found.values() for cell in row.values() if cell[:1] in set("=+-@\t\r")]


def test_what_is_taken_away_can_be_brought_in_again(
    page: StatusPage, component: Component, subscribed: Add
) -> None:
    ada = subscribed(
        "ada", scope=Scope.COMPONENTS, component_ids=frozenset([component.pk]), min_impact="major"
    )
    Subscriber.objects.filter(pk=ada.pk).update(label="'=Ada", quiet_from="22:00", quiet_until="07:30")
    table = written()
    before = rows()
    Subscriber.objects.all().delete()

    found = read(page, text_of(table.encode()))
    assert found.problems == []
    import_confirmed(page, found.new, ACTOR, "Moved")
    new = {"id", "consent_source", "consent_note", "created_at", "confirmed_at"}
    assert [{name: row[name] for name in row if name not in new} for row in rows()] == [
        {name: row[name] for name in row if name not in new} for row in before
    ]


def test_every_row_is_written_once_however_many_steps_it_takes(
    page: StatusPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("subscribers.table._STEP", 7)
    text = "address\n" + "".join(f"p{n}@example.org\n" for n in range(20))
    import_confirmed(page, read(page, text).new, ACTOR, "note")
    lines, after = "", ""
    while True:
        some, after = step(Subscriber.objects.all(), after)
        if not after:
            break
        lines += some
    assert len(lines.splitlines()) == len(set(lines.splitlines())) == 20

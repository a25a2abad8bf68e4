"""Static files at app hosts, which the admin needs."""

from __future__ import annotations

from django.conf import settings
from django.test import Client

PATH = "admin_extra/admin.css"
CONTENT = (settings.BASE_DIR / "static" / PATH).read_bytes()


def client() -> Client:
    return Client(headers={"host": "localhost"})


def test_a_file_comes_whole_and_in_one_piece() -> None:
    answer = client().get(f"/static/{PATH}")

    assert not answer.streaming
    assert answer.content == CONTENT
    assert answer["Content-Length"] == str(len(CONTENT))
    assert answer["Content-Type"].startswith("text/css")


def test_a_part_of_a_file_comes_where_it_is_asked_for() -> None:
    answer = client().get(f"/static/{PATH}", headers={"range": "bytes=10-19"})

    assert (answer.status_code, answer.content) == (206, CONTENT[10:20])


def test_a_file_that_is_known_already_does_not_come_again() -> None:
    known = client().get(f"/static/{PATH}")["Last-Modified"]
    answer = client().get(f"/static/{PATH}", headers={"if-modified-since": known})

    assert (answer.status_code, answer.content) == (304, b"")
